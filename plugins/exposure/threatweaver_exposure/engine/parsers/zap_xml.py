"""ZAP's XML: alerts about web sites."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading import zap
from threatweaver_exposure.engine.reading.web import Sites, read_moment
from threatweaver_exposure.engine.reading.xml_children import children, root_of

ROOT = "OWASPZAPReport"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known = Sites(), dict[str, str]()
    for element in children(stream, ROOT, "site", "site/alerts"):
        if element.tag != "alertitem" or element.getparent().tag != "alerts":
            continue
        site = element.getparent().getparent()
        url = zap.site_url(*map(site.get, ("name", "host", "port")))
        sites.finished_at = read_moment(site.getparent().get("generated")) or UNDATED
        yield from sites.seen(url)
        alert = _members(element)
        check = zap.check_of(alert)
        if check not in known:
            definition = zap.definition(check, alert, (tag.text for tag in element.iterfind("tags/tag/tag")))
            known[check] = definition.name
            yield definition
        instances = map(_members, element.iterfind("instances/instance"))
        yield zap.finding(sites.number(url), url, known[check], alert, instances)


def _members(element: Element) -> dict[str, str]:
    return {child.tag: child.text or "" for child in element.iterchildren("*")}


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="zap_xml", title="ZAP XML", detects=detects, parse=parse)
