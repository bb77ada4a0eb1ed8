"""SSLyze's JSON (from version 3) and XML (to version 2): what TLS servers do, from which the flaws follow."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from threatweaver.reports import CERTAIN, UNDATED, Asset, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.prolog import HEAD_SIZE
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.network import known_by
from threatweaver_exposure.engine.reading.sslyze_xml import results_of
from threatweaver_exposure.engine.reading.tls_flaws import (
    Results,
    definition_of,
    flaws,
    severity_of,
)
from threatweaver_exposure.engine.reading.words import first, host_and_port, mapping, port_of
from threatweaver_exposure.engine.reading.xml_children import children, root_of

_ROOT = "document"
_TARGETS = "server_scan_results"
_UNREACHED = "server_connectivity_errors.[]"
_DATES = ("date_scans_started", "date_scans_completed")


class _Target(NamedTuple):
    name: str
    address: str
    port: int
    results: Results
    started: datetime | None = None
    finished: datetime | None = UNDATED


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    root = root_of(stream.read(HEAD_SIZE))
    stream.seek(0)
    yield from _records(_from_xml(stream) if root == _ROOT else _from_json(stream))


def _records(targets: Iterable[_Target]) -> Iterator[Record]:
    known: set[str] = set()
    for number, target in enumerate(targets):
        yield Asset(
            number,
            first(target.name, target.address)[:1_000],
            known_by(target.name, target.address),
            started_at=target.started,
            finished_at=target.finished,
        )
        for check, output in flaws(target.results):
            if check not in known:
                known.add(check)
                yield definition_of(check)
            yield Finding(number, check, severity_of(check), target.port, "tcp", "", output or None)


def _from_json(stream: BinaryIO) -> Iterator[_Target]:
    times: dict[str, datetime | None] = {}
    for path, value in items(stream, *_DATES, f"{_TARGETS}.[]", _UNREACHED):
        if path in _DATES:
            times[path] = read_time(first(value))
        elif path == _UNREACHED:
            yield _unreached(first(mapping(value).get("server_string")))
        else:
            yield _target(mapping(value), *map(times.get, _DATES))


def _unreached(server: str) -> _Target:
    return _Target(host_and_port(server)[0], "", 0, {}, finished=None)


def _target(said: Mapping[str, Any], started: datetime | None, finished: datetime | None) -> _Target:
    server = mapping(said.get("server_location") or mapping(said.get("server_info")).get("server_location"))
    return _Target(
        first(server.get("hostname")),
        first(server.get("ip_address")),
        port_of(server.get("port")),
        _results(said),
        started,
        None if said.get("connectivity_status") == "ERROR" else finished or UNDATED,
    )


def _results(said: Mapping[str, Any]) -> Results:
    """Return the result of each command that ran to its end, in whichever version's place."""
    newer = mapping(said.get("scan_result"))
    found = {command: mapping(run).get("result") for command, run in newer.items()}
    return {
        command: made
        for command, made in (found or mapping(said.get("scan_commands_results"))).items()
        if made
    }


def _from_xml(stream: BinaryIO) -> Iterator[_Target]:
    for element in children(stream, _ROOT, "results", "invalidTargets"):
        if element.tag == "target":
            yield _element(element)
        elif element.tag == "invalidTarget":
            yield _unreached((element.text or "").strip())


def _element(target: Element) -> _Target:
    return _Target(
        target.get("host", ""), target.get("ip", ""), port_of(target.get("port")), results_of(target)
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    found = peek(head).has(_TARGETS) or (root_of(head) == _ROOT and b"SSLyze" in head.replace(b"\0", b""))
    return CERTAIN if found else 0


PARSER = ImportParser(name="sslyze", title="SSLyze", detects=detects, parse=parse)
