"""CycloneDX as XML: a bill of materials with the vulnerabilities of its components."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.cyclonedx import SUBJECT, TIMESTAMP, Bill
from threatweaver_exposure.engine.reading.xml_children import root_of, text_of
from threatweaver_exposure.engine.reading.xml_named import name_of, named

_PARTS = ("metadata", "component", "vulnerability", "composition")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    bill = Bill()
    yield bill.asset()
    for element in named(stream, _PARTS):
        match name_of(element):
            case "metadata":
                yield bill.learns(TIMESTAMP, text_of(element, "{*}timestamp"))
                for subject in element.iterfind("{*}component"):
                    yield bill.learns(SUBJECT, _component(subject))
            case "component":
                yield from _within(bill, element)
            case "vulnerability":
                yield from bill.vulnerability(_flaw(element))
            case _:  # a composition only refers to vulnerabilities
                pass
    yield from bill.ends()


def _within(bill: Bill, element: Element) -> Iterator[Record]:
    """Take a component, those in it, and the vulnerabilities that old versions have inside of them."""
    for item in element.iter("{*}component"):
        component = _component(item)
        bill.component(component)
        for flaw in item.iterfind("{*}vulnerabilities/{*}vulnerability"):
            yield from bill.vulnerability(_flaw(flaw), within=component)


def _texts(element: Element, **paths: str) -> dict[str, Any]:
    return {name: text_of(element, path) for name, path in paths.items()}


def _component(element: Element) -> dict[str, Any]:
    said = _texts(element, group="{*}group", name="{*}name", version="{*}version", purl="{*}purl")
    return {**said, "type": element.get("type"), "bom-ref": element.get("bom-ref")}


def _flaw(element: Element) -> dict[str, Any]:
    said = _texts(
        element,
        id="{*}id",
        description="{*}description",
        detail="{*}detail",
        recommendation="{*}recommendation",
        workaround="{*}recommendations",  # of the extension
        published="{*}published",
        updated="{*}updated",
    )
    return {
        **said,
        "bom-ref": element.get("bom-ref"),
        "source": _source(element),
        "references": [
            {"id": text_of(item, "{*}id"), "source": _source(item)}
            for item in element.iterfind("{*}references/{*}reference")
        ],
        "ratings": [_rating(item) for item in element.iterfind("{*}ratings/{*}rating")],
        "cwes": [item.text for item in element.iterfind("{*}cwes/{*}cwe")],
        "advisories": [
            {"url": text_of(item, "{*}url") or item.text}
            for item in element.iterfind("{*}advisories/{*}advisory")
        ],
        "analysis": _texts(
            element,
            state="{*}analysis/{*}state",
            justification="{*}analysis/{*}justification",
            detail="{*}analysis/{*}detail",
        ),
        "affects": [_target(item) for item in element.iterfind("{*}affects/{*}target")]
        or [{"ref": element.get("ref")}],
        "properties": [
            {"name": item.get("name"), "value": item.text}
            for item in element.iterfind("{*}properties/{*}property")
        ],
    }


def _source(element: Element) -> dict[str, Any]:
    source = element.find("{*}source")
    said = _texts(element, name="{*}source/{*}name", url="{*}source/{*}url")
    return said if source is None or said["name"] else {**said, "name": source.get("name")}


def _rating(element: Element) -> dict[str, Any]:
    said = _texts(element, severity="{*}severity", method="{*}method", vector="{*}vector")
    return {
        **said,
        "source": _source(element),
        "score": text_of(element, "{*}score/{*}base") or text_of(element, "{*}score"),
    }


def _target(element: Element) -> dict[str, Any]:
    versions = element.iterfind("{*}versions/{*}version")
    paths = {"version": "{*}version", "range": "{*}range", "status": "{*}status"}
    return {"ref": text_of(element, "{*}ref"), "versions": [_texts(item, **paths) for item in versions]}


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: by its root and the namespace."""
    root = root_of(head).rpartition(":")[2]
    # zero bytes go, so that UTF-16 reads the same
    return CERTAIN if root == "bom" and b"http://cyclonedx.org/schema/bom" in head.replace(b"\0", b"") else 0


PARSER = ImportParser(name="cyclonedx_xml", title="CycloneDX XML", detects=detects, parse=parse)
