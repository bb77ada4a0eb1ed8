"""A finished scan as others read it: JSON, SARIF 2.1.0, JUnit, HTML, HAR, PDF; functions of a `Result`."""

from collections.abc import Callable
from typing import BinaryIO

from threatweaver_appsec.engine.reports import html, plain, sarif
from threatweaver_appsec.engine.reports.result import Result


def write_pdf(result: Result, file: BinaryIO) -> None:
    """Write the report as PDF. Its library is loaded by the first one: few processes ever write any."""
    from threatweaver_appsec.engine.reports import pdf

    pdf.write(result, file)


FORMATS: dict[str, Callable[[Result], str]] = {
    "json": plain.to_json,
    "sarif": sarif.to_sarif,
    "html": html.to_html,
    "junit": plain.to_junit,
    "har": plain.to_har,
}
"""Texts, by the names that `--format` takes."""

FILES: dict[str, Callable[[Result, BinaryIO], None]] = {"pdf": write_pdf}
"""What is written to a file, by the same."""
