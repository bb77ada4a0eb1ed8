"""Which network addresses outgoing requests may talk to. Pure: no name is resolved here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registry, written out: what Python calls global differs from version to version.
_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service lives there
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link-local; metadata services of nearly every cloud
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Everything outside of it is refused: loopback, IPv4-mapped, NAT64, unique local, link-local, multicast.
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, among them Teredo, which wraps IPv4
        "2001:db8::/32",
        "2002::/16",  # 6to4, which wraps IPv4
        "3fff::/20",
    )
)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator allows beyond public addresses, and the ports that need no such permission."""

    networks: tuple[Network, ...]
    hosts: frozenset[str]
    ports: frozenset[int]

    def names(self, host: str) -> bool:
        """Say whether the operator allows this host by name, whatever it resolves to."""
        return host.rstrip(".").lower() in self.hosts

    def lists(self, address: Address) -> bool:
        """Say whether the operator allows this address by a network."""
        return any(address in network for network in self.networks)

    def allows(self, host: str, addresses: Sequence[Address], *, port: int | None = None) -> bool:
        """Say whether all addresses of the host may be talked to; `port` None leaves the port to the caller.

        One bad address among several is enough to refuse: the host is not what it says.
        """
        if self.names(host):
            return True
        open_port = port is None or port in self.ports
        return all(self.lists(item) or (open_port and is_public(item)) for item in addresses)


def is_public(address: Address) -> bool:
    """Say whether an address is an ordinary one of the Internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _GLOBAL_V6 and not any(address in network for network in _REFUSED_V6)


@lru_cache(maxsize=8)
def parse(allow: str, ports: str) -> Policy:
    """Read TW_OUTBOUND_ALLOW and TW_OUTBOUND_PORTS: comma-separated. Raises ValueError."""
    networks: list[Network] = []
    hosts: set[str] = set()
    for entry in _entries(allow):
        try:
            networks.append(ip_network(entry))
        except ValueError as error:
            if "/" in entry or not _HOST.fullmatch(entry):
                raise ValueError(f"{entry!r} is no host name, address or network: {error}") from None
            hosts.add(entry)
    return Policy(tuple(networks), frozenset(hosts), frozenset(_port(entry) for entry in _entries(ports)))


def _entries(text: str) -> list[str]:
    return [entry.strip().lower() for entry in text.split(",") if entry.strip()]


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise ValueError(f"{text!r} is no port")
    return int(text)


def address_of(text: str) -> Address:
    """Return what a resolver said as an address, without its zone. Raises ValueError."""
    return ip_address(text.partition("%")[0])
