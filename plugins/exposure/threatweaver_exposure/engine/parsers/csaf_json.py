"""CSAF 2: a vendor's security advisory or VEX document, which says what its products are affected by."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_day, read_time
from threatweaver_exposure.engine.reading.components import others, scores, sections
from threatweaver_exposure.engine.reading.json_items import peek
from threatweaver_exposure.engine.reading.words import (
    INFO,
    MEDIUM,
    cves,
    cwes,
    first,
    links,
    mapping,
    score,
    sequence,
    severity,
    severity_of_score,
)

_TITLE, _ID, _RELEASED = "document.title", "document.tracking.id", "document.tracking.current_release_date"
_FLAW = "vulnerabilities.[]"
_PRODUCTS = (  # branches of branches: vendor, product, version, architecture, and what else there is
    "product_tree.full_product_names.[]",
    "product_tree.relationships.[].full_product_name",
    *(f"product_tree.{'branches.[].' * depth}product" for depth in range(1, 13)),
)
_OPEN = ("known_affected", "first_affected", "last_affected", "under_investigation")
_SETTLED = ("fixed", "first_fixed", "known_not_affected")
_CVSS = ("cvss_v4", "cvss_v3", "cvss_v2")
_MOST_NAMES = 50  # of products in the output of a finding


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report; it is no scan, so nothing is gone that it does not name."""
    about: dict[str, str] = {}
    products: dict[str, str] = {}
    yield Asset(0, "", finished_at=UNDATED)
    known = set()
    for path, value in sections(stream, _TITLE, _ID, _RELEASED, *_PRODUCTS, _FLAW):
        if path in _PRODUCTS:
            product = mapping(value)
            products[first(product.get("product_id"))] = first(product.get("name"))
        elif path != _FLAW:
            about[path] = first(value)
        else:
            flaw = mapping(value)
            check = _check(flaw)
            if check not in known:
                known.add(check)
                yield _definition(check, flaw)
            yield _finding(check, flaw, products)
    yield _asset(about, products)


def _asset(about: Mapping[str, str], products: Mapping[str, str]) -> Asset:
    """Return the one product that a document is about; else the document itself stands for its products."""
    only = next(iter(products.values())) if len(products) == 1 else ""
    identity = only or about.get(_ID, "") or about.get(_TITLE, "")
    return Asset(
        0,
        only or about.get(_TITLE, "") or identity,
        identifiers=(("application", identity),) if identity else (),
        finished_at=read_time(about.get(_RELEASED)) or UNDATED,
    )


def _check(flaw: Mapping[str, Any]) -> str:
    ids = (mapping(item).get("text") for item in sequence(flaw.get("ids")))
    return first(flaw.get("cve"), *ids, flaw.get("title"), "unknown")[:200]


def _definition(check: str, flaw: Mapping[str, Any]) -> Definition:
    parts = {
        key: [mapping(item) for item in sequence(flaw.get(key))]
        for key in ("notes", "remediations", "references", "cwes", "ids")
    }
    weaknesses = (mapping(flaw.get("cwe")).get("id"), *(item.get("id") for item in parts["cwes"]))
    return Definition(
        check,
        first(flaw.get("title"), check),
        description="\n\n".join(filter(None, (first(item.get("text")) for item in parts["notes"]))),
        solution="\n\n".join(filter(None, (first(item.get("details")) for item in parts["remediations"]))),
        see_also=links(*(item.get("url") for key in ("references", "remediations") for item in parts[key])),
        cves=cves(flaw.get("cve")),
        cwes=cwes(*weaknesses),
        published_on=read_day(first(flaw.get("release_date"), flaw.get("disclosure_date"))),
        references=others(check, *(item.get("text") for item in parts["ids"])),
        **scores(*((item.get("vectorString"), item.get("baseScore")) for item in _ratings(flaw))),
    )


def _ratings(flaw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what CVSS says, newer versions first: in `scores` of CSAF 2.0, in `metrics` of 2.1."""
    rated = [mapping(item) for item in sequence(flaw.get("scores"))]
    rated += [mapping(mapping(item).get("content")) for item in sequence(flaw.get("metrics"))]
    for version in _CVSS:
        yield from (mapping(item[version]) for item in rated if version in item)


def _severity(flaw: Mapping[str, Any]) -> int:
    status = mapping(flaw.get("product_status"))
    if any(map(status.get, _SETTLED)) and not any(map(status.get, _OPEN)):
        return INFO
    said = [severity(item["baseSeverity"]) for item in _ratings(flaw) if first(item.get("baseSeverity"))]
    bases = (score(item.get("baseScore")) for item in _ratings(flaw))
    banded = [severity_of_score(base) for base in bases if base is not None]
    threats = (mapping(item) for item in sequence(flaw.get("threats")))
    impacts = [severity(item.get("details"), -1) for item in threats if item.get("category") == "impact"]
    return next((max(found) for found in (said, banded, impacts) if found and max(found) >= INFO), MEDIUM)


def _finding(check: str, flaw: Mapping[str, Any], products: Mapping[str, str]) -> Finding:
    lines = []
    for status, ids in mapping(flaw.get("product_status")).items():
        names = [products.get(item, item) for item in sequence(ids) if isinstance(item, str)]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        lines.append(f"{status}: {', '.join(names[:_MOST_NAMES])}{more}")
    lines += [f"justification: {first(mapping(item).get('label'))}" for item in sequence(flaw.get("flags"))]
    lines += [first(mapping(item).get("details")) for item in sequence(flaw.get("threats"))]
    # a document has each vulnerability once, so that it needs no place in it
    return Finding(0, check, _severity(flaw), output="\n".join(filter(None, lines)) or None)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: it names its version or a category of CSAF."""
    seen = peek(head)
    category = str(seen.values.get("document.category"))
    return CERTAIN if seen.has("document.csaf_version") or category.startswith("csaf_") else 0


PARSER = ImportParser(name="csaf_json", title="CSAF JSON", detects=detects, parse=parse)
