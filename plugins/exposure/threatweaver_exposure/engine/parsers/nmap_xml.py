"""Nmap's XML: the open ports of hosts, each an informational finding."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_epoch
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.words import INFO, port_of
from threatweaver_exposure.engine.reading.xml_children import children, root_of

ROOT = "nmaprun"
_OPEN_PORT = "open-port"
_KINDS = {"ipv4": "ip", "ipv6": "ip", "mac": "mac"}


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Definition(_OPEN_PORT, "Open port", family="Port scan", synopsis="A service answers on this port.")
    number = 0
    for element in children(stream, ROOT):
        if element.tag == "host":
            number += 1
            yield from _host(number, element)


def _host(number: int, host: Element) -> Iterator[Record]:
    addresses = [
        (_KINDS.get(item.get("addrtype", ""), ""), item.get("addr", "")) for item in host.iterfind("address")
    ]
    names = [
        item.get("name", "") for item in host.iterfind("hostnames/hostname") if item.get("type") != "PTR"
    ]
    identifiers = [(kind, value) for kind, value in addresses if kind and value]
    identifiers += [("fqdn", name) for name in names if name]
    if not identifiers:
        return
    system = host.find("os/osmatch")
    yield Asset(
        number,
        next(iter(names), "") or identifiers[0][1],
        identifiers=tuple(identifiers),
        operating_system=system.get("name") if system is not None else None,
        started_at=read_epoch(host.get("starttime")),
        finished_at=read_epoch(host.get("endtime")),
    )
    for port in host.iterfind("ports/port"):
        state = port.find("state")
        if state is not None and state.get("state") == "open":
            yield _finding(number, port)


def _finding(number: int, port: Element) -> Finding:
    service = port.find("service")
    said = {} if service is None else dict(service.attrib)
    lines = [" ".join(filter(None, (said.get("product"), said.get("version"), said.get("extrainfo"))))]
    lines += [
        f"{script.get('id')}: {(script.get('output') or '').strip()}" for script in port.iterfind("script")
    ]
    return Finding(
        number,
        _OPEN_PORT,
        INFO,
        port=port_of(port.get("portid")),
        protocol=port.get("protocol") or "",
        service=said.get("name", ""),
        output="\n".join(filter(None, lines)) or None,
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="nmap_xml", title="Nmap XML", detects=detects, parse=parse)
