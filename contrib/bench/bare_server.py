"""The least a server can do: aiohttp, an asyncpg pool and orjson around the statements of one page.

Started by overhead.py with the statements in a file; no identity, no tenant, no checks.
"""

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvloop
from aiohttp import web


async def _application(dsn: str, plan: dict[str, Any]) -> web.Application:
    settings = {"search_path": plan["schema"]}
    pool = await asyncpg.create_pool(dsn, min_size=8, max_size=8, server_settings=settings)

    async def serve(_: web.Request) -> web.Response:
        async with pool.acquire() as held:
            answers = [await held.fetch(text, *values) for text, values in plan["statements"]]
        rows = answers[0][: plan["limit"]]
        body = {"data": [dict(row) for row in rows], "meta": {"total": answers[-1][0][0]}}
        return web.Response(body=orjson.dumps(body, default=_plain), content_type="application/json")

    app = web.Application()
    app.router.add_get("/", serve)
    return app


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):  # asyncpg's own subclass, which orjson does not know
        return str(value)
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    _dsn, _port, _plan = sys.argv[1:]
    uvloop.install()
    web.run_app(
        _application(_dsn, orjson.loads(Path(_plan).read_bytes())),
        host="127.0.0.1",
        port=int(_port),
        access_log=None,
        print=None,
    )
