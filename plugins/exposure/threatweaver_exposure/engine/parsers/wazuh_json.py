"""Wazuh's JSON: vulnerable packages of agents, from its API (to 4.7) or its indexer (from 4.8)."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.network import known_by
from threatweaver_exposure.engine.reading.words import (
    cves,
    first,
    links,
    mapping,
    number,
    place,
    purl,
    score,
    severity,
    severity_of_score,
)

_API, _INDEXER = "data.affected_items.[]", "hits.hits.[]"
_TOTALS = ("data.total_affected_items", "hits.total.value")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    agents: dict[str, int] = {}
    known: set[str] = set()
    found, total = 0, 0.0
    for path, value in items(stream, _API, _INDEXER, *_TOTALS):
        if path in _TOTALS:
            total = number(value) or 0
            continue
        found += 1
        item = _of_indexer(mapping(mapping(value).get("_source"))) if path == _INDEXER else mapping(value)
        check = first(item.get("cve"), item.get("title"))[:200]
        if not check:
            continue
        agent = first(item.get("agent_id"), item.get("agent_name"))
        if agent not in agents:
            agents[agent] = len(agents)
            yield _asset(agents[agent], item)
        if check not in known:
            known.add(check)
            yield _definition(check, item)
        yield _finding(agents[agent], check, item)
    if found >= total:  # else it is one page of the answer
        yield Coverage(None)


def _of_indexer(source: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the indexer says in the words of the API."""
    flaw, package, agent = (mapping(source.get(name)) for name in ("vulnerability", "package", "agent"))
    scored = mapping(flaw.get("score"))
    return {
        "cve": flaw.get("id"),
        "description": flaw.get("description"),
        "severity": flaw.get("severity"),
        f"cvss{str(scored.get('version'))[:1]}_score": scored.get("base"),
        "published": flaw.get("published_at"),
        "external_references": str(flaw.get("reference") or "").replace(",", " "),
        "condition": mapping(flaw.get("scanner")).get("condition"),
        **{name: package.get(name) for name in ("name", "version", "architecture")},
        "package_type": package.get("type"),
        "agent_id": agent.get("id"),
        "agent_name": agent.get("name"),
        "agent_ip": mapping(agent.get("host")).get("ip"),
        "os": mapping(mapping(source.get("host")).get("os")).get("full"),
    }


def _asset(key: int, item: Mapping[str, Any]) -> Asset:
    """Return the agent; before 4.8 the report does not say which one it is about."""
    name, address = first(item.get("agent_name")), first(item.get("agent_ip"))
    return Asset(
        key,
        first(name, address, item.get("agent_id")),
        identifiers=known_by(name, ip=address),
        operating_system=first(item.get("os")) or None,
        finished_at=UNDATED,
    )


def _definition(check: str, item: Mapping[str, Any]) -> Definition:
    return Definition(
        check,
        check,
        description=first(item.get("description")),
        see_also=links(item.get("external_references")),
        cves=cves(check),
        # 0 stands for none
        cvss2_score=score(item.get("cvss2_score")) or None,
        cvss3_score=score(item.get("cvss3_score")) or None,
        cvss4_score=score(item.get("cvss4_score")) or None,
        published_on=read_day(first(item.get("published"))),
        modified_on=read_day(first(item.get("updated"))),
    )


def _finding(agent: int, check: str, item: Mapping[str, Any]) -> Finding:
    package = (
        f"{first(item.get('name'))} {first(item.get('version'))} {first(item.get('architecture'))}".strip()
    )
    scored = score(item.get("cvss3_score")) or score(item.get("cvss2_score"))
    return Finding(
        agent,
        check,
        severity(item.get("severity"), severity_of_score(scored)),
        output="\n".join(filter(None, (package, first(item.get("condition"))))) or None,
        location=place(purl(first(item.get("package_type")) or "generic", first(item.get("name")))),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: vulnerabilities of the API or the indexer, or an empty answer."""
    seen = peek(head)
    if seen.has("data.affected_items.[].cve", "data.affected_items.[].condition") or seen.has(
        "hits.hits.[]._source.vulnerability"
    ):
        return CERTAIN
    if seen.has("data.affected_items.[]") or seen.has("hits.hits.[]"):
        return 0  # it answers something else
    return 60 if seen.has("data.affected_items") else 30 if seen.has("hits.hits", "_shards") else 0


PARSER = ImportParser(name="wazuh_json", title="Wazuh JSON", detects=detects, parse=parse)
