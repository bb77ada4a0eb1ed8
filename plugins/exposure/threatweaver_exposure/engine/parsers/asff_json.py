"""AWS Security Finding Format (JSON): what Security Hub gathers from Amazon's products and others."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading import aws
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.words import (
    INFO,
    first,
    links,
    mapping,
    number,
    probability,
    sequence,
    severity,
    severity_of_score,
)

_FINDINGS = ("[]", "Findings.[]", "findings.[]", "detail.findings.[]")  # the last is an event of EventBridge
_OVER = ("ARCHIVED", "RESOLVED", "PASSED", "NOT_AVAILABLE")
_USUAL = ("", "ACTIVE", "NEW", "FAILED")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    resources = aws.Resources()
    known: set[str] = set()
    for _, value in items(stream, *_FINDINGS):
        found = aws.lowered(mapping(value))
        vulnerability = mapping(next(iter(sequence(found.get("vulnerabilities"))), None))
        check = _check(found, vulnerability)[:200]
        if not check:
            continue
        asset, new = resources.asset(found)
        if new is not None:
            yield new
        if check not in known:
            known.add(check)
            yield _definition(check, found, vulnerability)
        yield _finding(asset, check, found, vulnerability)
    # Several products report in this format: what another one's export lacks is not gone.
    yield Coverage(frozenset(known))


def _check(found: Mapping[str, Any], vulnerability: Mapping[str, Any]) -> str:
    compliance = mapping(found.get("compliance"))
    types = [first(text) for text in sequence(found.get("types"))]
    generator = first(found.get("generatorId"))
    # Who watches for threats names itself as the generator; what it saw is the type.
    named = (compliance.get("securityControlId"), generator) if compliance else (*types[:1], generator)
    return first(vulnerability.get("id"), *named, found.get("title"))


def _definition(check: str, found: Mapping[str, Any], vulnerability: Mapping[str, Any]) -> Definition:
    remedy, link = aws.advice(found)
    title = first(found.get("title"), check)
    definition = Definition(
        check,
        # titles name the packages and resources, but those of controls
        title if "compliance" in found else check.rpartition("/")[2] or check,
        family=first(
            found.get("productName"), mapping(found.get("productFields")).get("aws/securityhub/ProductName")
        ),
        description=first(found.get("description")),
        solution=remedy,
        epss_score=probability(vulnerability.get("epssScore")),
        exploit_available=aws.exploited(vulnerability.get("exploitAvailable")),
        **aws.flaw(vulnerability),
    )
    return definition._replace(see_also=links(link, found.get("sourceUrl"), definition.see_also))


def _finding(asset: int, check: str, found: Mapping[str, Any], vulnerability: Mapping[str, Any]) -> Finding:
    location, lines = aws.packages(vulnerability.get("vulnerablePackages"))
    compliance = mapping(found.get("compliance"))
    states = [
        first(found.get("recordState")),
        first(mapping(found.get("workflow")).get("status"), found.get("workflowState")),
        first(compliance.get("status")),
    ]
    told = (
        first(found.get("title")),
        *lines,
        " ".join(state.lower() for state in states if state not in _USUAL),
    )
    return Finding(
        asset,
        check,
        INFO if any(state in _OVER for state in states) else _severity(found),
        output="\n".join(filter(None, told)) or None,
        location=location,
    )


def _severity(found: Mapping[str, Any]) -> int:
    stated = mapping(found.get("severity"))
    normalized = number(stated.get("normalized"))
    # From 0 to 100, and its bands are those of CVSS times ten.
    by_number = severity_of_score(normalized / 10 if normalized is not None else None)
    return severity(stated.get("label"), by_number)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: findings with the members that each must have, or an empty list of them."""
    seen = peek(head)
    if any(seen.has(f"{at}.ProductArn", f"{at}.AwsAccountId") for at in _FINDINGS):
        return CERTAIN
    return 60 if seen.keys - {"", "NextToken"} == {"Findings"} else 0


PARSER = ImportParser(
    name="asff_json", title="AWS Security Finding Format (ASFF)", detects=detects, parse=parse
)
