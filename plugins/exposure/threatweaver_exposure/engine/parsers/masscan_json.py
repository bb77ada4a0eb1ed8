"""Masscan's JSON: open ports of addresses, each an informational finding."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_epoch
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.network import Hosts, known_by
from threatweaver_exposure.engine.reading.words import INFO, first, mapping, port_of, sequence

_OPEN_PORT = "open-port"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Definition(_OPEN_PORT, "Open port", family="Port scan", synopsis="A service answers on this port.")
    hosts = Hosts()
    for _, record in items(stream, "[]"):
        said = mapping(record)
        address = known_by(said.get("ip"))
        if not address:
            continue  # the last record may say only that the scan is over
        number, met = hosts.meet(address, seen=read_epoch(str(said.get("timestamp", ""))))
        yield from met
        for port in map(mapping, sequence(said.get("ports"))):
            if "port" in port and port.get("status", "open") == "open":
                yield _finding(number, port)
    yield from hosts.seen_later()


def _finding(number: int, port: Mapping[str, Any]) -> Finding:
    service = mapping(port.get("service"))  # another record of the port, if banners were asked for
    return Finding(
        number,
        _OPEN_PORT,
        INFO,
        port=port_of(port.get("port")),
        protocol=first(port.get("proto")),
        service=first(service.get("name")),
        output=first(service.get("banner"), port.get("reason")) or None,
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if peek(head).has("[].ip", "[].ports.[].port", "[].ports.[].proto") else 0


PARSER = ImportParser(name="masscan_json", title="Masscan JSON", detects=detects, parse=parse)
