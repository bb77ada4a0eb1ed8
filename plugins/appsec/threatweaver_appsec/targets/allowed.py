"""What the operator allows beyond what is verified: TW_APPSEC_ALLOWED_TARGETS."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from threatweaver_appsec.engine.scope import Network, origin_of

SETTING = "allowed_targets"


@dataclass(frozen=True, slots=True)
class AllowList:
    """Origins that need no proof, and networks that may be scanned although they are not public."""

    origins: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def names(self, url: str) -> bool:
        """Say whether a target needs no proof: its origin, its host or its address is listed."""
        host = urlsplit(url).hostname or ""
        if origin_of(url) in self.origins or host in self.hosts:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks if network.version == address.version)


def parse(text: str) -> AllowList:
    """Return the allow-list that a setting says: origins, hosts and networks, separated by blanks."""
    origins, hosts, networks = set[str](), set[str](), list[Network]()
    for item in text.replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(item, strict=False))
        except ValueError:
            origin = origin_of(item)
            (origins.add(origin) if origin else hosts.add(item.lower()))
    return AllowList(frozenset(origins), frozenset(hosts), tuple(networks))


def of(settings: Mapping[str, Mapping[str, int | str]]) -> AllowList:
    """Return the allow-list of the plugins' settings."""
    return parse(str(settings["appsec"][SETTING]))
