"""The JSON of ffuf: paths, names or values that a web server answered to, each an informational finding."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, at, read_moment
from threatweaver_exposure.engine.reading.words import INFO, first, mapping, path_of, place

_CHECK = "content-discovered"
_OWN = "FFUFHASH"  # an input that ffuf adds by itself


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites = Sites()
    yield Definition(
        _CHECK,
        "Content discovered",
        family="Content discovery",
        synopsis="The web server answered to a guessed path, name or value.",
    )
    for path, value in items(stream, "time", "results.[]"):
        if path == "time":
            sites.finished_at = read_moment(value) or UNDATED
            yield from sites.again()
        elif isinstance(value, dict):
            yield from sites.seen(value.get("url"))
            yield _finding(sites, value)


def _finding(sites: Sites, result: Mapping[str, Any]) -> Finding:
    url = first(result.get("url"))
    # What was tried elsewhere than in the path, as in a header, is what tells one result from another.
    tried = [f"{name}={value}" for name, value in mapping(result.get("input")).items() if name != _OWN]
    path = path_of(url)
    lines = [
        f"{url}, status {result.get('status')}, {result.get('length')} bytes, {result.get('words')} words",
        first(result.get("content-type")),
        f"Redirects to {result['redirectlocation']}" if result.get("redirectlocation") else "",
        *tried,
    ]
    return Finding(
        sites.number(url),
        _CHECK,
        INFO,
        **at(url),
        output="\n".join(filter(None, lines)),
        location=place(path, *(pair for pair in tried if pair.partition("=")[2] not in path)),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: its command line, or what only its results have."""
    seen = peek(head)
    called = "ffuf" in str(seen.values.get("commandline")) and seen.has("results")
    return CERTAIN if called or seen.has("results.[].redirectlocation", "results.[].input") else 0


PARSER = ImportParser(name="ffuf_json", title="ffuf JSON", detects=detects, parse=parse)
