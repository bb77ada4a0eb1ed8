"""OWASP Dependency-Check's XML: vulnerabilities in the libraries of a project."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

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
from threatweaver_exposure.engine.reading.components import unversioned
from threatweaver_exposure.engine.reading.packages import (
    check_id,
    ghsa,
    rated,
    refuse_others,
    scored,
    urls,
)
from threatweaver_exposure.engine.reading.words import cves, cwes, place, purl
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

_ROOT = "analysis"
_VERSION = re.compile(r"[-_:@]\d+(?:\.\d+)*(?=[.:]|$)")
_INDENT = re.compile(r"\s*\n[ \t]+")  # of reports that somebody has indented
_V1 = {  # before version 5
    "cvssAccessVector": "AV",
    "cvssAccessComplexity": "AC",
    "cvssAuthenticationr": "Au",
    "cvssConfidentialImpact": "C",
    "cvssIntegrityImpact": "I",
    "cvssAvailabilityImpact": "A",
}
_V2 = {
    "accessVector": "AV",
    "accessComplexity": "AC",
    "authenticationr": "Au",
    "confidentialImpact": "C",
    "confidentialityImpact": "C",  # since version 10
    "integrityImpact": "I",
    "availabilityImpact": "A",
}
_V3 = {
    "attackVector": "AV",
    "attackComplexity": "AC",
    "privilegesRequired": "PR",
    "userInteraction": "UI",
    "scope": "S",
    "confidentialityImpact": "C",
    "integrityImpact": "I",
    "availabilityImpact": "A",
}


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report; what its users suppressed is left out."""
    yield Asset(0, "")
    yield Coverage(None)  # every vulnerability is looked up for every library
    known, failed = set[str](), False
    for element in children(stream, _ROOT, "dependencies"):
        match element.tag:
            case "scanInfo":
                failed = element.find("analysisExceptions/exception") is not None
            case "projectInfo":
                yield _asset(element, failed=failed)
            case "dependency":
                yield from _dependency(element, known)
    if not known:
        refuse_others(stream, detects)


def _asset(project: Element, *, failed: bool) -> Asset:
    name = (text_of(project, "name") or text_of(project, "artifactID"))[:1000]
    # an analyzer that failed did not find what it would have found
    ended = None if failed else read_time(text_of(project, "reportDate")) or UNDATED
    return Asset(0, name, identifiers=(("application", name),) if name else (), finished_at=ended)


def _dependency(dependency: Element, known: set[str]) -> Iterator[Record]:
    package = text_of(dependency, "identifiers//package/id")
    where = place(_package(dependency, package), _holder(dependency))
    for vulnerability in dependency.iterfind("vulnerabilities/vulnerability"):
        check = check_id(text_of(vulnerability, "name"))
        scores = _scores(vulnerability)
        if check not in known:
            known.add(check)
            yield _definition(check, vulnerability, scores)
        yield Finding(
            0,
            check,
            rated(scores, text_of(vulnerability, "severity")),
            output="\n".join(filter(None, (package, *_lines(dependency, vulnerability)))) or None,
            location=where,
        )


def _package(dependency: Element, package: str) -> str:
    """Return the package without its version: its URL, its name in Maven, or that of its file."""
    if package.startswith("pkg:"):
        return unversioned(package)
    group, _, rest = text_of(dependency, "identifiers/identifier[@type='maven']/name").partition(":")
    if rest:
        return purl("maven", rest.partition(":")[0], group)
    return _VERSION.sub("", text_of(dependency, "fileName").rpartition(": ")[2])


def _holder(dependency: Element) -> str:
    """Return what holds the package: the lockfile that names it, or the archives around it."""
    lockfile, mark, _ = text_of(dependency, "filePath").partition("?")
    return lockfile if mark else _VERSION.sub("", text_of(dependency, "fileName").rpartition(": ")[0])


def _lines(dependency: Element, vulnerability: Element) -> Iterator[str]:
    yield text_of(dependency, "fileName")
    yield text_of(dependency, "filePath")
    yield from (
        "".join(item.itertext()).strip() for item in dependency.iterfind("projectReferences/projectReference")
    )
    for software in vulnerability.iterfind("vulnerableSoftware/software"):
        if "true" in (software.get("vulnerabilityIdMatched"), software.get("matched")):
            limits = [f"{name} {value}" for name, value in software.items() if name.startswith("version")]
            yield " ".join(["matched", "".join(software.itertext()).strip(), *limits])


def _definition(check: str, vulnerability: Element, scores: dict[str, Any]) -> Definition:
    pages = ("".join(item.itertext()) for item in vulnerability.iterfind("references/reference/*"))
    weaknesses = [*vulnerability.iterfind("cwes/cwe"), *vulnerability.iterfind("cwe")]
    exploited = vulnerability.find("knownExploitedVulnerability") is not None
    return Definition(
        check,
        check,
        family="Dependencies",
        description=_INDENT.sub(" ", text_of(vulnerability, "description")),
        see_also=urls(*pages),
        cves=cves(check),
        cwes=cwes(*("".join(item.itertext()) for item in weaknesses)),
        kev=exploited or None,  # one that is not may come from a version that does not look
        references=ghsa(check),
        **scores,
    )


def _scores(vulnerability: Element) -> dict[str, Any]:
    found = scored(_vector(vulnerability, _V1), text_of(vulnerability, "cvssScore"), 2)
    for two in vulnerability.iterfind("cvssV2"):
        found |= scored(_vector(two, _V2), text_of(two, "score"), 2)
    for three in vulnerability.iterfind("cvssV3"):
        version = text_of(three, "version") or "3.1"
        found |= scored(f"CVSS:{version}/{_vector(three, _V3)}", text_of(three, "baseScore"), 3)
    for four in vulnerability.iterfind("cvssV4"):
        found |= scored(text_of(four, "vectorString"), text_of(four, "baseScore"), 4)
    return found


def _vector(holder: Element, metrics: Mapping[str, str]) -> str:
    """Return the vector whose metrics are elements, each with a word or its first letter."""
    said = ((metric, text_of(holder, name)[:1].upper()) for name, metric in metrics.items())
    return "/".join(f"{metric}:{letter}" for metric, letter in said if letter)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: the root element of many, with Dependency-Check's namespace."""
    return CERTAIN if root_of(head) == _ROOT and b"dependency-check" in head else 0


PARSER = ImportParser(
    name="dependency_check_xml", title="OWASP Dependency-Check XML", detects=detects, parse=parse
)
