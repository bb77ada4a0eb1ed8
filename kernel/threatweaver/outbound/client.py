"""HTTP requests to where a user says: resolved once, checked, pinned, bounded; every redirect alike."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from threatweaver import addresses, log
from threatweaver.outbound.errors import OutboundFailed, OutboundRefused
from threatweaver.threads import FairThreads

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

MAX_BYTES = 4 << 20
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 1 << 16
# What may follow to another origin: nothing that carries a secret.
_HARMLESS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
_NAMES = FairThreads("names", threads=32, each=2, patience=10)
_log = log.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hop:
    """One request on the way: where to, and what is sent."""

    method: str
    url: URL
    headers: Mapping[str, str]
    data: Any
    file: BinaryIO | None = None
    most: int = MAX_BYTES


class _Pinned(AbstractResolver):
    """Answers with the addresses that were checked, so that a second lookup cannot say something else."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the pinned addresses."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Hold nothing."""


class _Bounded(ClientResponse):
    """A response whose body ends the request when it grows beyond MAX_BYTES, unpacked."""

    async def save(self, file: BinaryIO, most: int) -> None:
        """Write the body into a file. Raises OutboundFailed when it is larger than `most` bytes."""
        self._body = b""
        async for chunk in self._chunks(most):
            await asyncio.to_thread(file.write, chunk)

    async def read(self) -> bytes:
        """Return the body. Raises OutboundFailed when it is too large."""
        if self._body is None:
            self._body = b"".join([chunk async for chunk in self._chunks(MAX_BYTES)])
        return self._body  # the library's own method refuses once the connection is given back

    async def _chunks(self, most: int) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > most:
                self.close()
                raise OutboundFailed
            yield chunk


async def resolve(kernel: "Kernel", host: str) -> list[str]:
    """Return the checked addresses of a host, for protocols other than HTTP: connect to one of these.

    Raises OutboundRefused when one is not allowed, OutboundFailed when there is none.
    """
    return await _checked(kernel, host, None)


async def _checked(kernel: "Kernel", host: str, port: int | None) -> list[str]:
    try:
        infos = await _NAMES.run(host, socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundFailed from None
    found = list(dict.fromkeys(str(info[4][0]) for info in infos))
    policy = addresses.parse(kernel.settings.outbound_allow, kernel.settings.outbound_ports)
    if not policy.allows(host, [addresses.address_of(text) for text in found], port=port):
        _log.warning("outbound_refused", host=host, addresses=found, port=port)
        raise OutboundRefused
    return found


@asynccontextmanager
async def request(  # noqa: PLR0913 - an option each
    kernel: "Kernel",
    method: str,
    url: str | URL,
    *,
    headers: Mapping[str, str] | None = None,
    data: Any = None,
    timeout: float = 10.0,  # noqa: ASYNC109 - of the whole: names, redirects and body
    file: BinaryIO | None = None,
    most: int = MAX_BYTES,
) -> AsyncIterator[ClientResponse]:
    """Send a request and yield the answer, its body read already (at most 4 MiB).

    With `file`, the body of an answer 200 is written there instead, at most `most` bytes of it.

    Raises OutboundRefused for a destination that is not allowed, OutboundFailed for one that does not answer
    properly within `timeout` seconds. The status of the answer is the caller's to judge.
    """
    hop = _Hop(
        method=method,
        url=_destination(url),
        headers=dict(headers or {}),
        data=data,
        file=file,
        most=most,
    )
    try:
        async with asyncio.timeout(timeout):
            response = await _follow(kernel, hop)
    except (TimeoutError, ClientError, OSError, ValueError) as error:
        _log.info("outbound_failed", host=hop.url.host, cause=repr(error)[:200])
        raise OutboundFailed from None
    yield response


def _destination(url: str | URL) -> URL:
    """Return the URL of a web page, without credentials. Raises OutboundRefused."""
    try:
        parsed = URL(url)
    except ValueError:
        raise OutboundRefused from None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.user or parsed.password:
        raise OutboundRefused
    return parsed


async def _follow(kernel: "Kernel", hop: _Hop) -> ClientResponse:
    for _ in range(_MAX_REDIRECTS + 1):
        response = await _send(kernel, hop)
        location = response.headers.get("Location")
        if response.status not in _REDIRECTS or not location:
            return response
        hop = _next(hop, response.status, _destination(hop.url.join(URL(location))))
    raise OutboundFailed


async def _send(kernel: "Kernel", hop: _Hop) -> ClientResponse:
    url = hop.url
    pinned = _Pinned(await _checked(kernel, url.host or "", url.port or 0))
    connector = TCPConnector(resolver=pinned, use_dns_cache=False, force_close=True)
    async with (
        ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            response_class=_Bounded,
            timeout=ClientTimeout(total=None),
            trust_env=False,
        ) as session,
        session.request(
            hop.method, url, headers=hop.headers, data=hop.data, allow_redirects=False
        ) as response,
    ):
        if hop.file is not None and response.status == 200 and isinstance(response, _Bounded):
            await response.save(hop.file, hop.most)
        else:
            await response.read()
        return response


def _next(hop: _Hop, status: int, url: URL) -> _Hop:
    """Return the request that a redirect asks for. Raises OutboundRefused where it would carry too much."""
    if url.scheme != "https" and hop.url.scheme == "https":
        raise OutboundRefused
    if status == 303 or (status in {301, 302} and hop.method == "POST"):
        method = "HEAD" if hop.method == "HEAD" else "GET"
        hop = replace(hop, method=method, data=None)
    if url.origin() == hop.url.origin():
        return replace(hop, url=url)
    if hop.data is not None:  # a body is meant for the one who was named
        raise OutboundRefused
    kept = {name: value for name, value in hop.headers.items() if name.lower() in _HARMLESS}
    return replace(hop, url=url, headers=kept)
