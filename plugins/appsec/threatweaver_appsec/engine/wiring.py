"""Puts a scan together from what an operator says: scope of a base, documents, discovery."""

from collections.abc import Sequence
from pathlib import Path

from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.credentials import password_of
from threatweaver_appsec.engine.discover.discovery import Discovery
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.ports import Login
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of

LONGEST_DOCUMENT = 20_000_000  # bytes


def scope_of(
    base: str,
    *,
    private: bool = False,
    safe: bool = True,
    exclusions: Sequence[str] = (),
    prefixes: Sequence[str] = ("/",),
) -> Scope:
    """Return the scope of a base's origin. Raises ValueError where the base is no http(s) URL."""
    origin = origin_of(base)
    if origin is None:
        raise ValueError(f"{base} is no http(s) URL")
    allowed = PRIVATE if private else ()
    return Scope(frozenset({origin}), tuple(prefixes), tuple(exclusions), safe, allowed)


async def document(place: str, scope: Scope) -> bytes:
    """Return what stands in a file, or at a URL in scope. Raises ValueError where nothing is there."""
    if "://" not in place:
        return Path(place).read_bytes()
    limits = Limits(requests=20, seconds=60, body=LONGEST_DOCUMENT)
    async with Client(scope, limits, "document", lambda *_: None) as client:
        answer = await client.send(Request("GET", place), follow=True)
    if answer.response is None or answer.status != 200 or answer.response.truncated:
        raise ValueError(f"{place} cannot be read: {answer.fault or f'status {answer.status}'}")
    return answer.response.body


def discovery_of(
    *, safe: bool, documents: Sequence[bytes] = (), crawl: bool = True, logins: Sequence[Login] = ()
) -> Discovery:
    """Return how a scan finds what its target can be asked."""
    password = password_of(next(iter(logins), None))
    return Discovery(safe=safe, documents=tuple(documents), crawl=crawl, password=password)
