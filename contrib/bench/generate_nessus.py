"""Writes deterministic Nessus v2 reports of any size, for benchmarks and load tests."""

import argparse
import gzip
import math
import random
import textwrap
import uuid
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

SCAN_INFORMATION = 19506
SEVERITY_SHARES = (0.55, 0.05, 0.20, 0.14, 0.06)
RISKS = ("None", "Low", "Medium", "High", "Critical")
SCORES = ((0.0, 0.0), (2.1, 3.7), (4.0, 6.8), (7.0, 8.8), (9.0, 10.0))
ENDPOINTS = (
    (0, "tcp", "general"),
    (445, "tcp", "cifs"),
    (443, "tcp", "www"),
    (80, "tcp", "www"),
    (22, "tcp", "ssh"),
    (3389, "tcp", "msrdp"),
    (53, "udp", "dns"),
    (8443, "tcp", "www"),
    (161, "udp", "snmp"),
    (25, "tcp", "smtp"),
    (1433, "tcp", "mssql"),
    (0, "udp", "general"),
)
FAMILIES = (
    "General",
    "Web Servers",
    "CGI abuses",
    "Service detection",
    "Windows",
    "Windows : Microsoft Bulletins",
    "Ubuntu Local Security Checks",
    "CentOS Local Security Checks",
    "Misc.",
    "Databases",
)
SYSTEMS = (
    "Microsoft Windows Server 2022 Standard",
    "Linux Kernel 5.15.0-113-generic on Ubuntu 22.04",
    "Linux Kernel 5.14.0-427.el9.x86_64 on Red Hat Enterprise Linux 9.4",
    "Microsoft Windows 11 Pro\nMicrosoft Windows 10 Pro",
    "FreeBSD 14.1-RELEASE (amd64)",
)
VOCABULARY = """
remote host service version affected vulnerability attacker unauthenticated could allow execute arbitrary code
memory corruption update vendor package library improper validation input crafted request certificate protocol
configuration privilege local user denial of service information disclosure kernel component installed prior
therefore multiple issues referenced advisory note tested relied only self-reported number overflow heap
use-after-free race condition parser header response session token cipher key
"""
WORDS = VOCABULARY.split()


class Plugin(NamedTuple):
    """One plugin, with the parts of its items that never change already rendered."""

    number: int
    attributes: bytes
    before: bytes
    after: bytes
    output: str


def sentences(rng: random.Random, size: int) -> str:
    """Prose of about `size` characters, wrapped as Nessus wraps it."""
    return textwrap.fill(" ".join(rng.choices(WORDS, k=size // 9 + 1)).capitalize(), 70) + "."


def element(tag: str, text: object) -> str:
    return f"<{tag}>{escape(str(text))}</{tag}>\n"


def day(rng: random.Random) -> str:
    return (datetime(2008, 1, 1, tzinfo=UTC) + timedelta(days=rng.randrange(6200))).strftime("%Y/%m/%d")


def rating(rng: random.Random, severity: int) -> list[str]:
    """The children that only a plugin above informational carries."""
    low, high = SCORES[severity]
    cves = [f"CVE-{rng.randrange(2008, 2026)}-{rng.randrange(1000, 60000)}" for _ in range(rng.randint(1, 9))]
    impact = rng.choice(("N/I:N/A:H", "H/I:H/A:H", "L/I:L/A:N", "H/I:N/A:N"))
    parts = [element("cve", cve) for cve in cves]
    parts += [element("bid", rng.randrange(10000, 110000)) for _ in range(rng.randint(0, 4))]
    parts += [
        element("cvss3_base_score", f"{rng.uniform(low, high):.1f}"),
        element("cvss3_temporal_score", f"{rng.uniform(low, high):.1f}"),
        element("cvss3_temporal_vector", "CVSS:3.0/E:U/RL:O/RC:C"),
        element("cvss3_vector", f"CVSS:3.0/AV:{rng.choice('NAL')}/AC:L/PR:N/UI:N/S:U/C:{impact}"),
        element("cvss_base_score", f"{rng.uniform(low, high):.1f}"),
        element("cvss_score_source", cves[0]),
        element("cvss_temporal_score", f"{rng.uniform(low, high):.1f}"),
        element("cvss_temporal_vector", "CVSS2#E:U/RL:OF/RC:C"),
        element("cvss_vector", f"CVSS2#AV:{rng.choice('NAL')}/AC:L/Au:N/C:P/I:P/A:P"),
        element("cwe", rng.choice((20, 22, 79, 89, 119, 125, 200, 416, 787))),
        element("epss_score", f"{rng.betavariate(0.4, 6):.4f}"),
        element("exploit_available", rng.choice(("true", "false"))),
        element("exploit_code_maturity", rng.choice(("Unproven", "PoC", "Functional", "High"))),
        element("exploitability_ease", "No known exploits are available"),
        element("patch_publication_date", day(rng)),
        element("product_coverage", rng.choice(("Low", "Medium", "High"))),
        element("threat_intensity_last_28", "Very Low"),
        element("threat_recency", "No recorded events"),
        element("threat_sources_last_28", "No recorded events"),
        element("vpr_score", f"{rng.uniform(low * 0.7, high):.1f}"),
        element("vuln_publication_date", day(rng)),
        element("xref", f"IAVA:{rng.randrange(2010, 2026)}-A-{rng.randrange(10000):04d}"),
    ]
    if severity >= 3 and rng.random() < 0.15:
        parts.append(element("xref", f"CISA-KNOWN-EXPLOITED:{day(rng)}"))
    return parts


def plugin(rng: random.Random, number: int, severity: int) -> Plugin:
    family = "Settings" if number == SCAN_INFORMATION else rng.choice(FAMILIES)
    name = "Nessus Scan Information" if number == SCAN_INFORMATION else sentences(rng, 50).replace("\n", " ")
    links = "\n".join(f"https://advisories.example.com/{number}/{n}" for n in range(rng.randint(1, 4)))
    parts = [
        *(rating(rng, severity) if severity else []),
        element("description", sentences(rng, rng.randint(300, 1500))),
        element("fname", f"check_{number}.nasl"),
        element("plugin_modification_date", day(rng)),
        element("plugin_name", name),
        element("plugin_publication_date", day(rng)),
        element("plugin_type", rng.choice(("remote", "local", "combined"))),
        element("risk_factor", RISKS[severity]),
        element("script_version", f"1.{rng.randrange(1, 120)}"),
        element("see_also", links),
        element("solution", sentences(rng, rng.randint(60, 300))),
        element("synopsis", sentences(rng, rng.randint(60, 140))),
        element("xref", f"CWE:{rng.randrange(20, 900)}"),
    ]
    attributes = f'severity="{severity}" pluginID="{number}" pluginName={quoteattr(name)} '
    attributes += f"pluginFamily={quoteattr(family)}>\n"
    fixed = f"{rng.randrange(1, 12)}.{rng.randrange(20)}.{rng.randrange(40)}"
    output = (
        f"  Fixed version     : {fixed}\n" + sentences(rng, int(rng.paretovariate(1.2) * 60) % 2500) + "\n"
    )
    if number == SCAN_INFORMATION:
        output = "Nessus version : 10.8.3\nCredentialed checks : yes\nScan policy used : Advanced Scan\n"
    return Plugin(
        number,
        attributes.encode(),
        "".join(parts).encode(),
        b"</plugin_output>\n</ReportItem>\n",
        escape(output),
    )


def catalog(rng: random.Random, plugins: int) -> list[Plugin]:
    """The plugins of the report; the first is Nessus Scan Information, which every host has."""
    numbers = rng.sample(range(20000, 260000), plugins - 1)
    bounds = [round(sum(SEVERITY_SHARES[:n]) * len(numbers)) for n in range(1, 6)]
    severities = [next(level for level, end in enumerate(bounds) if n < end) for n in range(len(numbers))]
    return [
        plugin(rng, SCAN_INFORMATION, 0),
        *(plugin(rng, n, s) for n, s in zip(numbers, severities, strict=True)),
    ]


def host_head(rng: random.Random, index: int) -> tuple[str, bytes]:
    """The opening of one ReportHost with its properties, and the address of the host."""
    address = f"10.{(index >> 16) & 255}.{(index >> 8) & 255}.{index & 255}"
    name = f"srv-{index:06d}.example.com"
    started = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(86400))
    finished = started + timedelta(seconds=rng.randrange(120, 7200))
    macs = "\n".join(
        f"02:00:{n:02X}:{(index >> 16) & 255:02X}:{(index >> 8) & 255:02X}:{index & 255:02X}"
        for n in range(rng.choice((1, 1, 2)))
    )
    tags = {
        "HOST_END_TIMESTAMP": int(finished.timestamp()),
        "HOST_END": finished.strftime("%a %b %d %H:%M:%S %Y"),
        "Credentialed_Scan": rng.choice(("true", "false")),
        "policy-used": "Advanced Scan",
        "patch-summary-total-cves": rng.randrange(300),
        "cpe": "cpe:/o:example:os",
        "os": "linux",
        "system-type": "general-purpose",
        "operating-system": rng.choice(SYSTEMS),
        "mac-address": macs,
        "netbios-name": f"SRV-{index:06d}",
        "host-uuid": uuid.UUID(int=rng.getrandbits(128), version=4),
        "host-fqdn": name,
        "host-rdns": name,
        "host-ip": address,
        "HOST_START_TIMESTAMP": int(started.timestamp()),
        "HOST_START": started.strftime("%a %b %d %H:%M:%S %Y"),
    }
    lines = "".join(f'<tag name="{key}">{escape(str(value))}</tag>\n' for key, value in tags.items())
    return address, f'<ReportHost name="{address}"><HostProperties>\n{lines}</HostProperties>\n'.encode()


def endpoint(position: int) -> tuple[int, str, str]:
    extra = position - len(ENDPOINTS)
    return ENDPOINTS[position] if extra < 0 else (20000 + extra, "tcp", "www")


def item(found: Plugin, place: tuple[int, str, str], address: str, version: str) -> bytes:
    port, protocol, service = place
    output = (
        f"\n  Path              : https://{address}:{port}/\n  Installed version : {version}\n{found.output}"
    )
    head = f'<ReportItem port="{port}" svc_name="{service}" protocol="{protocol}" '
    start = (head.encode(), found.attributes, found.before, b"<plugin_output>")
    return b"".join((*start, output.encode(), found.after))


def preamble(rng: random.Random, plugins: list[Plugin], declared: int) -> bytes:
    """The policy, which declares the plugins that ran whether or not they found something."""
    ran = {p.number for p in plugins} | set(rng.sample(range(10000, 300000), declared))
    preference = "<preference><name>{}</name><value>{}</value></preference>\n"
    return (
        '<?xml version="1.0" ?>\n<NessusClientData_v2>\n<Policy><policyName>Advanced Scan</policyName>\n'
        "<Preferences><ServerPreferences>\n"
        + preference.format("max_hosts", 30)
        + preference.format("plugin_set", ";".join(map(str, ran)))
        + preference.format("TARGET", "10.0.0.0/8")
        + "</ServerPreferences></Preferences>\n</Policy>\n"
        '<Report name="Generated scan" xmlns:cm="http://www.nessus.org/cm">\n'
    ).encode()


def chunks(  # noqa: PLR0913  as of generate()
    findings: int, hosts: int, seed: int, plugins: int, *, declared: int, skip: float, first: int
) -> Iterator[bytes]:
    """The report in pieces of one item each, so that a host may have any number."""
    rng = random.Random(seed)
    skipper = random.Random(f"skip {seed}")
    known = catalog(rng, plugins)
    per_host = math.ceil(findings / hosts)
    places = max(3, math.ceil(per_host * 1.3 / (plugins - 1)))
    yield preamble(rng, known, declared)
    rng = random.Random(f"hosts {seed} {first}") if first else rng
    for index in range(first, first + hosts):
        address, head = host_head(rng, index + 1)
        count = findings // hosts + (index - first < findings % hosts)
        yield head
        if count:
            yield item(known[0], ENDPOINTS[0], address, "10.8.3")
        for pair in rng.sample(range((plugins - 1) * places), max(0, count - 1)):
            number, offset = divmod(pair, places)
            # each plugin starts at another endpoint, so that ports differ without ever repeating in a plugin
            place = endpoint((number + offset) % max(places, len(ENDPOINTS)))
            version = f"{pair % 9}.{index % 31}.{pair % 17}"
            if not skip or skipper.random() >= skip:
                yield item(known[number + 1], place, address, version)
        yield b"</ReportHost>\n"
    yield b"</Report>\n</NessusClientData_v2>\n"


def generate(  # noqa: PLR0913  the size of a report has these dimensions
    path: Path | str,
    *,
    findings: int,
    hosts: int,
    seed: int,
    plugins: int = 600,
    declared: int = 100_000,
    skip: float = 0.0,
    first: int = 0,
    compress: bool = False,
) -> None:
    """Write a report; `skip` leaves that share of findings out, as a later scan of the same hosts would.

    `first` hosts are passed over: the report is of the next ones, found by the same plugins.
    """
    if plugins < 2 or hosts < 1 or findings < 0:
        raise ValueError("a report needs at least two plugins and one host")
    with Path(path).open("wb") as plain:
        # neither name nor time in the gzip header, so that equal reports are equal files
        packed = gzip.GzipFile("", "wb", 1, plain, mtime=0) if compress else nullcontext(plain)
        with packed as out:
            for chunk in chunks(findings, hosts, seed, plugins, declared=declared, skip=skip, first=first):
                out.write(chunk)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    for name, default in (("findings", 50_000), ("hosts", 1_000), ("seed", 7), ("plugins", 600)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--declared", type=int, default=100_000, help="plugins that ran and found nothing")
    parser.add_argument("--skip", type=float, default=0.0, help="share of findings to leave out")
    parser.add_argument("--first", type=int, default=0, help="hosts to pass over")
    parser.add_argument("--gzip", action="store_true", dest="compress")
    asked = vars(parser.parse_args())
    generate(asked.pop("out"), **asked)


if __name__ == "__main__":
    main()
