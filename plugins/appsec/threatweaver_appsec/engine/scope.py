"""What may be asked: pure decisions on a request and on the address that its name resolves to."""

import ipaddress
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

from threatweaver_appsec.engine.messages import Request

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = {"http": 80, "https": 443}
DESTRUCTIVE = frozenset({"DELETE", "PATCH", "PUT"})
NEVER = frozenset({"CONNECT"})  # makes a proxy of the target
METADATA = tuple(
    ipaddress.ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
PRIVATE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
        *("::1/128", "fc00::/7"),
    )
)
"""What an operator who allows private ranges means; link-local addresses and metadata are not among them."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Scope:
    """Origins as `origin_of` writes them, and what holds within them."""

    origins: frozenset[str]
    prefixes: tuple[str, ...] = ("/",)
    """A path that leaves them with dots, encoded ones included, is outside."""
    exclusions: tuple[str, ...] = ()
    """Shell patterns of paths, or of URLs: /logout*, */admin/*, http://a.test/x?y=*."""
    safe: bool = True
    """Refuse `DESTRUCTIVE` methods."""
    allowed: tuple[Network, ...] = ()
    """Addresses that are allowed although they are not public. Metadata needs a network of its own here."""

    def refusal(self, request: Request) -> str | None:
        """Return why a request may not be sent, None where it may, provided that its address may be asked."""
        origin = origin_of(request.url)
        if origin is None:
            return "no http URL"
        if origin not in self.origins:
            return f"origin {origin} is not in scope"
        method = request.method.upper()
        if method in NEVER or not method.isalpha():
            return f"method {method[:20]} is never sent"
        if self.safe and method in DESTRUCTIVE:
            return f"method {method} is not sent in safe mode"
        return self._path_refusal(request.url) or self._literal_refusal(request.url)

    def address_refusal(self, text: str) -> str | None:
        """Return why an address may not be connected to, None where it may."""
        try:
            addresses = list(_meant(ipaddress.ip_address(text.partition("%")[0])))
        except ValueError:
            return f"{text[:60]} is no address"
        return next((why for address in addresses if (why := self._refusal_of(address))), None)

    def _refusal_of(self, address: Address) -> str | None:
        allowed = [net for net in self.allowed if address.version == net.version and address in net]
        if address in METADATA:
            exact = any(net.num_addresses == 1 for net in allowed)
            return None if exact else f"{address} serves a cloud's metadata"
        if allowed:
            return None
        if address.is_link_local:
            return f"{address} is link-local"
        return None if address.is_global and not address.is_multicast else f"{address} is not public"

    def _path_refusal(self, url: str) -> str | None:
        parts = urlsplit(url)
        raw = parts.path or "/"
        forms = {raw, _plain(raw)}
        if not all(any(_under(path, prefix) for prefix in self.prefixes) for path in forms):
            return "path is not in scope"
        for pattern in self.exclusions:
            if any(fnmatchcase(text, pattern) for text in (*forms, url)):
                return f"excluded by {pattern}"
        return None

    def _literal_refusal(self, url: str) -> str | None:
        host = urlsplit(url).hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return None
        return self.address_refusal(host)


def origin_of(url: str) -> str | None:
    """Return scheme://host:port in lower case, the port always said; None of what is no http(s) URL."""
    if any(char <= " " or char == "\x7f" for char in url):
        return None  # parsers disagree on what to do with them
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in PORTS or not host or "@" in parts.netloc:
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port or PORTS[parts.scheme]}"


def _meant(address: Address) -> Iterator[Address]:
    """The address, and the one of IPv4 that it leads to; one that is mapped is nothing but that."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
    elif address.ipv4_mapped:
        yield address.ipv4_mapped
    else:
        yield address
        inner = address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            yield inner


def _plain(path: str) -> str:
    """The path as a server may read it: decoded until nothing is left to decode, without dots."""
    for _ in range(5):
        decoded = unquote(path)
        if decoded == path:
            break
        path = decoded
    path = path.replace("\\", "/").replace("\0", "")
    plain = posixpath.normpath("/" + path.lstrip("/"))
    return plain + "/" if path.endswith("/") and plain != "/" else plain


def _under(path: str, prefix: str) -> bool:
    bare = prefix.rstrip("/")
    return path == bare or path.startswith(f"{bare}/")
