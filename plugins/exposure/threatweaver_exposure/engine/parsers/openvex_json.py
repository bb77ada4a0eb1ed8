"""OpenVEX: statements on whether products are affected by vulnerabilities."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import unquote

from threatweaver.reports import CERTAIN, UNDATED, Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.components import others, sections, unversioned
from threatweaver_exposure.engine.reading.json_items import peek
from threatweaver_exposure.engine.reading.words import (
    INFO,
    MEDIUM,
    cves,
    first,
    links,
    mapping,
    place,
    sequence,
)

_CONTEXT, _STATEMENT, _TIMES = "@context", "statements.[]", ("timestamp", "last_updated")
_SETTLED = {"not_affected", "fixed"}
_SAID = ("status", "justification", "impact_statement", "action_statement", "status_notes")
_REGISTRY = re.compile(r"[?&]repository_url=([^&#]+)")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report; it is no scan, so nothing is gone that it does not name."""
    numbers: dict[tuple[str, str], int] = {}
    known = set()
    ended = UNDATED
    for path, value in sections(stream, _CONTEXT, *_TIMES, _STATEMENT):
        if path in _TIMES:
            ended = read_time(first(value)) or ended
        elif path == _STATEMENT:
            statement = mapping(value)
            products = [*_references(statement.get("products"))]
            subject = _subject(products[0]) if products else ("", "")
            if subject not in numbers:
                numbers[subject] = len(numbers)
                identifiers = (subject,) if subject[1] else ()
                yield Asset(numbers[subject], subject[1], identifiers=identifiers, finished_at=ended)
            check = _name(statement.get("vulnerability"))
            if check not in known:
                known.add(check)
                yield _definition(check, mapping(statement.get("vulnerability")))
            yield _finding(numbers[subject], check, statement, products)


def _reference(item: object) -> str:
    """Return what a product or component is known by: a text in the first version, an object since."""
    said = mapping(item)
    return first(item, mapping(said.get("identifiers")).get("purl"), said.get("@id"))


def _references(listed: object) -> Iterator[str]:
    yield from filter(None, map(_reference, sequence(listed)))


def _subject(product: str) -> tuple[str, str]:
    found = unversioned(product)
    if found.startswith(("pkg:oci/", "pkg:docker/")):
        registry = _REGISTRY.search(product)
        return "image", unquote(registry[1]) if registry else found.partition("/")[2]
    return "application", found or product


def _name(vulnerability: object) -> str:
    said = mapping(vulnerability)
    return first(vulnerability, said.get("name"), said.get("@id"), "unknown")[:200]


def _definition(check: str, vulnerability: Mapping[str, Any]) -> Definition:
    aliases = [first(item) for item in sequence(vulnerability.get("aliases"))]
    return Definition(
        check,
        check,
        description=first(vulnerability.get("description")),
        see_also=links(vulnerability.get("@id")),
        cves=cves(check, *aliases),
        references=others(check, *aliases),
    )


def _finding(number: int, check: str, statement: Mapping[str, Any], products: list[str]) -> Finding:
    listed = (mapping(item) for item in sequence(statement.get("products")))
    parts = [part for item in listed for part in _references(item.get("subcomponents"))]
    lines = [f"{key}: {first(statement[key])}" for key in _SAID if first(statement.get(key))]
    return Finding(
        number,
        check,
        # a statement says whether, not how badly
        INFO if first(statement.get("status")) in _SETTLED else MEDIUM,
        output="\n".join((*lines, *products, *parts)) or None,
        location=place(*sorted({unversioned(item) or item for item in (*products[1:], *parts)})),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: by the context that it names."""
    return CERTAIN if "openvex.dev" in str(peek(head).values.get(_CONTEXT)) else 0


PARSER = ImportParser(name="openvex_json", title="OpenVEX", detects=detects, parse=parse)
