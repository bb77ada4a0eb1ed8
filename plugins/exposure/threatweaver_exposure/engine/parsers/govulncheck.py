"""`govulncheck -json`: vulnerabilities in the modules of a Go program, with the calls that reach them."""

from collections.abc import Iterator, Mapping
from io import BytesIO
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
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.prolog import HEAD_SIZE
from threatweaver_exposure.engine.reading.json_items import PART_BYTES, items, peek
from threatweaver_exposure.engine.reading.osv_entries import definition, scores, words
from threatweaver_exposure.engine.reading.packages import check_id, rated, refuse_others
from threatweaver_exposure.engine.reading.words import first, mapping, place, purl, sequence


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose program it is
    yield Coverage(None)  # every vulnerability is looked up for every module
    ratings = dict[str, int]()
    for path, value in _messages(stream):
        message = mapping(value)
        if path.endswith("osv"):
            described = definition(message, "Go")
            ratings[described.check] = rated(scores(message), *words(message))
            yield described
        else:
            yield from _finding(message, ratings)
    if not ratings:
        refuse_others(stream, detects)


def _finding(message: Mapping[str, Any], ratings: dict[str, int]) -> Iterator[Record]:
    check = check_id(message.get("osv"))
    if check not in ratings:  # its entry may come later
        ratings[check] = rated({})
        yield Definition(check, check, family="Go")
    frames = [mapping(frame) for frame in sequence(message.get("trace"))]
    module = frames[0] if frames else {}
    fixed = first(message.get("fixed_version")) or "no version"
    label = f"{first(module.get('module'))} {first(module.get('version'))}, fixed in {fixed}"
    yield Finding(
        0,
        check,
        ratings[check],
        output="\n".join([label, *filter(None, map(_call, frames))]),
        location=place(purl("golang", module.get("module"))),
    )


def _call(frame: Mapping[str, Any]) -> str:
    names = (first(frame.get(part)) for part in ("package", "receiver", "function"))
    position = mapping(frame.get("position"))
    where = f" ({position.get('filename')}:{position.get('line')})" if position.get("filename") else ""
    return f"{'.'.join(filter(None, names))}{where}"


def _messages(stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Yield the messages that matter, of a list or as the tool writes them: one value after another."""
    if stream.read(HEAD_SIZE).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
        stream.seek(0)
        yield from items(stream, "[].osv", "[].finding")
        return
    stream.seek(0)
    for value in _values(stream):
        yield from items(BytesIO(value), "osv", "finding")


def _values(stream: BinaryIO) -> Iterator[bytes]:
    """Yield each of the objects that follow one another: inside of one no { comes on the line after a }."""
    value, ended = bytearray(), False
    while line := stream.readline(PART_BYTES):
        said = line.strip()
        if not said:
            continue
        if ended and said.startswith(b"{"):
            yield bytes(value)
            value.clear()
        value += line
        ended = said.endswith(b"}")
        if len(value) > PART_BYTES:
            raise ReportError(ReportFault.LIMIT, "one part of the report is too large")
    if value:
        yield bytes(value)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: its first message is how it was run."""
    seen = peek(head)
    if any(seen.has(f"{list_}config.protocol_version") for list_ in ("", "[].")):
        return CERTAIN
    return CERTAIN if any(seen.has(f"{list_}finding.osv") for list_ in ("", "[].")) else 0


PARSER = ImportParser(name="govulncheck", title="govulncheck JSON", detects=detects, parse=parse)
