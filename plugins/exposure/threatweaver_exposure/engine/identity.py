"""What a report can know a host by, in one canonical spelling per kind.

Strongest first: agent_uuid (the agent installed on the host), tenable_uuid (the scanner's own id of the
asset), cloud_resource (an ARN, or what else a provider calls it), bios_uuid (the machine; clones of a
virtual machine may share it), mac, image (of containers), repository (of code), fqdn, netbios, hostname (a
name without a domain), application (what people call it), ip.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit
from uuid import UUID

from threatweaver.reports import IDENTIFIER_KINDS

Identifier = tuple[str, str]
Properties = Mapping[str, str]

MOST = 64
STRENGTHS = {kind: number for number, kind in enumerate(IDENTIFIER_KINDS)}
"""0 is the strongest."""

_UUIDS = (
    ("agent_uuid", ("agent-uuid", "nessus-agent-uuid", "tenable-agent-uuid")),
    ("tenable_uuid", ("host-uuid", "tenable-uuid")),
    ("bios_uuid", ("bios-uuid",)),
)
# What firmware says when nobody has set a UUID: shared by thousands of boards, so it identifies none.
_UNSET = frozenset(
    {
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009",
    }
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MAC = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}")
_NO_MAC = frozenset({"00:00:00:00:00:00", "00-00-00-00-00-00"})
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[\w-]{1,63}(\.[\w-]{1,63})*")
_EVERYBODY = frozenset({"localhost", "localhost.localdomain", "localhost6", "localhost6.localdomain6"})


def identify(name: str, properties: Properties) -> tuple[Identifier, ...]:
    """The identifiers of a host, strongest first; its name in the report decides when nothing else does."""
    found = dict.fromkeys(_identifiers(properties))
    return tuple(found)[:MOST] or tuple(_from_name(name))


def canonical(name: str, stated: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Stated identifiers in their one spelling, each once, strongest first; the name decides without any."""
    found = dict.fromkeys(pair for kind, value in stated for pair in _SPELL[kind](value))
    return tuple(sorted(found, key=_strength))[:MOST] or tuple(_from_name(name))


def _strength(pair: Identifier) -> int:
    return STRENGTHS[pair[0]]


def _identifiers(properties: Properties) -> Iterator[Identifier]:
    for kind, tags in _UUIDS:
        for value in _present(properties, tags):
            yield from _uuid(kind, value)
    for value in _present(properties, ("mac-address",)):
        yield from _macs(value)
    names = list(_names(properties))
    yield from (("fqdn", name) for name in names if "." in name)
    for value in _present(properties, ("netbios-name",)):
        yield from _netbios(value)
    yield from (("hostname", name) for name in names if "." not in name)
    for value in _present(properties, ("host-ip",)):
        yield from _addresses(value)


def _present(properties: Properties, tags: Iterable[str]) -> Iterator[str]:
    return (value for tag in tags if (value := properties.get(tag, "")))


def _uuid(kind: str, value: str) -> Iterator[Identifier]:
    try:
        spelled = value if _UUID.fullmatch(value) else str(UUID(value))
    except ValueError:
        return
    if spelled not in _UNSET:
        yield kind, spelled


def _macs(value: str) -> Iterator[Identifier]:
    for part in value.lower().split():
        # an odd first octet is a group address, which no single interface can have
        if _MAC.fullmatch(part) and part not in _NO_MAC and not int(part[:2], 16) & 1:
            yield "mac", part.replace("-", ":")


def _netbios(value: str) -> Iterator[Identifier]:
    name = value.strip().rpartition("\\")[2].upper()
    if name:
        yield "netbios", name


def _named(value: str) -> Iterator[Identifier]:
    name = _domain(value)
    if name is not None:
        yield ("fqdn" if "." in name else "hostname"), name


def _names(properties: Properties) -> Iterator[str]:
    """Names the scanner calls the host by; reverse DNS is left out, for it names the network."""
    stated = "\n".join(_present(properties, ("host-fqdn", "hostname"))) or _first_listed(properties)
    for value in stated.replace(",", " ").split():
        name = _domain(value)
        if name is not None:
            yield name


def _first_listed(properties: Properties) -> str:
    """The first of `host-fqdns`; the later ones come from reverse lookups."""
    try:
        return str(json.loads(properties.get("host-fqdns", ""))[0]["FQDN"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _domain(value: str) -> str | None:
    try:
        # web application scans give the URL of the target
        host = urlsplit(value).hostname or "" if "://" in value else value
    except ValueError:
        return None
    name = host.rstrip(".").lower()
    if name in _EVERYBODY or not _DOMAIN.fullmatch(name) or (name[-1].isdigit() and _address(name)):
        return None
    return name


def _verbatim(kind: str, value: str) -> Iterator[Identifier]:
    if said := " ".join(value.split()):
        yield kind, said


def _repository(value: str) -> Iterator[Identifier]:
    """One spelling of the URL of a repository: without a scheme, an account, and .git."""
    said = re.sub(r"\A(?:[a-z+]+://)?(?:[^/@]*@)?", "", value.strip(), flags=re.IGNORECASE)
    host, _, path = said.replace(":", "/", 1).partition("/")
    if path := path.strip("/").removesuffix(".git"):
        yield "repository", f"{host.lower()}/{path}"


def _address(value: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(value)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _addresses(value: str) -> Iterator[Identifier]:
    for part in value.replace(",", " ").split():
        address = _address(part)
        # every host has a loopback and a link-local address, and an agent may report them
        if address and not (address.is_loopback or address.is_unspecified or address.is_link_local):
            yield "ip", str(address)


def _from_name(name: str) -> Iterator[Identifier]:
    target = name.strip()
    address = _address(target)
    if address:
        yield "ip", str(address)
    elif target:
        domain = _domain(target) or target.lower()
        yield ("fqdn" if "." in domain else "hostname"), domain


_SPELL: Mapping[str, Callable[[str], Iterator[Identifier]]] = {
    "agent_uuid": partial(_uuid, "agent_uuid"),
    "tenable_uuid": partial(_uuid, "tenable_uuid"),
    "bios_uuid": partial(_uuid, "bios_uuid"),
    "mac": _macs,
    "fqdn": _named,
    "hostname": _named,
    "netbios": _netbios,
    "ip": _addresses,
    "cloud_resource": partial(_verbatim, "cloud_resource"),
    "image": partial(_verbatim, "image"),
    "repository": _repository,
    "application": partial(_verbatim, "application"),
}
