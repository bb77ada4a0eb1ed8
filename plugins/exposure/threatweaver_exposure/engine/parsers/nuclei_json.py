"""Nuclei's JSON, as lines or as one list: what templates matched on hosts and web applications."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.json_items import items, lines, peek
from threatweaver_exposure.engine.reading.web import (
    Sites,
    at,
    hrefs,
    rated,
    read_moment,
    rule,
    served,
)
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    mapping,
    number,
    path_of,
    place,
    plain,
    port_of,
    sequence,
    severity,
)

_BLANK = b"\xef\xbb\xbf \t\r\n"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known, last = Sites(), set[str](), None
    for match in _matches(stream):
        # A report says when each match was found, and not when the scan ended: the last comes closest.
        moment = read_moment(match.get("timestamp"))
        if moment is not None:
            sites.started_at = min(sites.started_at or moment, moment)
            sites.finished_at = last = max(last or moment, moment)
        target = first(match.get("host"), _matched(match), match.get("ip"))
        yield from sites.seen(target, match.get("ip"))
        check = rule(match.get("template-id"), match.get("templateID"))
        if check not in known:
            known.add(check)
            yield _definition(check, match)
        yield _finding(sites.number(target), check, match)
    yield from sites.again()


def _matches(stream: BinaryIO) -> Iterator[Mapping[str, Any]]:
    listed = stream.read(4096).lstrip(_BLANK).startswith(b"[")
    stream.seek(0)
    values = (value for _, value in items(stream, "[]")) if listed else lines(stream)
    return (value for value in values if isinstance(value, dict))


def _matched(match: Mapping[str, Any]) -> str:
    return first(match.get("matched-at"), match.get("matched"), match.get("url"))


def _definition(check: str, match: Mapping[str, Any]) -> Definition:
    info = mapping(match.get("info"))
    said = mapping(info.get("classification"))
    scores = rated(said.get("cvss-metrics"))
    if "cvss2_score" not in scores:
        scores |= rated(cvss3=said.get("cvss-score"))
    epss = number(said.get("epss-score"))
    return Definition(
        check,
        first(info.get("name"), check),
        family=first(match.get("type")),
        description="\n\n".join(filter(None, (plain(info.get(name)) for name in ("description", "impact")))),
        solution=plain(info.get("remediation")),
        see_also=hrefs(info.get("reference"), match.get("template-url")),
        cves=cves(said.get("cve-id"), check),
        cwes=cwes(*_list(said.get("cwe-id"))),
        epss_score=epss if epss is not None and 0 <= epss <= 1 else None,
        kev=True if "kev" in _list(info.get("tags")) else None,
        **scores,
    )


def _list(value: object) -> list[str]:
    """Return the words of a list, which older versions write with commas between them."""
    said = value.split(",") if isinstance(value, str) else sequence(value)
    return [word.strip() for word in said if isinstance(word, str)]


def _finding(asset: int, check: str, match: Mapping[str, Any]) -> Finding:
    matched = _matched(match)
    named = first(match.get("matcher-name"), match.get("matcher_name"))
    extracted = sequence(match.get("extracted-results", match.get("extracted_results")))
    told = [matched, named, *(first(item) for item in extracted), first(match.get("curl-command"))]
    where = at(matched)
    return Finding(
        asset,
        check,
        severity(mapping(match.get("info")).get("severity")),
        **(where if where["port"] else served(port_of(match.get("port")))),
        output="\n".join(filter(None, told)) or None,
        location=place(
            first(match.get("fuzzing_method")),
            path_of(matched) if "://" in matched or matched.startswith("/") else "",
            first(match.get("fuzzing_parameter")),
            named,
            first(match.get("extractor-name")),
        ),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one; a scan that found nothing leaves an empty file."""
    if not head.strip(_BLANK):
        return 10
    seen = peek(head)
    names = (f"{prefix}{name}" for prefix in ("", "[].") for name in ("template-id", "templateID"))
    return CERTAIN if any(map(seen.has, names)) else 0


PARSER = ImportParser(name="nuclei_json", title="Nuclei JSON", detects=detects, parse=parse)
