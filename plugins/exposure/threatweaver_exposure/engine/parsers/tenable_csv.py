"""Tenable's CSV, of Nessus and the products around it: findings, a row each."""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.moments import read_date, read_moment
from threatweaver_exposure.engine.reading.network import Checks, Hosts, Identifiers, known_by
from threatweaver_exposure.engine.reading.tables import header_of, rows
from threatweaver_exposure.engine.reading.words import (
    INFO,
    cves,
    cvss,
    cwes,
    first,
    host_and_port,
    links,
    port_of,
    probability,
    score,
    severity,
)

Row = Mapping[str, str]

# Each product has columns of its own.
_HEADERS = (
    {"plugin id", "risk", "host", "name"},
    {"plugin", "plugin name", "ip address", "severity"},
    {"definition.id", "definition.name", "severity"},
)
_CHECK = ("plugin id", "plugin", "definition.id")
_NAME = ("plugin name", "name", "definition.name")
_WEB = {"http": 80, "https": 443}
_NOTHING = {"n/a", "none"}
_BID = re.compile(r"\d{4,6}", re.ASCII)  # shorter ones are pieces that a spreadsheet made of a list


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    hosts, checks = Hosts(), Checks()
    for row in rows(stream):
        check = _of(row, *_CHECK, *_NAME)[:200]
        if not check:
            continue
        number, met = hosts.meet(
            _identifiers(row),
            system=_of(row, "asset.operating_system", "operating system"),
            seen=read_moment(
                _of(row, "host end", "last observed", "last_observed", "last seen", "last_seen")
            ),
        )
        yield from met
        named = checks.news(check, cves(_of(row, "cve", "definition.cve")))
        if named is not None:
            yield _definition(check, row, named)
        yield _finding(number, check, row)
    yield from hosts.seen_later()


def _of(row: Row, *columns: str) -> str:
    """Return what the first of these columns says that says something."""
    said = first(*map(row.get, columns))
    return "" if said.lower() in _NOTHING else said


def _identifiers(row: Row) -> Identifiers:
    host = _of(row, "host", "asset.host_name", "asset.name")
    return known_by(
        host_and_port(host)[0] if "://" in host else host,
        _of(row, "dns name", "fqdn", "asset.fqdn"),
        _of(row, "ip address", "asset.display_ipv4_address", "asset.ipv4"),
        agent_uuid=_of(row, "agent id", "asset.agent_uuid"),
        tenable_uuid=_of(row, "host id", "asset uuid", "asset.id"),
        mac=_of(row, "mac address", "asset.display_mac_address"),
        netbios=_of(row, "netbios name", "asset.netbios_name"),
    )


def _finding(number: int, check: str, row: Row) -> Finding:
    protocol = _of(row, "protocol").lower()
    port = port_of(_of(row, "port", "asset.port"))
    fixed = _of(row, "state", "vulnerability state").lower() == "fixed"
    output = _of(row, "plugin output", "plugin text", "output").removeprefix("Plugin Output:").strip("\n ")
    return Finding(
        number,
        check,
        INFO if fixed else _severity(_of(row, "risk", "severity")),
        port=port or _WEB.get(protocol, 0),
        protocol="tcp" if protocol in _WEB else protocol,
        service=protocol if protocol in _WEB else "",
        output="\n".join(filter(None, ("State: fixed" if fixed else "", output))) or None,
    )


def _severity(said: str) -> int:
    return int(said) if said in {"0", "1", "2", "3", "4"} else severity(said)


def _definition(check: str, row: Row, named: tuple[str, ...]) -> Definition:
    references = _of(row, "cross references", "xref", "definition.references").replace(" #", ":")
    others = tuple(part.strip() for part in re.split(r"[,\n]", references) if part.strip())
    vectors = _of(row, "cvss v2 vector", "cvss v2.0 vector"), _of(row, "cvss v3 vector", "cvss v3.0 vector")
    stated = {
        "cvss2_score": score(
            _of(row, "cvss v2.0 base score", "cvss v2 base score", "cvss", "definition.cvss2.base_score")
        ),
        "cvss3_score": score(
            _of(row, "cvss v3.0 base score", "cvss v3 base score", "cvssv3", "definition.cvss3.base_score")
        ),
        "cvss4_score": score(
            _of(row, "cvss v4.0 base score", "cvss v4 base score", "definition.cvss4.base_score")
        ),
    }
    return Definition(
        check,
        _of(row, *_NAME) or f"Plugin {check}",
        family=_of(row, "family", "plugin family", "definition.family"),
        synopsis=_of(row, "synopsis", "definition.synopsis"),
        description=_of(row, "description", "definition.description"),
        solution=_of(row, "solution", "definition.solution"),
        see_also=links(_of(row, "see also", "definition.see_also")),
        cves=named,
        cwes=cwes(references),
        vpr_score=score(_of(row, "vulnerability priority rating", "vpr score", "definition.vpr.score")),
        epss_score=probability(_of(row, "epss score", "definition.epss.score")),
        published_on=read_date(_of(row, "vuln publication date", "definition.vulnerability_published")),
        patch_published_on=read_date(_of(row, "patch publication date", "definition.patch_published")),
        modified_on=read_date(_of(row, "plugin modification date", "definition.plugin_updated")),
        exploit_available=_exploitable(row),
        kev=True if "CISA-KNOWN-EXPLOITED" in references.upper() else None,
        references=(
            *others,
            *(f"BID:{bid}" for bid in re.split(r"[\s,]+", _of(row, "bid")) if _BID.fullmatch(bid)),
        ),
        **cvss(vectors[0], f"CVSS:3.0/{vectors[1]}")
        | {name: value for name, value in stated.items() if value is not None},
    )


def _exploitable(row: Row) -> bool | None:
    if said := _of(row, "exploit?").lower():
        return said == "yes"
    return any(_of(row, name).lower() == "true" for name in ("metasploit", "core impact", "canvas")) or None


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    names = set(header_of(head))
    return CERTAIN if any(header <= names for header in _HEADERS) else 0


PARSER = ImportParser(name="tenable_csv", title="Tenable CSV", detects=detects, parse=parse)
