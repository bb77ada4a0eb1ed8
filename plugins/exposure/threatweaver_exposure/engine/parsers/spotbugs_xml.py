"""SpotBugs' XML, also with Find Security Bugs: flaws in Java classes."""

from collections.abc import Iterator
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
from threatweaver_exposure.engine.dates import read_epoch
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import HIGH, INFO, LOW, MEDIUM, cwes, place, plain
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

ROOT = "BugCollection"
_STATISTICS = ("FindBugsSummary", "FindBugsSummary/PackageStats", "ClassFeatures")  # of every class: large
_PRIORITIES = {"1": HIGH, "2": MEDIUM, "3": LOW}
_NAMED = ("Class", "Method", "Field", "LocalVariable")  # what tells two bugs of a type in one file apart


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Coverage(None)
    asset: Asset | None = None
    known = set()
    for element in children(stream, ROOT, *_STATISTICS):
        if asset is None:
            asset = _asset(element)
            yield asset
        check = check_id(element.get("type"))
        match element.tag:
            case "BugInstance":
                if check not in known:
                    known.add(check)
                    yield _definition(check, element)
                yield _finding(check, element)
            case "BugPattern" if (
                check in known
            ):  # only reports with messages describe the types, at their end
                yield _definition(check, element)
            case "Errors" if element.get("errors", "0") != "0":
                yield asset._replace(finished_at=None)  # a detector or class that failed was not looked at


def _asset(element: Element) -> Asset:
    """Return what the report is about, by the first element below the root."""
    name = element.get("projectName", "").strip() if element.tag == "Project" else ""
    root = next(element.iterancestors(ROOT))
    milliseconds = root.get("analysisTimestamp") or root.get("timestamp") or ""
    return Asset(
        0,
        name[:1000],
        identifiers=(("application", name),) if name else (),
        finished_at=read_epoch(milliseconds[:-3]) or UNDATED,
    )


def _definition(check: str, element: Element) -> Definition:
    """Return what a bug or a pattern says of its type."""
    return Definition(
        check,
        plain(text_of(element, "ShortDescription") or text_of(element, "ShortMessage")) or check,
        family=element.get("category", ""),
        description=plain(text_of(element, "Details")),
        cwes=cwes(element.get("cweid")),
    )


def _finding(check: str, bug: Element) -> Finding:
    line = bug.find("SourceLine")
    if line is None:
        line = bug.find("*/SourceLine")
    file, number = ("", "") if line is None else (line.get("sourcepath", ""), line.get("start", ""))
    names = [name for name in (_name(bug.find(kind)) for kind in _NAMED) if name]
    return Finding(
        0,
        check,
        _PRIORITIES.get(bug.get("priority", ""), INFO),
        output=evidence(
            spot(file, number),
            text_of(bug, "LongMessage"),
            " ".join(names),
            *(
                labeled(str(string.get("role", "text")), string.get("value"))
                for string in bug.iterfind("String")
            ),
            labeled("rank", bug.get("rank")),
        ),
        location=place(file, *names),
    )


def _name(element: Element) -> str:
    """Return how a class, method, field or variable is called."""
    if element is None:
        return ""
    named = ".".join(filter(None, (element.get("classname"), element.get("name"))))
    return f"{named}{element.get('signature', '')}" if element.tag == "Method" else named


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="spotbugs_xml", title="SpotBugs XML", detects=detects, parse=parse)
