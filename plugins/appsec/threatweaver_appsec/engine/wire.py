"""Under the client: addresses that scope allows, bodies that stay bounded, times, where redirects lead."""

import socket
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import urldefrag, urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.scope import Scope

REDIRECTS = frozenset({301, 302, 303, 307, 308})
OF_A_BODY = frozenset({"content-type", "content-length"})

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Addresses of a name. What it returns is checked and connected to: it is not asked a second time."""


class AddressRefusedError(OSError):
    """A name leads where the scan may not go."""


class ScopedResolver(AbstractResolver):
    """Resolves names; one refused address among several refuses the name: a rebinding server mixes them."""

    def __init__(self, scope: Scope, resolve: Resolve | None = None) -> None:
        self._scope = scope
        self._resolve = resolve or self._ask
        self._system = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host, all of which may be connected to."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            if why := self._scope.address_refusal(address):
                raise AddressRefusedError(f"{host}: {why}")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Release the system's resolver."""
        await self._system.close()

    async def _ask(self, host: str, port: int) -> list[str]:
        return [found["host"] for found in await self._system.resolve(host, port, socket.AF_UNSPEC)]


class Unpacker:
    """Takes a body piece by piece and keeps its first bytes, decompressed; never holds more than those.

    Raises zlib.error for what is not compressed as the answer says.
    """

    def __init__(self, encoding: str, most: int) -> None:
        self._most = most
        self._kept = bytearray()
        self._left = zlib.decompressobj(47) if encoding in ("gzip", "x-gzip", "deflate") else None
        self._raw_deflate = encoding == "deflate"
        self.received = 0
        self.truncated = False

    def feed(self, piece: bytes) -> bool:
        """Take a piece; return whether more is wanted."""
        self.received += len(piece)
        room = self._most - len(self._kept)
        unpacked = self._unpack(piece, room + 1) if self._left else piece
        self._kept += unpacked[:room]
        endless = self._left is not None and self.received > self._most  # compressed, and yet longer
        self.truncated = len(unpacked) > room or endless
        return not self.truncated

    def body(self) -> bytes:
        """Return what was kept."""
        return bytes(self._kept)

    def _unpack(self, piece: bytes, most: int) -> bytes:
        assert self._left is not None  # noqa: S101 - said by the caller
        if self._left.eof:
            return b""  # it would keep all that comes behind the end
        try:
            return self._left.decompress(piece, most)
        except zlib.error:
            if not self._raw_deflate or self._kept:
                raise
            self._raw_deflate, self._left = (
                False,
                zlib.decompressobj(-15),
            )  # without its envelope, as some send it
            return self._left.decompress(piece, most)


def onward_of(request: Request, exchange: Exchange) -> Request | None:
    """Return the request that the redirect of an answer asks for, None where there is none.

    `request` is without what the identity's session added, which may be another one now.
    """
    place = exchange.response.header("Location") if exchange.response else None
    if not place or exchange.status not in REDIRECTS:
        return None
    try:
        url = urldefrag(urljoin(request.url, place))[0]
    except ValueError:
        return None
    if exchange.status in (307, 308):
        return replace(request, url=url)
    kept = tuple(
        pair for pair in request.headers if pair[0].lower() not in ("content-type", "content-length")
    )
    return Request("HEAD" if request.method == "HEAD" else "GET", url, kept)


def noting() -> aiohttp.TraceConfig:
    """Return what notes when the last byte of a request went out, and whether its connection was kept."""
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_note_time)
    trace.on_request_chunk_sent.append(_note_time)
    trace.on_connection_reuseconn.append(_note_kept)
    return trace


async def _note_time(_: aiohttp.ClientSession, sent: SimpleNamespace, __: object) -> None:
    """The last time that this is called is when the request's last byte went out."""
    sent.trace_request_ctx.at = time.monotonic()


async def _note_kept(_: aiohttp.ClientSession, sent: SimpleNamespace, __: object) -> None:
    sent.trace_request_ctx.kept = True


def headers_of(answer: aiohttp.ClientResponse) -> Headers:
    """Return an answer's headers in their order, as text."""
    raw = ((name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in answer.raw_headers)
    return tuple(raw)
