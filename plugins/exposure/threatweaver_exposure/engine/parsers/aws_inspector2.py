"""Amazon Inspector's JSON: vulnerable packages and code, and open ports, of resources in AWS."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from threatweaver.reports import CERTAIN, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading import aws
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.words import (
    INFO,
    cwes,
    first,
    links,
    mapping,
    number,
    place,
    probability,
    score,
    sequence,
    severity,
    severity_of_score,
)

_PACKAGE, _CODE, _NETWORK = (
    "packageVulnerabilityDetails",
    "codeVulnerabilityDetails",
    "networkReachabilityDetails",
)
_REACHABLE = "network-reachability"


class _Flaw(NamedTuple):
    """What differs by the type of a finding."""

    definition: Definition
    location: str = ""
    lines: tuple[str, ...] = ()
    port: int = 0
    protocol: str = ""


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Coverage(None)  # Inspector keeps looking at all of a resource
    resources = aws.Resources()
    known: set[str] = set()
    for _, value in items(stream, "findings.[]"):
        found = mapping(value)
        flaw = _flaw(found)
        if flaw is None:
            continue
        asset, new = resources.asset(found)
        if new is not None:
            yield new
        if flaw.definition.check not in known:
            known.add(flaw.definition.check)
            yield flaw.definition
        yield _finding(asset, found, flaw)


def _flaw(found: Mapping[str, Any]) -> _Flaw | None:
    if details := mapping(found.get(_PACKAGE)):
        return _package(found, details)
    if details := mapping(found.get(_CODE)):
        return _code(found, details)
    if _NETWORK in found:
        return _network(found, mapping(found.get(_NETWORK)))
    return None


def _package(found: Mapping[str, Any], details: Mapping[str, Any]) -> _Flaw:
    check = first(details.get("vulnerabilityId"), found.get("title"), _PACKAGE)[:200]
    location, lines = aws.packages(details.get("vulnerablePackages"))
    remedy, link = aws.advice(found)
    members = aws.scores([mapping(found.get("inspectorScoreDetails")).get("adjustedCvss")]) | aws.flaw(
        details
    )
    definition = Definition(
        check,
        check,
        description=first(found.get("description")),
        solution=remedy,
        epss_score=probability(mapping(found.get("epss")).get("score")),
        exploit_available=aws.exploited(found.get("exploitAvailable")),
        **members,
    )
    return _Flaw(definition._replace(see_also=links(link, definition.see_also)), location, tuple(lines))


def _code(found: Mapping[str, Any], details: Mapping[str, Any]) -> _Flaw:
    check = first(details.get("ruleId"), details.get("detectorId"), found.get("title"), _CODE)[:200]
    at = mapping(details.get("filePath"))
    path = first(at.get("filePath"), at.get("fileName"))
    remedy, link = aws.advice(found)
    definition = Definition(
        check,
        first(details.get("detectorName"), found.get("title"), check),
        description=first(found.get("description")),
        solution=remedy,
        see_also=links(link, details.get("referenceUrls")),
        cwes=cwes(*sequence(details.get("cwes"))),
    )
    return _Flaw(definition, place(path), (f"{path}:{at.get('startLine')}-{at.get('endLine')}",))


def _network(found: Mapping[str, Any], details: Mapping[str, Any]) -> _Flaw:
    ports = mapping(details.get("openPortRange"))
    begin = number(ports.get("begin"))
    remedy, link = aws.advice(found)
    return _Flaw(
        Definition(_REACHABLE, "Port is reachable from the network", solution=remedy, see_also=links(link)),
        port=int(begin) if begin is not None and 0 <= begin <= 65535 else 0,
        protocol=first(details.get("protocol")).lower(),
        lines=(f"ports {ports.get('begin')} to {ports.get('end')}", first(found.get("description"))),
    )


def _finding(asset: int, found: Mapping[str, Any], flaw: _Flaw) -> Finding:
    status = first(found.get("status")).lower()
    # UNTRIAGED is no severity: the vendor has not said one, but others may have given a score
    stated = severity(found.get("severity"), severity_of_score(score(found.get("inspectorScore"))))
    lines = (first(found.get("title")), *flaw.lines, status if status != "active" else "")
    return Finding(
        asset,
        flaw.definition.check,
        INFO if status == "closed" else stated,
        port=flaw.port,
        protocol=flaw.protocol,
        output="\n".join(filter(None, lines)) or None,
        location=flaw.location,
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: findings with an ARN of their own, or an empty list of them."""
    seen = peek(head)
    if seen.has("findings.[].findingArn") or seen.has("findings.[].inspectorScore"):
        return CERTAIN
    return 30 if seen.keys - {"", "nextToken"} == {"findings"} else 0


PARSER = ImportParser(name="aws_inspector2", title="Amazon Inspector JSON", detects=detects, parse=parse)
