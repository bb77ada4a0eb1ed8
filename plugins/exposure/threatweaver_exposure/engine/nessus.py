"""Reads Nessus v2 reports as a stream of records, in bounded memory."""

import re
import zlib
from collections.abc import Iterator
from gzip import BadGzipFile
from random import random
from typing import BinaryIO

from threatweaver.reports import (
    CERTAIN,
    Asset,
    Coverage,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.growing import Element, GrowingTree
from threatweaver_exposure.engine.nessus_host import SCAN_INFORMATION, read_credentialed, read_host
from threatweaver_exposure.engine.nessus_plugin import read_cves, read_definition
from threatweaver_exposure.engine.prolog import HEAD_SIZE, check_end, read_prolog, refuse_doctype

ROOT = "NessusClientData_v2"
CHUNK_SIZE = 256 * 1024
MOST_PLUGINS = 500_000
MOST_CVES = 1_000_000
MOST_NAMES = 1_000
SERVICE_LENGTH = 255

_PLUGIN_ID = re.compile("0*([1-9][0-9]{0,9})")
_SAMPLE = 1 / 64
_LARGEST_ID = 2**31 - 1


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a Nessus v2 report while it is being read."""
    head = _read_head(stream)
    tree = GrowingTree(head, ROOT)
    reader = _Reader()
    while data := _read(stream, CHUNK_SIZE):
        yield from reader.take(tree, ended=False)
        tree.feed(data)
    yield from reader.take(tree, ended=False)
    tree.close()
    yield from reader.take(tree, ended=True)
    if not reader.scanned:
        raise ReportError(
            ReportFault.UNSUPPORTED, "the file holds no Report element; is it the export of a policy?"
        )


class _Reader:
    """Turns the complete part of a growing report into records, and removes it."""

    def __init__(self) -> None:
        self.scanned = False
        self._checks: frozenset[str] | None = None
        self._open: Element = None
        self._host: Asset | None = None
        self._number = 0
        self._spelled: dict[str, str] = {}
        self._cves: dict[str, frozenset[str]] = {}
        self._remembered = 0
        self._names: set[object] = set()

    def take(self, tree: GrowingTree, *, ended: bool) -> list[Record]:
        """Read and remove every element that cannot grow any more."""
        records: list[Record] = []
        if tree.root is None:
            return records
        removed = 0
        for section, over in _children(tree.root, ended=ended):
            if section.tag == "Report":
                removed += self._take_report(section, records, over=over)
            elif section.tag == "Policy" and over:
                self._take_policy(section)
            removed += self._drop(tree.root, section) if over else 0
        if removed:
            tree.released()
        return records

    def _take_policy(self, policy: Element) -> None:
        for preference in policy.iterfind("Preferences/ServerPreferences/preference"):
            if preference.findtext("name") == "plugin_set":
                ran = (preference.findtext("value") or "").replace(";", " ")
                found = map(_PLUGIN_ID.fullmatch, ran.split())
                self._checks = frozenset(number[1] for number in found if number) or None

    def _take_report(self, report: Element, records: list[Record], *, over: bool) -> int:
        if not self.scanned:
            self.scanned = True
            if self._checks:
                records.append(Coverage(self._checks))
        removed = 0
        for host, host_over in _children(report, ended=over):
            if host.tag == "ReportHost":
                removed += self._take_host(host, records, over=host_over)
            removed += self._drop(report, host) if host_over else 0
        return removed

    def _take_host(self, host: Element, records: list[Record], *, over: bool) -> int:
        if host is not self._open:
            self._open, self._host = host, None
            self._number += 1
        children = host[:] if over else host[:-1]
        for child in children:
            if child.tag == "ReportItem":
                if self._host is None:
                    self._announce(host, None, records)
                self._take_item(child, records)
            elif child.tag == "HostProperties":
                self._announce(host, child, records)
            self._spot_check(child)
        if over and self._host is None:
            self._announce(host, None, records)
        # all at once: one by one is slower, and this is the hot path
        del host[: len(children)]
        return len(children)

    def _drop(self, parent: Element, child: Element) -> int:
        self._spot_check(child)
        parent.remove(child)
        return 1

    def _announce(self, host: Element, properties: Element, records: list[Record]) -> None:
        self._host = read_host(self._number, host, properties)
        records.append(self._host)

    def _take_item(self, item: Element, records: list[Record]) -> None:
        cves, output, fixed = _read_children(item)
        if fixed:
            return  # a workbench export may list what is gone; only what is there is a finding
        spelled = item.get("pluginID", "")
        check = self._spelled.get(spelled) or self._read_check(item, spelled)
        finding = _read_finding(self._number, item, check, output)
        known = self._cves.get(check)
        if known is None or not known.issuperset(cves):
            self._define(item, check, cves, records)
        if check == SCAN_INFORMATION:
            self._learn_authentication(output, records)
        records.append(finding)

    def _read_check(self, item: Element, spelled: str) -> str:
        number = _PLUGIN_ID.fullmatch(spelled.strip())
        if number is None or int(number[1]) > _LARGEST_ID:
            raise _refuse(item)
        if len(self._spelled) >= MOST_PLUGINS:
            raise ReportError(ReportFault.LIMIT, "the report names more plugins than any scanner has")
        return self._spelled.setdefault(spelled, number[1])

    def _define(self, item: Element, check: str, texts: list[str], records: list[Record]) -> None:
        cves = read_cves(texts)
        known = self._cves.get(check)
        if known is not None:
            if known.issuperset(cves):
                return
            cves = tuple(sorted(known.union(cves)))
        self._remembered += len(cves) - len(known or ())
        self._cves[check] = frozenset(cves)
        if len(self._cves) > MOST_PLUGINS or self._remembered > MOST_CVES:
            raise ReportError(ReportFault.LIMIT, "the report names more plugins or CVEs than any scanner has")
        records.append(read_definition(item, check, cves))

    def _learn_authentication(self, output: str | None, records: list[Record]) -> None:
        if self._host is not None and self._host.authenticated is None:
            credentialed = read_credentialed(output)
            if credentialed is not None:
                self._host = self._host._replace(authenticated=credentialed)
                records.append(self._host)

    def _spot_check(self, element: Element) -> None:
        """Refuse a report that makes up names: the parser keeps each one for as long as its thread lives."""
        if random() > _SAMPLE:  # noqa: S311  unpredictable enough for a sample
            return
        for node in element.iter("*"):
            self._names.update((node.tag, *node.keys(), *node.nsmap.items()))
        if len(self._names) > MOST_NAMES:
            raise ReportError(ReportFault.LIMIT, f"the report uses more than {MOST_NAMES} names of elements")


def _children(parent: Element, *, ended: bool) -> Iterator[tuple[Element, bool]]:
    """The children of an element, and of each whether it is complete: all but the last are."""
    children = parent[:]
    last = len(children) - 1
    return ((child, ended or index < last) for index, child in enumerate(children))


def _read_children(item: Element) -> tuple[list[str], str | None, bool]:
    """What can differ between two items of one plugin: CVEs, output, and whether it is fixed."""
    cves: list[str] = []
    output = None
    fixed = False
    for child in item.iterchildren("cve", "plugin_output", "vulnerability_state"):
        text = child.text
        if not text:
            continue
        tag = child.tag
        if tag == "cve":
            cves.append(text)
        elif tag == "plugin_output":
            output = text.strip("\r\n").rstrip() or None
        else:
            fixed = text.strip().lower() == "fixed"
    return cves, output, fixed


def _read_finding(number: int, item: Element, check: str, output: str | None) -> Finding:
    get = item.get
    try:
        severity = int(get("severity", ""))
        port = int(get("port") or 0)
    except ValueError:
        raise _refuse(item) from None
    service = get("svc_name", "")
    protocol = get("protocol", "").lower()
    if not (0 <= severity <= 4 and 0 <= port <= 65535):
        raise _refuse(item)
    if len(service) > SERVICE_LENGTH or len(protocol) > SERVICE_LENGTH:
        text = f"a service name on line {item.sourceline} is too long"
        raise ReportError(ReportFault.LIMIT, text, line=item.sourceline)
    return Finding(number, check, severity, port, protocol, service, output)


def _refuse(item: Element) -> ReportError:
    text = f"the ReportItem on line {item.sourceline} has no valid pluginID, severity and port"
    return ReportError(ReportFault.MALFORMED, text, line=item.sourceline)


def _read(stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except EOFError:
        raise ReportError(ReportFault.TRUNCATED, "the compressed report ends in the middle") from None
    except (BadGzipFile, zlib.error):
        raise ReportError(ReportFault.MALFORMED, "the compressed report is damaged") from None


def _read_head(stream: BinaryIO) -> bytes:
    head = b""
    while len(head) < HEAD_SIZE and (data := _read(stream, HEAD_SIZE - len(head))):
        head += data
    return head


def _detects(head: bytes, _: str) -> int:
    prolog = read_prolog(head)
    return CERTAIN if prolog is not None and prolog.root == ROOT else 0


def _check_ends(head: bytes, tail: bytes) -> None:
    refuse_doctype(head)
    check_end(tail, ROOT)


PARSER = ImportParser(name="nessus", title="Nessus v2", detects=_detects, parse=parse, check_ends=_check_ends)
