"""CycloneDX as JSON: a bill of materials with the vulnerabilities of its components."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, ImportParser, Record
from threatweaver_exposure.engine.reading.components import sections
from threatweaver_exposure.engine.reading.cyclonedx import SUBJECT, TIMESTAMP, Bill
from threatweaver_exposure.engine.reading.json_items import peek
from threatweaver_exposure.engine.reading.words import mapping

_FORMAT = "bomFormat"
_COMPONENT, _FLAW = "components.[]", "vulnerabilities.[]"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    bill = Bill()
    yield bill.asset()
    for path, value in sections(stream, _FORMAT, TIMESTAMP, SUBJECT, _COMPONENT, _FLAW):
        if path == _COMPONENT:
            bill.component(mapping(value))
        elif path == _FLAW:
            yield from bill.vulnerability(mapping(value))
        elif path != _FORMAT:
            yield bill.learns(path, value)
    yield from bill.ends()


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: it names its format."""
    seen = peek(head)
    named = seen.values.get(_FORMAT) == "CycloneDX" or "cyclonedx.org" in str(seen.values.get("$schema"))
    return CERTAIN if named else 0


PARSER = ImportParser(name="cyclonedx_json", title="CycloneDX JSON", detects=detects, parse=parse)
