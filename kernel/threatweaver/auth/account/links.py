"""Tokens of links in mails, and the answer that takes the same time whatever was found."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from threatweaver.auth import tokens
from threatweaver.auth.account.errors import LinkRefused
from threatweaver.auth.account.models import MailLink
from threatweaver.ids import uuid7

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

Kind = Literal["reset", "verify"]
_LIFETIME = {"reset": timedelta(hours=1), "verify": timedelta(days=2)}
_FLOOR = 0.25  # seconds; finding an account and queueing a mail takes a tenth of it


@asynccontextmanager
async def same_time() -> AsyncIterator[None]:
    """Let the block take no less than a quarter of a second, so that its length does not tell what it did."""
    until = time.monotonic() + _FLOOR
    try:
        yield
    finally:
        await asyncio.sleep(max(0.0, until - time.monotonic()))


def url(kernel: "Kernel", page: str, token: str) -> str:
    """Return a link to a page of ours, which calls the API: a scanner that follows it changes nothing."""
    return f"{kernel.settings.public_url}/{page}?token={token}"


async def create(kind: Kind, user_id: UUID) -> str:
    """Make a person's only link of a kind, in a control scope; return its token."""
    link_id = uuid7()
    token = tokens.new_for(link_id)
    await drop(kind, user_id)
    await MailLink.create(
        id=link_id,
        kind=kind,
        user_id=user_id,
        token_hash=tokens.digest(token),
        expires_at=datetime.now(UTC) + _LIFETIME[kind],
    )
    return token


async def find(kind: Kind, token: str) -> MailLink:
    """Return a link that is still good, in a control scope. Raises LinkRefused."""
    link = await MailLink.get_or_none(id=tokens.id_of(token), kind=kind)
    if link is None:
        raise LinkRefused
    check(token, link.token_hash, link.expires_at)
    return link


async def use_up(link: MailLink) -> None:
    """End a link, in a control scope. Raises LinkRefused when another request has used it."""
    if not await MailLink.filter(id=link.id).delete():
        raise LinkRefused


async def drop(kind: Kind, user_id: UUID) -> None:
    """End a person's link of a kind, in a control scope."""
    await MailLink.filter(user_id=user_id, kind=kind).delete()


async def drop_all(user_id: UUID) -> None:
    """End every link of a person, in a control scope."""
    await MailLink.filter(user_id=user_id).delete()


def check(token: str, token_hash: bytes, expires_at: datetime) -> None:
    """Raise LinkRefused unless the token is the stored one and still good."""
    if expires_at <= datetime.now(UTC) or not hmac.compare_digest(token_hash, tokens.digest(token)):
        raise LinkRefused
