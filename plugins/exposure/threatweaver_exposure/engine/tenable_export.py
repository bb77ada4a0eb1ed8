"""Reads chunks of Tenable's exports, of assets or of findings: a JSON list, a record each.

Field names: developer.tenable.com, "Export assets" and "Export vulnerabilities". Checks are the plugins of
Nessus and go by its name, so that a Nessus file and a sync speak of the same vulnerabilities.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from threatweaver.reports import Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine import nessus
from threatweaver_exposure.engine.fixed import Fixed
from threatweaver_exposure.engine.identity import canonical
from threatweaver_exposure.engine.reading.json_items import items
from threatweaver_exposure.engine.reading.moments import read_date, read_moment
from threatweaver_exposure.engine.reading.network import Identifiers, known_by
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    links,
    mapping,
    probability,
    score,
    sequence,
)

MOST_REFUSED = 1_000
_STATES = {"OPEN", "REOPENED", "FIXED"}
_LARGEST = 2**31 - 1


class Refused(NamedTuple):
    """A record that cannot be taken: its place in the chunk, from 0, and why."""

    position: int
    reason: str
    record: Any


@dataclass(slots=True)
class Chunk:
    """One chunk: what was read of it, and which records were refused."""

    records: int = 0
    refused: list[Refused] = field(default_factory=list)
    _hosts: dict[tuple[str, datetime], int] = field(default_factory=dict)
    _cves: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def parser(self) -> ImportParser:
        """Return what reads the chunk, under the name that its checks are known by."""
        return ImportParser(
            name=nessus.PARSER.name,
            title="Tenable export",
            detects=lambda *_: 0,
            parse=self.parse,  # type: ignore[arg-type]  # Fixed is taken beside what any parser may yield
        )

    def parse(self, stream: BinaryIO) -> Iterator[Record | Fixed]:
        """Yield the records of the chunk; a bad one is noted and passed over."""
        for position, (_, record) in enumerate(items(stream, "[]")):
            self.records += 1
            read: list[Record | Fixed] = []
            try:
                if "plugin" in record:
                    self._finding(record, read)
                else:
                    self._asset(record, read)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                reason = str(error) if type(error) is ValueError else "it is no record of an export"
                if len(self.refused) < MOST_REFUSED:
                    self.refused.append(Refused(position, reason[:300], record))
            yield from read  # of a refused one, too: later findings name its asset and its check

    def _asset(self, record: dict[str, Any], read: list[Record | Fixed]) -> None:
        """Read an asset; one that left Tenable says nothing about what is here."""
        if record.get("deleted_at") or record.get("terminated_at"):
            return
        # the first FQDN alone: later ones come from reverse lookups
        names = (*list(sequence(record.get("fqdns")))[:1], *sequence(record.get("hostnames")))
        addresses = [*sequence(record.get("ipv4s")), *sequence(record.get("ipv6s"))]
        identifiers = (
            *known_by(
                *names,
                *addresses,
                agent_uuid=record.get("agent_uuid"),
                tenable_uuid=record["id"],
                bios_uuid=record.get("bios_uuid"),
            ),
            *_each("mac", record.get("mac_addresses")),
            *_each("netbios", record.get("netbios_names")),
        )
        seen = _moment(record, "last_seen", "updated_at")
        self._host(str(record["id"]), identifiers, seen, record.get("operating_systems"), read)

    def _finding(self, record: dict[str, Any], read: list[Record | Fixed]) -> None:
        state = str(record.get("state", "OPEN")).upper()
        severity = record.get("severity_id")
        if state not in _STATES:
            raise ValueError("its state is none of OPEN, REOPENED and FIXED")
        if type(severity) is not int or not 0 <= severity <= 4:
            raise ValueError("its severity is not 0 to 4")
        port = mapping(record.get("port"))
        number = port.get("port") or 0
        if type(number) is not int or not 0 <= number <= 65535:
            raise ValueError("its port is not 0 to 65535")
        times = ("last_fixed", "last_found") if state == "FIXED" else ("last_found",)
        asset = self._subject(record["asset"], _moment(record, *times), read)
        check = self._check(record["plugin"], read)
        protocol = first(port.get("protocol")).lower()
        if state == "FIXED":
            read.append(Fixed(asset, check, number, protocol))
            return
        output = record.get("output")
        said = output if isinstance(output, str) else None
        read.append(Finding(asset, check, severity, number, protocol, first(port.get("service")), said))

    def _subject(self, asset: dict[str, Any], seen: datetime, read: list[Record | Fixed]) -> int:
        identifiers = known_by(
            asset.get("fqdn"),
            asset.get("hostname"),
            asset.get("ipv4"),
            asset.get("ipv6"),
            agent_uuid=asset.get("agent_uuid"),
            tenable_uuid=asset["uuid"],
            bios_uuid=asset.get("bios_uuid"),
            mac=asset.get("mac_address"),
            netbios=asset.get("netbios_name"),
        )
        return self._host(str(asset["uuid"]), identifiers, seen, asset.get("operating_system"), read)

    def _host(
        self, uuid: str, identifiers: Identifiers, seen: datetime, systems: object, read: list[Record | Fixed]
    ) -> int:
        """Return the number of an asset as it was seen at one time; add its record if it is new.

        Findings of one asset were seen last at different times, and each keeps its own. No scan is said to
        be finished: what an export leaves out may still be there.
        """
        number = self._hosts.get((uuid, seen))
        if number is not None:
            return number
        system = "; ".join(text for text in sequence(systems) if isinstance(text, str) and text)
        named = dict(reversed(identifiers))
        name = next((named[kind] for kind in ("fqdn", "hostname", "netbios", "ip") if kind in named), uuid)
        if not canonical(name, identifiers):
            raise ValueError("its asset has no id, address or name")
        number = self._hosts[uuid, seen] = len(self._hosts)
        read.append(Asset(number, name[:1_000], identifiers, system or None, started_at=seen))
        return number

    def _check(self, plugin: dict[str, Any], read: list[Record | Fixed]) -> str:
        number = plugin["id"]
        if type(number) is not int or not 0 < number <= _LARGEST:
            raise ValueError("its plugin has no id")
        check = str(number)
        known = self._cves.get(check)
        named = tuple(dict.fromkeys((*(known or ()), *cves(*sequence(plugin.get("cve"))))))
        if known is None or len(named) > len(known):
            read.append(_definition(check, plugin, named))
            self._cves[check] = named
        return check


def _each(kind: str, values: object) -> Identifiers:
    return tuple((kind, value) for value in sequence(values) if isinstance(value, str) and value)


def _moment(record: dict[str, Any], *members: str) -> datetime:
    for member in members:
        if found := read_moment(record.get(member)):
            return found
    raise ValueError(f"it has no {members[-1]}")


def _definition(check: str, plugin: dict[str, Any], named: tuple[str, ...]) -> Definition:
    xrefs = [f"{x['type']}:{x['id']}" for x in sequence(plugin.get("xrefs")) if {"type", "id"} <= x.keys()]
    vectors = {name: mapping(plugin.get(name)).get("raw") for name in ("cvss_vector", "cvss3_vector")}
    exploit = plugin.get("exploit_available")
    return Definition(
        check=check,
        name=first(plugin.get("name")) or f"Plugin {check}",
        family=first(plugin.get("family")),
        synopsis=first(plugin.get("synopsis")),
        description=first(plugin.get("description")),
        solution=first(plugin.get("solution")),
        see_also=links(plugin.get("see_also")),
        cves=named,
        cwes=cwes(*(text for text in xrefs if text.startswith("CWE"))),
        cvss2_score=score(plugin.get("cvss_base_score")),
        cvss2_vector=first(vectors["cvss_vector"]) or None,
        cvss3_score=score(plugin.get("cvss3_base_score")),
        cvss3_vector=first(vectors["cvss3_vector"]) or None,
        vpr_score=score(mapping(plugin.get("vpr")).get("score")),
        epss_score=probability(plugin.get("epss_score")),
        published_on=read_date(plugin.get("vuln_publication_date")),
        patch_published_on=read_date(plugin.get("patch_publication_date")),
        modified_on=read_date(plugin.get("modification_date")),
        exploit_available=exploit if isinstance(exploit, bool) else None,
        kev=True if any(text.upper().startswith("CISA-KNOWN-EXPLOITED") for text in xrefs) else None,
        references=(*xrefs, *(f"BID:{bid}" for bid in sequence(plugin.get("bid")))),
    )
