"""Real exports of Tenable, recorded by pyTenable's tests, served in as many chunks as a test wants."""

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer

ROOT = Path(__file__).resolve().parents[4]
CASSETTES = (
    Path(os.environ.get("TW_TEST_DATA", ROOT.parent / "shared" / "data"))
    / "peers-api"
    / "tenable-cassettes.jsonl.gz"
)
_RECORDED = {"assets": "test_exports_assets.yaml", "vulns": "test_exports_vulns.yaml"}


@cache
def recorded(kind: str) -> list[dict[str, Any]]:
    """The records of the one whole chunk of each kind; a copy each time would be slow, so leave them be."""
    with gzip.open(CASSETTES, "rt") as lines:
        for line in lines:
            if _RECORDED[kind] in line and "/chunks/1" in line:
                return json.loads(line)["json"]
    raise LookupError(kind)


class Recording:
    """A server that speaks the export protocol; `faults` are answers given before the real one."""

    def __init__(self, *, chunks: int = 4, **records: list[Any]) -> None:
        self.exports: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.fetched: Counter[tuple[str, int]] = Counter()
        self.faults: list[tuple[str, web.Response | bytes]] = []
        self.after_chunk: Callable[[], None] = lambda: None
        self.busy = False  # it exports already what it is asked for
        self.chunks = {
            kind: split(records.get(kind, recorded(kind)), chunks if kind == "vulns" else 2)
            for kind in _RECORDED
        }
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    async def _answer(self, request: web.Request) -> web.Response:
        for number, (part, fault) in enumerate(self.faults):
            if part in request.path:
                del self.faults[number]
                return web.Response(body=fault) if isinstance(fault, bytes) else fault
        if request.headers.get("X-ApiKeys") != "accessKey=a;secretKey=s":
            return web.json_response({"error": "Invalid Credentials"}, status=401)
        if request.path == "/session":
            return web.json_response({"username": "recorded"})
        kind, _, *rest = request.path.strip("/").split("/")
        return self._export(kind, *rest) if rest else await self._start(kind, request)

    async def _start(self, kind: str, request: web.Request) -> web.Response:
        self.asked.append((kind, await request.json()))
        if self.busy:
            return web.json_response({"active_job_id": self._begin(kind, str(uuid4()))}, status=409)
        return web.json_response({"export_uuid": self._begin(kind, str(uuid4()))})

    def _export(self, kind: str, export_id: str, *rest: str) -> web.Response:
        if export_id not in self.exports:
            return web.json_response({"error": "unknown"}, status=404)
        if rest == ("status",):
            numbers = list(range(1, len(self.chunks[kind]) + 1))
            return web.json_response({"status": "FINISHED", "chunks_available": numbers})
        number = int(rest[-1])
        self.fetched[kind, number] += 1
        self.after_chunk()
        return web.json_response(self.chunks[kind][number - 1])

    def _begin(self, kind: str, export_id: str) -> str:
        self.exports[export_id] = kind
        return export_id


def split(records: list[Any], count: int) -> list[list[Any]]:
    """The records in so many parts."""
    size = max(1, -(-len(records) // count))
    return [records[start : start + size] for start in range(0, len(records), size)]
