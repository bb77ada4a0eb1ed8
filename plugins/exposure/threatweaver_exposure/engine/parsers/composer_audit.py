"""`composer audit --format=json`: advisories on the packages of a PHP project."""

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
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.packages import check_id, ghsa, rated, refuse_others
from threatweaver_exposure.engine.reading.words import cves, first, links, mapping, place, purl, sequence


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose packages they are
    yield Coverage(None)  # every advisory is looked up for every package
    known = set[str]()
    for path, value in items(stream, "advisories.*", "unreachable-repositories.[]"):
        if path != "advisories.*":
            yield Asset(0, "")  # what that repository would have told is missing
            continue
        # PHP writes a list as an object once an item was taken out of it
        for advisory in value.values() if isinstance(value, dict) else sequence(value):
            if isinstance(advisory, dict):
                yield from _advisory(advisory, known)
    if not known:
        refuse_others(stream, detects)


def _advisory(advisory: Mapping[str, Any], known: set[str]) -> Iterator[Record]:
    check = check_id(
        advisory.get("advisoryId"), advisory.get("cve"), advisory.get("link"), advisory.get("title")
    )
    package, affected = first(advisory.get("packageName")), first(advisory.get("affectedVersions"))
    if check not in known:
        known.add(check)
        remote = [first(mapping(source).get("remoteId")) for source in sequence(advisory.get("sources"))]
        yield Definition(
            check,
            first(advisory.get("title"), check),
            family="Composer",
            synopsis=f"Affects {package} {affected}".strip(),
            see_also=links(advisory.get("link")),
            cves=cves(advisory.get("cve"), *remote),
            published_on=read_day(first(advisory.get("reportedAt"))),
            references=ghsa(*remote, advisory.get("link")),
        )
    yield Finding(
        0,
        check,
        rated({}, advisory.get("severity")),
        output=f"{package}, affected versions {affected}",
        location=place(purl("composer", package)),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: advisories by packages, or none and what only Composer says beside them."""
    seen = peek(head)
    if not seen.has("advisories"):
        return 0
    named = any(key.startswith("advisories.") and key.endswith(".advisoryId") for key in seen.keys)
    if named or seen.has("abandoned") or seen.has("ignored-advisories"):
        return CERTAIN
    return 60 if seen.keys == {"", "advisories"} else 0


PARSER = ImportParser(name="composer_audit", title="Composer audit JSON", detects=detects, parse=parse)
