"""Which addresses a tenant lets in: its allow and block list as sets of prefixes. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Range = IPv4Network | IPv6Network
_MAPPED = IPv6Network("::ffff:0:0/96")


class Kind(StrEnum):
    """The two lists."""

    ALLOW = "allow"
    BLOCK = "block"


def parse_range(text: str) -> Range:
    """Return the network of `192.0.2.0/24`, `2001:db8::/32` or a single address. Raises ValueError.

    IPv4 in IPv6 clothes (::ffff:192.0.2.0/120) is the IPv4 network it is, as callers' addresses are.
    """
    found = ip_network(text.strip())
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        return IPv4Network((int(found.network_address) & 0xFFFF_FFFF, found.prefixlen - 96))
    return found


def parse_address(text: str) -> Address | None:
    """Return an address without its zone, an IPv4-mapped one as IPv4; None when it is none."""
    try:
        found = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


class Ranges:
    """Networks, prepared so that a look-up costs one step for each prefix length in use."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self._heads: dict[tuple[int, int], set[int]] = defaultdict(set)
        for item in ranges:
            shift = item.max_prefixlen - item.prefixlen
            self._heads[item.version, shift].add(int(item.network_address) >> shift)

    def __bool__(self) -> bool:
        """Say whether there is any network."""
        return bool(self._heads)

    def __contains__(self, address: Address) -> bool:
        """Say whether one of the networks has the address."""
        number = int(address)
        return any(
            version == address.version and number >> shift in heads
            for (version, shift), heads in self._heads.items()
        )


@dataclass(frozen=True, slots=True)
class Network:
    """A tenant's lists: what the block list has is refused, and what a non-empty allow list lacks."""

    allow: Ranges
    block: Ranges

    def refusal(self, address: str) -> Kind | None:
        """Return the list that refuses an address, None when it may pass."""
        if not self.allow and not self.block:
            return None
        parsed = parse_address(address)
        if parsed is not None and parsed in self.block:
            return Kind.BLOCK
        if self.allow and (parsed is None or parsed not in self.allow):
            return Kind.ALLOW
        return None


def network(rules: Iterable[tuple[str, str]]) -> Network:
    """Build a network from (kind, range) pairs."""
    found: dict[str, list[Range]] = {kind: [] for kind in Kind}
    for kind, text in rules:
        found[kind].append(parse_range(text))
    return Network(allow=Ranges(found[Kind.ALLOW]), block=Ranges(found[Kind.BLOCK]))
