"""A finished scan as others read it: JSON, SARIF 2.1.0, JUnit, HTML, HAR; functions of a `Result`."""

from collections.abc import Callable

from threatweaver_appsec.engine.reports import html, plain, sarif
from threatweaver_appsec.engine.reports.result import Result

FORMATS: dict[str, Callable[[Result], str]] = {
    "json": plain.to_json,
    "sarif": sarif.to_sarif,
    "html": html.to_html,
    "junit": plain.to_junit,
    "har": plain.to_har,
}
"""By the names that `--format` takes."""
