"""Who the client is: the peer itself, or whom a trusted proxy names (RFC 7239 or the X-Forwarded headers).

Headers of anybody else are ignored. A trusted proxy's header is read from the right, hop by hop, as far as
hops are trusted; one that cannot be read that far is refused, because to guess would let a client pose as
its proxy. When both kinds are there they must agree: one of them may be the client's own invention.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

from threatweaver.http.errors import ValidationFailed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NODE = re.compile(
    r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?|([0-9.]{7,15})(?::[0-9]{1,5})?|([0-9A-Fa-f:.]{2,45})"
)
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR = rf"{_WORD}=(?:{_WORD}|\"(?:[^\"\\]|\\.)*\")"
_ELEMENT = re.compile(rf"\s*({_PAIR}(?:\s*;\s*{_PAIR})*)\s*(?:,|$)", re.DOTALL)
_PAIRS = re.compile(rf"({_WORD})=(?:({_WORD})|\"((?:[^\"\\]|\\.)*)\")", re.DOTALL)
_MOST_HOPS = 32
KEY = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request comes from, and what it asked for: `host` is host and port as the client wrote them."""

    address: str
    secure: bool
    host: str

    @property
    def local(self) -> bool:
        """Say whether the client is on this machine."""
        return self.address == "::1" or self.address.startswith("127.")


@dataclass(frozen=True, slots=True)
class _Hop:
    """What one proxy said: who asked it, how, for which host; "" where it said nothing."""

    node: str
    proto: str = ""
    host: str = ""


class Proxies:
    """The networks whose forwarding headers are believed."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._trusted = trusted
        self._peer = lru_cache(maxsize=4096)(self._look_up)

    def identify(self, request: web.Request) -> Client:
        """Find out the client of a request and remember it there. Raises ValidationFailed."""
        address, trusted = self._peer(request.remote or "")
        client = Client(address=address, secure=request.secure, host=request.host)
        if trusted:
            client = self._behind(request, client)
        request[KEY] = client
        return client

    def _look_up(self, peer: str) -> tuple[str, bool]:
        address = parse(peer)
        return (str(address), self._trusts(address)) if address else (peer, False)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _behind(self, request: web.Request, proxy: Client) -> Client:
        headers = request.headers
        plain = _addresses(headers.getall("X-Forwarded-For", []))
        standard = _elements(headers.getall("Forwarded", []))
        named = [
            self._first_untrusted(hops, header)
            for hops, header in ((standard, "Forwarded"), (plain, "X-Forwarded-For"))
            if hops
        ]
        if not named:
            return proxy
        (address, hop), (other, _) = named[0], named[-1]
        if address != other:
            raise _refused("Forwarded", "It names another client than X-Forwarded-For.")
        proto = hop.proto or _last(headers.getall("X-Forwarded-Proto", [])) or ""
        host = hop.host or _last(headers.getall("X-Forwarded-Host", []))
        return Client(
            address=address,
            secure=proto.lower() == "https" if proto else proxy.secure,
            host=host or proxy.host,
        )

    def _first_untrusted(self, hops: list[_Hop], header: str) -> tuple[str, _Hop]:
        """Walk from our proxy outward to the first hop that is none of ours; all ours: the outermost."""
        for hop in reversed(hops):
            address = parse(hop.node)
            if address is None:
                raise _refused(header, "It does not name the client's address.")
            if not self._trusts(address):
                break
        return str(address), hop


def of(request: web.Request) -> Client:
    """Return the client that `identify` found."""
    client: Client = request[KEY]
    return client


def is_secure(request: web.Request) -> bool:
    """Say whether the client speaks TLS; of one that could not be told, whether the peer does."""
    known: Client | None = request.get(KEY)
    return request.secure if known is None else known.secure


def parse(text: str) -> Address | None:
    """Return the address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`, else None.

    An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is returned as the IPv4 address it is.
    """
    match = _NODE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        address = ip_address(match[1] or match[2] or match[3])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _addresses(values: list[str]) -> list[_Hop]:
    hops = [_Hop(part) for value in values for part in value.split(",")]
    return _bounded(hops, "X-Forwarded-For")


def _elements(values: list[str]) -> list[_Hop]:
    """Parse `Forwarded` strictly: a quote that a client left open must not swallow what our proxy added."""
    text = ", ".join(values)
    hops, position = [], 0
    while position < len(text):
        match = _ELEMENT.match(text, position)
        if match is None:
            raise _refused("Forwarded", "It is not written as RFC 7239 says.")
        pairs = {name.lower(): token or _unquoted(quoted) for name, token, quoted in _PAIRS.findall(match[1])}
        hops.append(_Hop(pairs.get("for", ""), pairs.get("proto", ""), pairs.get("host", "")))
        position = match.end()
    return _bounded(hops, "Forwarded")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _bounded(hops: list[_Hop], header: str) -> list[_Hop]:
    if len(hops) > _MOST_HOPS:
        raise _refused(header, f"It names more than {_MOST_HOPS} hops.")
    return hops


def _last(values: list[str]) -> str:
    return values[-1].rsplit(",", 1)[-1].strip() if values else ""


def _refused(header: str, message: str) -> ValidationFailed:
    return ValidationFailed("Invalid header", [{"field": header, "message": message}])
