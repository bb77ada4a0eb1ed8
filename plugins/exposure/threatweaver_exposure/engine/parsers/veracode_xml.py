"""Veracode's detailed report (XML): flaws that static, dynamic and manual analysis found."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from threatweaver.reports import (
    CERTAIN,
    UNDATED,
    Asset,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    Record,
)
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import (
    CRITICAL,
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    cwes,
    host_and_port,
    path_of,
    place,
    plain,
)
from threatweaver_exposure.engine.reading.xml_children import children, root_of

ROOT = "detailedreport"
_CWE = "severity/category/cwe"
_CONTAINERS = (
    *("severity", "severity/category", _CWE),
    *(f"{_CWE}/{analysis}flaws" for analysis in ("static", "dynamic", "manual")),
    *("software_composition_analysis", "software_composition_analysis/vulnerable_components"),
)
_LEVELS = {"5": CRITICAL, "4": HIGH, "3": MEDIUM, "2": LOW, "1": LOW}


@dataclass(slots=True)
class _Texts:
    """What was said last above the flaws: of a category, and of a CWE in it."""

    solution: str = ""
    description: str = ""
    known: set[str] = field(default_factory=set)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report. The components that it lists with their CVEs are not among them."""
    yield Coverage(None)
    asset: Asset | None = None
    texts = _Texts()
    for element in children(stream, ROOT, *_CONTAINERS):
        if asset is None:
            asset = _asset(element)
            yield asset
        match element.tag:
            case "static-analysis" | "dynamic-analysis" | "manual-analysis":
                asset = _dated(asset, element)
                yield asset
            case "recommendations":
                texts.solution = _text(element)
            case "description":
                texts.description = _text(element)
            case "flaw":
                yield from _flaw(element, texts)


def _asset(element: Element) -> Asset:
    root = next(element.iterancestors(ROOT))
    sandbox = root.get("sandbox_name", "")  # a copy of the application with flaws of its own
    name = f"{root.get('app_name', '')} ({sandbox})" if sandbox else root.get("app_name", "")
    return Asset(
        0,
        name[:1000],
        identifiers=(("application", name),) if name else (),
        finished_at=read_time(root.get("generation_date")) or UNDATED,
    )


def _dated(asset: Asset, analysis: Element) -> Asset:
    """Return it with the time of an analysis, which is earlier than that of the report."""
    return asset._replace(
        started_at=read_time(analysis.get("submitted_date")) or asset.started_at,
        finished_at=read_time(analysis.get("published_date")) or asset.finished_at,
    )


def _text(element: Element) -> str:
    return plain("\n".join(node.get("text", "") for node in element.iter("*") if node.get("text")))


def _flaw(flaw: Element, texts: _Texts) -> Iterator[Record]:
    cwe = flaw.getparent().getparent()
    number = flaw.get("cweid") or cwe.get("cweid")
    check = check_id(f"CWE-{number}" if number else flaw.get("categoryname"))
    if check not in texts.known:
        texts.known.add(check)
        yield Definition(
            check,
            cwe.get("cwename") or flaw.get("categoryname") or check,
            family=flaw.get("categoryname", ""),
            description=texts.description,
            solution=texts.solution,
            cwes=cwes(check),
        )
    status = flaw.get("remediation_status", "")
    file = "/".join(
        part.strip("/") for part in (flaw.get("sourcefilepath", ""), flaw.get("sourcefile", "")) if part
    )
    yield Finding(
        0,
        check,
        INFO if status.lower() == "fixed" else _LEVELS.get(flaw.get("severity", ""), INFO),
        output=evidence(
            spot(file, flaw.get("line")),
            flaw.get("url"),
            labeled("parameter", flaw.get("vuln_parameter")),
            labeled("type", flaw.get("type")),
            labeled("module", flaw.get("module")),
            plain(flaw.get("description")),
            labeled("status", status),
            labeled("mitigation", flaw.get("mitigation_status_desc")),
        ),
        location=_place(flaw, file),
    )


def _place(flaw: Element, file: str) -> str:
    """Return where it is; its number stays from scan to scan, as Veracode promises."""
    url = flaw.get("url")
    where = f"{host_and_port(url)[0]}{path_of(url)}" if url else file
    told = f"#{flaw.get('issueid')}" if flaw.get("issueid") else flaw.get("functionprototype")
    return place(where, flaw.get("vuln_parameter"), told)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT and b"veracode" in head[:4096] else 0


PARSER = ImportParser(name="veracode_xml", title="Veracode detailed report XML", detects=detects, parse=parse)
