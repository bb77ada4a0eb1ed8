"""Nikto's XML and JSON: what is wrong or telling about web servers; Nikto gives no severities."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.prolog import HEAD_SIZE
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, hrefs, read_moment, rule, served
from threatweaver_exposure.engine.reading.words import INFO, cves, first, mark, path_of, place, port_of
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

ROOT = "niktoscan"
# Nikto puts the scans of several hosts, each with the root's name, into one root.
_CONTAINERS = ("scandetails", ROOT, f"{ROOT}/scandetails")
_HEADER = {"host": "targethostname", "ip": "targetip", "port": "targetport"}  # in JSON and in XML
_FAILURE = "0"  # the id of what stopped Nikto: nothing was found
# The page on which a header was first seen is chance, and often one that Nikto made up.
_UNCOMMON_HEADER = "999100"
_METHOD = re.compile("GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|PATCH|PROPFIND|SEARCH")
_OSVDB = re.compile(r"\AOSVDB-\d+: ", re.ASCII)
_VALUE = re.compile(r"(?<=\w): .*", re.DOTALL)
_AMOUNT = re.compile(r"(?<!\S)\(?\d+\)?(?!\S)", re.ASCII)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class _Reader:
    def __init__(self) -> None:
        self._known: set[str] = set()
        self.sites = Sites()

    def item(self, target: Mapping[str, Any], item: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the records of one thing that Nikto reports."""
        check = rule(item.get("id"))
        if check == _FAILURE:
            return
        said = _settled(item)
        if check not in self._known:
            self._known.add(check)
            yield _definition(check, item, _QUOTED.sub("…", said))
        method, path = first(item.get("method")), path_of(item.get("url"))
        yield Finding(
            self.sites.number(_name(target)),
            check,
            INFO,
            **served(port_of(target.get("port"))),
            output=f"{method} {first(item.get('url'))}\n{first(item.get('msg'))}".strip(),
            location=place(
                method if _METHOD.fullmatch(method) else "",  # Nikto also tries names that it makes up
                path if check != _UNCOMMON_HEADER else "",
                mark(said),
            ),
        )


def _settled(item: Mapping[str, Any]) -> str:
    """Return what is said without what changes from scan to scan: values, and how many of something."""
    said = _OSVDB.sub("", first(item.get("msg"))).removeprefix(first(item.get("url"))).lstrip(": ")
    return " ".join(_AMOUNT.sub("", _VALUE.sub("", said)).split())


def _definition(check: str, item: Mapping[str, Any], name: str) -> Definition:
    osvdb = rule(item.get("OSVDB"))
    return Definition(
        check,
        name[:200] or check,
        family="Web server",
        see_also=hrefs(item.get("references"), item.get("msg")),
        cves=cves(item.get("references"), item.get("msg")),
        references=(f"OSVDB:{osvdb}",) if osvdb.isdecimal() and osvdb != "0" else (),
    )


def _name(target: Mapping[str, Any]) -> str:
    return first(target.get("host"), target.get("ip"))


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    head = stream.read(HEAD_SIZE)
    stream.seek(0)
    yield from _xml(stream) if root_of(head) else _json(stream)


def _xml(stream: BinaryIO) -> Iterator[Record]:
    reader = _Reader()
    for element in children(stream, ROOT, *_CONTAINERS):
        scan = element.getparent()
        target = {name: scan.get(attribute, "") for name, attribute in _HEADER.items()}
        reader.sites.started_at = read_moment(scan.get("starttime"))
        # The statistics stand last: a scan that was stopped has none.
        reader.sites.finished_at = None
        if element.tag == "item":
            yield from reader.sites.seen(_name(target), target["ip"])
            yield from reader.item(target, _members(element))
        elif element.tag == "statistics":
            reader.sites.finished_at = read_moment(element.get("endtime")) or UNDATED
            yield reader.sites.stated(_name(target), target["ip"])


def _members(item: Element) -> dict[str, str]:
    return {
        "id": item.get("id", ""),
        "method": item.get("method", ""),
        "OSVDB": item.get("osvdbid", ""),
        "url": text_of(item, "uri"),
        "msg": text_of(item, "description"),
        "references": f"{item.get('osvdblink', '')} {text_of(item, 'references')}".strip(),
    }


def _json(stream: BinaryIO) -> Iterator[Record]:
    reader, target = _Reader(), dict[str, Any]()
    paths = [f"{prefix}{name}" for prefix in ("", "[].") for name in (*_HEADER, "vulnerabilities.[]")]
    for path, value in items(stream, *paths):
        if not path.endswith("vulnerabilities.[]"):
            target[path.removeprefix("[].")] = value
        elif isinstance(value, dict):
            yield from reader.sites.seen(_name(target), target.get("ip"))
            yield from reader.item(target, value)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one, by its root or by the members of a host."""
    if root_of(head) == ROOT:
        return CERTAIN
    seen = peek(head)
    host = (*_HEADER, "banner", "vulnerabilities")
    return CERTAIN if seen.has(*host) or seen.has(*(f"[].{name}" for name in host)) else 0


PARSER = ImportParser(name="nikto", title="Nikto XML and JSON", detects=detects, parse=parse)
