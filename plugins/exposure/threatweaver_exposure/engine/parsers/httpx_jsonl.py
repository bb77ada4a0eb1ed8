"""httpx's JSON lines: URLs that answered, each an informational finding."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.json_items import lines, peek
from threatweaver_exposure.engine.reading.network import Hosts, known_by
from threatweaver_exposure.engine.reading.words import (
    INFO,
    first,
    host_and_port,
    mapping,
    path_of,
    place,
    port_of,
    sequence,
)

_ANSWER = "http-answer"
_SHOWN = ("status_code", "title", "webserver", "content_type", "content_length", "location")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Definition(
        _ANSWER, "Web server answers", family="Web", synopsis="A web server answers at this URL."
    )
    hosts = Hosts()
    for line in lines(stream):
        said = mapping(line)
        name, port = host_and_port(said.get("url"))
        if not name or said.get("failed") is True:
            continue
        number, met = hosts.meet(
            known_by(name, said.get("host")), seen=read_time(first(said.get("timestamp")))
        )
        yield from met
        yield _finding(number, port, said)
    yield from hosts.seen_later()


def _finding(number: int, port: int, said: Mapping[str, Any]) -> Finding:
    shown = [f"{name}: {said[name]}" for name in _SHOWN if said.get(name) not in (None, "")]
    used = ", ".join(str(name) for name in sequence(said.get("tech")))
    return Finding(
        number,
        _ANSWER,
        INFO,
        port=port_of(said.get("port")) or port,
        protocol="tcp",
        service=first(said.get("scheme")),
        output="\n".join((first(said.get("url")), *shown, *([f"technologies: {used}"] if used else []))),
        location=place(said.get("method"), path_of(said.get("url"))),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    seen = peek(head.lstrip(b"\xef\xbb\xbf \r\n\t").partition(b"\n")[0])
    return CERTAIN if seen.has("timestamp", "input", "url", "failed") and not seen.has("template-id") else 0


PARSER = ImportParser(name="httpx_jsonl", title="httpx JSON lines", detects=detects, parse=parse)
