"""What is kept of a sign-in while the browser is at the provider, and where it may go after."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from aiohttp import web
from aiohttp_session import get_session

from threatweaver.http.errors import ValidationFailed
from threatweaver.sso.errors import SsoRefused

_KEY = "sso"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sign-in that began in this browser; `request` is the SAML request's id or the OpenID state."""

    provider_id: str
    request: str
    next: str
    nonce: str = ""
    verifier: str = ""


async def begin(request: web.Request, flow: Flow) -> None:
    """Bind the sign-in to this browser; one at a time, the newest."""
    (await get_session(request))[_KEY] = asdict(flow)


async def end(request: web.Request) -> Flow:
    """Return the sign-in that this browser began, and forget it. Raises SsoRefused when there is none."""
    found = await current(request)
    if found is None:
        raise SsoRefused("No sign-in was begun in this browser. Start it again.", reason="NO_FLOW")
    (await get_session(request)).invalidate()
    return found


async def current(request: web.Request) -> Flow | None:
    """Return the sign-in that this browser began, if it did."""
    kept: dict[str, Any] | None = (await get_session(request)).get(_KEY)
    return Flow(**kept) if kept else None


def once_key(provider_id: UUID, name: str) -> str:
    """Return the key under which an assertion or a state of a provider is remembered as used."""
    return sha256(f"{provider_id}:{name}".encode()).hexdigest()


def local_path(text: str) -> str:
    """Return a path of this site, as it is. Raises ValidationFailed for anything that leads elsewhere."""
    odd = "\\" in text or not text.isprintable() or " " in text
    if odd or not text.startswith("/") or text.startswith("//"):
        raise ValidationFailed(
            "Invalid query parameters", [{"field": "next", "message": "Must be a path of this site."}]
        )
    return text
