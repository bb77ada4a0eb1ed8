"""The least a signed-in answer can cost: aiohttp, a PyJWT check of the bearer token, a body that is there.

Started by signed_in.py with port, key file and body file; no session, no tenant, no permission.
"""

import sys
from pathlib import Path

import jwt
import uvloop
from aiohttp import web


def _application(key: bytes, body: bytes) -> web.Application:
    async def serve(request: web.Request) -> web.Response:
        token = request.headers["Authorization"].partition(" ")[2]
        jwt.decode(token, key, algorithms=["HS256"])
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/", serve)
    return app


if __name__ == "__main__":
    _port, _key, _body = sys.argv[1:]
    uvloop.install()
    web.run_app(
        _application(Path(_key).read_bytes(), Path(_body).read_bytes()),
        host="127.0.0.1",
        port=int(_port),
        access_log=None,
        print=None,
    )
