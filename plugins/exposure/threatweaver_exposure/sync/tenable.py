"""Tenable's export API: start or adopt an export, see how far it is, fetch its chunks.

Protocol: developer.tenable.com, "Export vulnerabilities" and "Export assets", as pyTenable speaks it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

import orjson

from threatweaver.sdk import SEVERITIES, OutboundFailed, outbound_request
from threatweaver_exposure.sync.errors import KeysRefused, TenableRefused

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from threatweaver.sdk import JobRun

MOST_BYTES = 1 << 30
_TRIES = 6
_LONGEST_WAIT = 300.0  # seconds
_EVER = 1_262_304_000  # 2010: without a time Tenable gives the last 30 days
_STATES = ("OPEN", "REOPENED", "FIXED")
_CHUNK_TIME = 600.0
_AGAIN = frozenset({429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})

Pause = Callable[[float], Awaitable[None]]


class Kind(StrEnum):
    """What is exported, in the order in which it is fetched."""

    ASSETS = "assets"
    FINDINGS = "findings"


_PATHS = {Kind.ASSETS: "/assets/export", Kind.FINDINGS: "/vulns/export"}


class ExportGone(Exception):
    """Tenable does not know the export any more: it keeps one for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an export is: `chunks` can be fetched; `total` is how many there will be, if that is known."""

    finished: bool
    chunks: tuple[int, ...]
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenable:
    """An account at Tenable, or what speaks its protocol at `url`; `pause` waits between two tries."""

    kernel: Any
    url: str
    keys: str  # accessKey=…;secretKey=…
    pause: Pause = asyncio.sleep

    async def check(self) -> None:
        """Ask who the keys belong to. Raises TenableRefused, OutboundRefused, OutboundFailed."""
        async with self._once("GET", "/session") as answer:
            _judge(answer)

    async def start(
        self, kind: Kind, *, since: datetime | None, assets_per_chunk: int, minimum_severity: int
    ) -> UUID:
        """Start an export and return its id; of one that runs already with the same filters, its id."""
        after = int(since.timestamp()) if since else None
        if kind is Kind.ASSETS:
            asked: dict[str, Any] = {"chunk_size": 1000}
            if after:
                asked["filters"] = {"updated_at": after}
        else:
            wanted = [name.lower() for name in SEVERITIES[minimum_severity:]]
            asked = {
                "num_assets": assets_per_chunk,
                "filters": {"since": after or _EVER, "state": _STATES, "severity": wanted},
            }
        async with self._patiently("POST", _PATHS[kind], data=orjson.dumps(asked), adopt=True) as answer:
            said = await _read(answer)
        name = "active_job_id" if answer.status == 409 else "export_uuid"
        try:
            return UUID(str(said[name]))
        except (KeyError, ValueError):
            raise TenableRefused("Tenable started no export.") from None

    async def progress(self, kind: Kind, export_id: UUID) -> Progress:
        """Return how far an export is. Raises ExportGone, and TenableRefused for one that failed."""
        async with self._patiently("GET", f"{_PATHS[kind]}/{export_id}/status") as answer:
            said = await _read(answer)
        status = said.get("status")
        if status in {"ERROR", "CANCELLED"}:
            raise ExportGone
        chunks, total = said.get("chunks_available") or [], said.get("total_chunks")
        if not isinstance(chunks, list) or not all(type(number) is int and number > 0 for number in chunks):
            raise TenableRefused("Tenable's list of chunks cannot be read.")
        finished = status == "FINISHED"
        return Progress(
            finished=finished,
            chunks=tuple(sorted(set(chunks))),
            total=total if type(total) is int else len(chunks) if finished else None,
        )

    async def fetch(self, kind: Kind, export_id: UUID, number: int, path: Path) -> None:
        """Write a chunk into a file. Raises ExportGone, TenableRefused."""
        with path.open("wb") as file:
            where = f"{_PATHS[kind]}/{export_id}/chunks/{number}"
            async with self._patiently("GET", where, file=file):
                pass

    @asynccontextmanager
    async def _patiently(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        file: BinaryIO | None = None,
        adopt: bool = False,
    ) -> AsyncIterator["ClientResponse"]:
        """Send a request, again after the time that a busy or ailing server asks for."""
        for tried in range(1, _TRIES + 1):
            wait = min(2.0**tried, _LONGEST_WAIT)
            try:
                async with self._once(method, path, data=data, file=file) as answer:
                    if answer.status in _AGAIN:
                        wait = _asked_for(answer.headers) or wait
                    elif answer.status in _GONE and method == "GET":
                        raise ExportGone
                    else:
                        if not (adopt and answer.status == 409):
                            _judge(answer)
                        yield answer
                        return
            except OutboundFailed:
                if tried == _TRIES:
                    raise
            if file is not None:
                file.seek(0)
                file.truncate()
            await self.pause(wait)
        raise TenableRefused("Tenable was too busy or ailing for too long.")

    @asynccontextmanager
    async def _once(
        self, method: str, path: str, *, data: bytes | None = None, file: BinaryIO | None = None
    ) -> AsyncIterator["ClientResponse"]:
        headers = {
            "X-ApiKeys": self.keys,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "Integration/1.0 (ThreatWeaver; ThreatWeaver; Build/1.0)",
        }
        async with outbound_request(
            self.kernel,
            method,
            self.url.rstrip("/") + path,
            headers=headers,
            data=data,
            timeout=_CHUNK_TIME if file else 60.0,
            file=file,
            most=MOST_BYTES,
        ) as answer:
            yield answer


async def wait(run: "JobRun", seconds: float) -> None:
    """Wait, but not when the worker is to stop."""
    try:
        async with asyncio.timeout(seconds):
            await run.stopping.wait()
    except TimeoutError:
        return


async def _read(answer: "ClientResponse") -> dict[str, Any]:
    try:
        said = orjson.loads(await answer.read())
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise TenableRefused("Tenable's answer is no JSON object.")
    return said


def _judge(answer: "ClientResponse") -> None:
    if answer.status in {401, 403}:
        raise KeysRefused
    if not 200 <= answer.status < 300:
        raise TenableRefused(f"Tenable answered {answer.status}.")


def _asked_for(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdecimal() else None
