"""The manager as a process: set up, listen, stop."""

import ipaddress
import logging
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from threatweaver_licensing.manager import database, routes, signing
from threatweaver_licensing.manager.book import Actor
from threatweaver_licensing.manager.http import LARGEST_BODY, edge
from threatweaver_licensing.manager.signing import Signer


class AddressRefused(ValueError):
    """Tokens would travel in the clear: give --tls-cert and --tls-key, or --plain-http behind a proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen, and with which certificate."""

    host: str
    port: int
    tls_cert: Path | None = None
    tls_key: Path | None = None
    plain_http: bool = False


def build(name: str, signer: Signer) -> web.Application:
    """The application over a database, which signs with this key."""

    async def connected(_: web.Application) -> AsyncIterator[None]:
        async with database.opened(name, for_all_tasks=True):
            yield

    app = web.Application(middlewares=[edge], client_max_size=LARGEST_BODY)
    app[routes.SIGNER] = signer
    app.cleanup_ctx.append(connected)
    routes.add_to(app)
    return app


async def prepare(name: str, signer: Signer, actor: Actor) -> None:
    """Check the database and let the key take over. Raises DatabaseRefused, KeyRefused."""
    async with database.opened(name):
        await database.require_current()
        await signing.take_over(signer, actor)


def serve(app: web.Application, address: Address) -> None:
    """Listen until the process is told to stop; print where. Raises AddressRefused."""
    tls = _tls(address)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.create_server((address.host, address.port), family=family)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("tortoise").setLevel(logging.WARNING)
    sys.stdout.write(f"license manager on {'https' if tls else 'http'}://{shown}:{port}\n")
    sys.stdout.flush()
    web.run_app(app, sock=listening, ssl_context=tls, access_log=None, print=None)


def _tls(address: Address) -> ssl.SSLContext | None:
    if address.tls_cert is not None and address.tls_key is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(address.tls_cert, address.tls_key)
        return context
    if not address.plain_http and not _is_loopback(address.host):
        raise AddressRefused(AddressRefused.__doc__)
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
