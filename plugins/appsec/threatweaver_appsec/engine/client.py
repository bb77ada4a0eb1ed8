"""Sends: within scope, rate and budget, as an identity; every request logged, all of them stopped at once."""

import asyncio
import time
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, nullcontext, suppress
from types import SimpleNamespace
from typing import Self

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from threatweaver_appsec.engine.answers import SESSION_HEADERS
from threatweaver_appsec.engine.budget import Entry, Limits, Spent
from threatweaver_appsec.engine.jar import Jar
from threatweaver_appsec.engine.messages import Exchange, Fault, Request, Response, header
from threatweaver_appsec.engine.pace import Pace
from threatweaver_appsec.engine.ports import Session
from threatweaver_appsec.engine.redact import redact, written
from threatweaver_appsec.engine.scope import Scope, origin_of
from threatweaver_appsec.engine.spared import Spared
from threatweaver_appsec.engine.wire import (
    AddressRefusedError,
    Resolve,
    ScopedResolver,
    Unpacker,
    headers_of,
    noting,
    onward_of,
)

MOST_REDIRECTS = 10
AGENT = "Mozilla/5.0 (compatible; ThreatWeaver)"
ATTRIBUTION = "X-ThreatWeaver-Scan"
MOST_RETIRED = 1_000  # secrets of sessions that are over
PAUSES = (0.5, 1.0, 2.0)  # seconds until the next try where nobody listens who has answered before
STREAMS = frozenset({"text/event-stream", "multipart/x-mixed-replace"})
STREAM_SECONDS = 2.0  # of a stream are listened to: it has no end that is waited for
DEFAULTS = (("User-Agent", AGENT), ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate"))


Hear = Callable[[Exchange, Entry], None]


class Client:
    """A `ports.Sender`, to be used as an async context manager."""

    def __init__(
        self,
        scope: Scope,
        limits: Limits,
        scan: str,
        hear: Hear,
        *,
        base: str = "",
        resolve: Resolve | None = None,
    ) -> None:
        self.scope, self.limits, self.base = scope, limits, base
        self.spared = Spared(anybody=False)
        self.spent = Spent()
        self.stopped = False
        self.last_fault: Fault | None = None
        """Why the last request had no answer, None where it had one."""
        self._scan, self._hear = scan, hear
        self._resolver = ScopedResolver(scope, resolve)
        self._jars: dict[str, Jar] = {}
        self._sessions: dict[str, Session] = {}
        self._retired: frozenset[str] = frozenset()
        self._seen: set[str] = set()
        """Origins that have answered."""
        self._entered: Counter[str] = Counter()
        self._paces: dict[str, Pace] = {}
        self._flying: set[asyncio.Timeout] = set()
        self._open = AsyncExitStack()
        self._number = 0
        self._began = time.monotonic()

    async def __aenter__(self) -> Self:
        self._began = time.monotonic() - self.spent.seconds
        connector = aiohttp.TCPConnector(
            resolver=self._resolver, limit=0, ssl=False, happy_eyeballs_delay=None, keepalive_timeout=10
        )  # a scanner looks at certificates; it does not depend on them
        self._http = await self._open.enter_async_context(
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
                trace_configs=[noting()],
                read_bufsize=65_536,
                max_line_size=32_768,
                max_field_size=32_768,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.spent.seconds = self.elapsed
        await self._open.aclose()

    @property
    def elapsed(self) -> float:
        """Seconds since the scan began, pauses between resumptions left out."""
        return time.monotonic() - self._began

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return bool(self._flying)

    @property
    def exhausted(self) -> str | None:
        """Which budget is used up, None where none is."""
        if self.spent.requests >= self.limits.requests:
            return f"budget of {self.limits.requests} requests"
        if self.elapsed >= self.limits.seconds:
            return f"budget of {self.limits.seconds:.0f} seconds"
        return f"budget of {self.limits.bytes} bytes" if self.spent.bytes >= self.limits.bytes else None

    def enter(self, identity: str, session: Session) -> None:
        """Carry a session with each request of an identity from now on."""
        self._sessions[identity] = session
        self._entered[identity] += 1
        for name, value in session.cookies:
            self._jars.setdefault(identity, Jar()).put(self.base, name, value)

    def session_number(self, identity: str | None) -> int:
        """Return which of an identity's sessions it is now: what a page gave in another one holds no more."""
        return self._entered[identity] if identity else 0

    def forget(self, identity: str) -> None:
        """Empty an identity's jar and session; what it signed with stays a secret."""
        if len(self._retired) < MOST_RETIRED:
            self._retired |= self.secrets()
        self._jars.pop(identity, None)
        self._sessions.pop(identity, None)

    def secrets(self) -> frozenset[str]:
        """Return the values that identities sign requests with, so that no stored text has them."""
        values = {value for jar in self._jars.values() for value in jar.values()}
        sent = {value for session in self._sessions.values() for _, value in session.headers}
        sent |= {text.split(" ")[-1] for text in sent}
        told = {secret for session in self._sessions.values() for secret in session.secrets}
        whole = {value for value in values | sent if len(value) >= 8} | told
        return self._retired.union(*(written(value) for value in whole))

    def stop(self) -> None:
        """Send nothing more, and end what is under way."""
        self.stopped = True
        now = asyncio.get_running_loop().time()
        for alarm in tuple(self._flying):
            alarm.reschedule(now)

    def refusal(self, request: Request) -> str | None:
        """Return why a request would not be sent, None where it would; the name is not resolved for this."""
        return self.scope.refusal(request) or self.spared.refusal(request, own=True)

    async def send(
        self,
        request: Request,
        *,
        identity: str | None = None,
        follow: bool = False,
        agent: str = "",
        urgent: bool = False,
    ) -> Exchange:
        """Send; `urgent` waits for no turn and for an answer a fifth as long: whether a target lives."""
        exchange = await self._one(request, identity, agent, urgent=urgent)
        for _ in range(MOST_REDIRECTS if follow else 0):
            onward = onward_of(request, exchange)
            if onward is None:
                break
            after = await self._one(onward, identity, agent, urgent=urgent)
            if after.fault is Fault.OUT_OF_SCOPE:
                break  # the log says where it was not followed to
            request, exchange = onward, after
        return exchange

    async def send_together(
        self, requests: Sequence[Request], *, identity: str | None = None, agent: str = ""
    ) -> list[Exchange]:
        """Send at the same moment, for races: none of them waits for a turn."""
        sent = (self._one(request, identity, agent, urgent=True) for request in requests)
        return list(await asyncio.gather(*sent))

    async def _one(self, request: Request, identity: str | None, agent: str, *, urgent: bool) -> Exchange:
        if self.stopped:
            return self._told(request, None, Fault.STOPPED, identity, agent)
        own = identity is not None or self._is_signed(request)
        if why := self.scope.refusal(request) or self.spared.refusal(request, own=own):
            return self._told(request, None, Fault.OUT_OF_SCOPE, identity, agent, why)
        if why := self.exhausted:
            return self._told(request, None, Fault.OVER_BUDGET, identity, agent, why)
        self.spent.requests += 1
        origin = origin_of(request.url) or ""
        pace = self._paces.setdefault(origin, Pace(self.limits.per_second, self.limits.together))
        dressed = self._dressed(request, identity)
        response, fault, why = await self._answer(dressed, None if urgent else pace)
        self.last_fault = fault
        if fault is None or fault is Fault.TIMEOUT:
            seconds = response.seconds if response else self.limits.answer_seconds
            retry = response.header("Retry-After") if response else None
            pace.heard(request.parts.path, response.status if response else 0, seconds, retry)
        if response and identity is not None:
            self._jars.setdefault(identity, Jar()).take(request.url, response.headers)
        self.spent.bytes += response.length if response else 0
        return self._told(dressed, response, fault, identity, agent, why)

    async def _answer(self, request: Request, pace: Pace | None) -> tuple[Response | None, Fault | None, str]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limits.seconds - self.elapsed
        try:
            async with asyncio.timeout_at(end) as alarm, AsyncExitStack() as turn:
                self._flying.add(alarm)
                try:
                    if pace:
                        await turn.enter_async_context(pace.turn(request.parts.path))
                    wait = self.limits.answer_seconds / (1 if pace else 5)
                    if not self.stopped:
                        alarm.reschedule(min(end, loop.time() + wait))
                    return await self._returned(request, PAUSES if pace else ()), None, ""
                finally:
                    self._flying.discard(alarm)
        except TimeoutError:
            late = Fault.OVER_BUDGET if self.exhausted else Fault.TIMEOUT
            return None, Fault.STOPPED if self.stopped else late, ""
        except AddressRefusedError as error:
            return None, Fault.OUT_OF_SCOPE, str(error)
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error.os_error, AddressRefusedError)
            return None, Fault.OUT_OF_SCOPE if refused else Fault.REFUSED, str(error.os_error)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError) as error:
            return None, Fault.RESET, type(error).__name__
        except (aiohttp.ClientError, ValueError, zlib.error, AssertionError) as error:
            return None, Fault.MALFORMED, type(error).__name__  # assertions: aiohttp's own, on odd requests

    async def _returned(self, request: Request, pauses: Sequence[float]) -> Response:
        """Send; again where nobody listens any more: who ended by an attack is often started anew."""
        origin = origin_of(request.url) or ""
        for seconds in pauses if origin in self._seen else ():
            try:
                return await self._exchange(request)
            except aiohttp.ClientConnectorError as error:
                if isinstance(error.os_error, AddressRefusedError):
                    raise
                await asyncio.sleep(seconds)
        self._seen.discard(origin)  # the next one need not wait for it, too
        answer = await self._exchange(request)
        self._seen.add(origin)
        return answer

    async def _exchange(self, request: Request) -> Response:
        """Send; once more where a connection that was kept had been closed meanwhile, as browsers do."""
        sent = SimpleNamespace(at=time.monotonic(), kept=False)
        try:
            return await self._sent(request, sent)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            if not sent.kept:
                raise
            return await self._sent(request, sent)

    async def _sent(self, request: Request, sent: SimpleNamespace) -> Response:
        headers: CIMultiDict[str] = CIMultiDict(request.headers)
        for name, value in (*DEFAULTS, (ATTRIBUTION, self._scan)):
            headers.setdefault(name, value)
        async with self._http.request(
            request.method,
            URL(request.url, encoded=True),
            headers=headers,
            data=request.body or None,
            allow_redirects=False,
            trace_request_ctx=sent,
        ) as answer:
            seconds = max(0.0, time.monotonic() - sent.at)
            encoding = answer.headers.get("Content-Encoding", "").strip().lower()
            body = Unpacker(encoding, self.limits.body)
            endless = answer.content_type in STREAMS
            with suppress(TimeoutError) if endless else nullcontext():
                async with asyncio.timeout(STREAM_SECONDS if endless else None):
                    async for piece in answer.content.iter_any():
                        if not body.feed(piece):
                            break
            if not answer.content.at_eof():
                body.truncated = True
                answer.close()
            return Response(
                answer.status, headers_of(answer), body.body(), seconds, body.truncated, body.received
            )

    def _is_signed(self, request: Request) -> bool:
        """Whether a request carries the session of an identity in its own headers."""
        said = " ".join(value for name, value in request.headers if SESSION_HEADERS.match(name))
        return bool(said) and any(value in said for value in self.secrets())

    def _dressed(self, request: Request, identity: str | None) -> Request:
        """The request with what the identity's session adds; what it says itself stands."""
        if identity is None:
            return request
        for name, value in self._sessions.get(identity, Session()).headers:
            if header(request.headers, name) is None:
                request = request.with_header(name, value)
        jar = self._jars.get(identity)
        pairs = jar.pairs(request.url) if jar else {}
        if not pairs:
            return request
        own = (part.strip().partition("=") for part in (header(request.headers, "Cookie") or "").split(";"))
        pairs |= {name: value for name, _, value in own if name}
        return request.with_header("Cookie", "; ".join(f"{name}={value}" for name, value in pairs.items()))

    def _told(
        self,
        request: Request,
        response: Response | None,
        fault: Fault | None,
        identity: str | None,
        agent: str,
        why: str = "",
    ) -> Exchange:
        self._number += 1
        exchange = Exchange(request, response, fault, identity or "", self._number)
        entry = Entry(
            self._number,
            time.time(),
            request.method,
            redact(request.url, self.secrets())[:2000],
            exchange.status,
            round(response.seconds, 4) if response else 0.0,
            response.length if response else 0,
            identity or "",
            agent,
            fault or "",
            why[:300],
        )
        self._hear(exchange, entry)
        return exchange
