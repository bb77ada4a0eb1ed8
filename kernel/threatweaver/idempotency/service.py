"""Doing a POST once: find the answer of the first request, or keep it in the transaction of its write.

A handler's transaction holds the key's lock, so a second request meanwhile is told to wait, and a crash
leaves neither write nor answer. A handler that opens its own transactions (Scope.NONE) is preceded by a
committed claim instead: after a crash in its middle nobody can say what it did, and the key stays taken.
Only successes are kept: what was refused had no effect and may be tried again with the same key.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from aiohttp import web

from threatweaver.http.errors import ValidationFailed
from threatweaver.http.route import PUBLIC
from threatweaver.idempotency import queries
from threatweaver.idempotency.errors import (
    IdempotencyAnswerNotKept,
    IdempotencyInProgress,
    IdempotencyKeyReused,
)
from threatweaver.secrets.box import SecretBox, SecretUnreadable

if TYPE_CHECKING:
    from threatweaver.http.context import Context

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = r"[\x21-\x7e]{1,255}"
_KEY = re.compile(PATTERN)
_LARGEST = 256 << 10  # bytes of a body that is kept


@dataclass(frozen=True, slots=True)
class Request:
    """What makes two requests the same: who sends which key, and what they ask."""

    id: str
    fingerprint: str

    @property
    def purpose(self) -> str:
        """Return what the kept body is sealed for."""
        return f"idempotency.answer:{self.id}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A kept answer."""

    status: int
    content_type: str
    location: str
    body: bytes

    def response(self) -> web.Response:
        """Return it as it was given."""
        headers = {REPLAYED: "true"}
        if self.content_type:
            headers["Content-Type"] = self.content_type
        if self.location:
            headers["Location"] = self.location
        return web.Response(status=self.status, headers=headers, body=self.body)


async def of(ctx: "Context") -> Request | None:
    """Return the request's idempotency key with what it stands for, None without. Raises ValidationFailed.

    Public routes have no user to keep an answer for, and theirs are tokens: they do not read the header.
    """
    given = ctx.request.headers.get(HEADER)
    if given is None or ctx.route.method != "POST" or ctx.route.permission is PUBLIC:
        return None
    if not _KEY.fullmatch(given):
        message = "Give 1 to 255 visible ASCII characters."
        raise ValidationFailed("Invalid header", [{"field": HEADER, "message": message}])
    caller = ctx.principal
    content = ctx.upload.sha256 if ctx.upload else sha256(await ctx.request.read()).hexdigest()
    asked = (ctx.route.method, ctx.request.raw_path, content)
    return Request(_digest(str(caller.tenant_id), str(caller.user_id), given), _digest(*asked))


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


async def begin(request: Request, secrets: SecretBox) -> Answer | None:
    """Lock the key for this transaction and return the answer if it was given already.

    Raises IdempotencyInProgress, IdempotencyKeyReused, IdempotencyAnswerNotKept.
    """
    if not await queries.lock(request.id):
        raise IdempotencyInProgress
    row = await queries.find(request.id)
    if row is None:
        return None
    if row["fingerprint"] != request.fingerprint:
        raise IdempotencyKeyReused
    if row["status"] is None:
        raise IdempotencyInProgress
    return Answer(row["status"], row["content_type"], row["location"], _opened(request, row["body"], secrets))


def _opened(request: Request, body: str | None, secrets: SecretBox) -> bytes:
    if body is None:
        raise IdempotencyAnswerNotKept
    try:
        return secrets.open(body, purpose=request.purpose).encode("latin-1")
    except SecretUnreadable:
        raise IdempotencyAnswerNotKept from None


async def claim(request: Request) -> None:
    """Say that the request has begun, before a handler that opens transactions of its own."""
    await queries.store(request.id, request.fingerprint)


async def give_back(request: Request) -> None:
    """Take the claim back: the request had no effect, or its answer must not be kept."""
    await queries.forget(request.id)


async def keep(request: Request, response: web.StreamResponse, secrets: SecretBox) -> None:
    """Keep a success, its body sealed: it may hold a token that is shown once."""
    body = (response.body or b"") if isinstance(response, web.Response) else None
    sealed = None
    if isinstance(body, bytes) and len(body) <= _LARGEST:
        sealed = secrets.seal(body.decode("latin-1"), purpose=request.purpose)
    await queries.store(
        request.id,
        request.fingerprint,
        status=response.status,
        content_type=response.headers.get("Content-Type", ""),
        location=response.headers.get("Location", ""),
        body=sealed,
    )
