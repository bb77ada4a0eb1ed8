"""ZAP's JSON: alerts about web sites."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, ImportParser, Record
from threatweaver_exposure.engine.reading import zap
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, read_moment
from threatweaver_exposure.engine.reading.words import mapping, sequence

# A report on one site may have it without a list around it.
_SITE = tuple(
    f"{site}.{name}" for site in ("site.[]", "site") for name in ("@name", "@host", "@port", "alerts.[]")
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known, site = Sites(), dict[str, str](), dict[str, Any]()
    for path, value in items(stream, "@generated", *_SITE):
        if path == "@generated":
            sites.finished_at = read_moment(value) or UNDATED
            yield from sites.again()
        elif path.endswith("alerts.[]"):
            if isinstance(value, dict):
                yield from _alert(sites, known, site, value)
        else:
            name = path.rpartition(".")[2]
            site = site if name != "@name" else {}
            site[name] = value
            if name == "@port":  # the last of the three: a site without alerts was looked at, too
                yield from sites.seen(_url(site))


def _alert(
    sites: Sites, known: dict[str, str], site: dict[str, Any], alert: Mapping[str, Any]
) -> Iterator[Record]:
    yield from sites.seen(_url(site))
    check = zap.check_of(alert)
    if check not in known:
        tags = (mapping(tag).get("tag") for tag in sequence(alert.get("tags")))
        definition = zap.definition(check, alert, tags)
        known[check] = definition.name
        yield definition
    instances = map(mapping, sequence(alert.get("instances")))
    yield zap.finding(sites.number(_url(site)), _url(site), known[check], alert, instances)


def _url(site: dict[str, Any]) -> str:
    return zap.site_url(site.get("@name"), site.get("@host"), site.get("@port"))


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: ZAP writes attributes of its XML with an @."""
    seen = peek(head)
    return CERTAIN if seen.has("@generated", "site") or seen.has("site.[].@host", "site.[].alerts") else 0


PARSER = ImportParser(name="zap_json", title="ZAP JSON", detects=detects, parse=parse)
