"""The key that signs, and the ring of keys that deployments need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tortoise.functions import Max

from threatweaver_licensing.errors import KeyRefused, RevocationsMalformed, RevocationsTooLarge
from threatweaver_licensing.keys import (
    KeyRing,
    PublicKey,
    load_private,
    public_pem,
    ring_pem,
)
from threatweaver_licensing.keys import (
    SigningKey as PrivateKey,
)
from threatweaver_licensing.manager import book
from threatweaver_licensing.manager.book import Actor, Book
from threatweaver_licensing.manager.errors import TooLarge
from threatweaver_licensing.manager.models import License, ListIssue, Revoked, SigningKey
from threatweaver_licensing.revocations import Revocation, RevocationList, issue_list

_OTHERS_MAY: Final = 0o077


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, which lives in its file and in this process only."""

    key: PrivateKey
    public: PublicKey

    def __repr__(self) -> str:
        return f"Signer({self.public.kid})"


def load_signer(path: Path, passphrase: str | None) -> Signer:
    """The key in a file that nobody but its owner may read, or KeyRefused."""
    if path.stat().st_mode & _OTHERS_MAY:
        raise KeyRefused(f"others may read {path}: chmod 600 {path}")
    key = load_private(path, passphrase)
    return Signer(key, PublicKey.of(key.public_key()))


async def announce(public: PublicKey, actor: Actor) -> bool:
    """Put a key into the ring before it signs; say whether it is new there."""
    async with book.writing(actor) as written:
        if await SigningKey.exists(kid=public.kid):
            return False
        await _add(public, written)
    return True


async def take_over(signer: Signer, actor: Actor) -> None:
    """Let this key sign from now on, and with it the revocation list.

    KeyRefused for one that was never announced while others are in use: deployments would not know it.
    """
    async with book.writing(actor) as written:
        found = await SigningKey.get_or_none(kid=signer.public.kid)
        if found is None and await SigningKey.exists():
            raise KeyRefused(
                f"key {signer.public.kid} is not in the ring: announce it with manager add-key,"
                " give the ring to all deployments, then sign with it"
            )
        found = found or await _add(signer.public, written)
        if found.activated_at is None or found.retired_at is not None:
            await _activate(found, written)
        last = await ListIssue.all().order_by("-seq").first()
        if last is None or last.kid != found.kid:
            await sign_list(signer, written)


async def _add(public: PublicKey, written: Book) -> SigningKey:
    await written.note("key.add", public.kid, algorithm=public.algorithm)
    return await SigningKey.create(
        kid=public.kid, algorithm=public.algorithm, pem=public_pem(public.key), added_at=written.now
    )


async def _activate(found: SigningKey, written: Book) -> None:
    for other in await SigningKey.filter(activated_at__isnull=False, retired_at__isnull=True):
        other.retired_at = written.now
        await other.save(update_fields=["retired_at"])
        await written.note("key.retire", other.kid)
    found.activated_at, found.retired_at = written.now, None
    await found.save(update_fields=["activated_at", "retired_at"])
    await written.note("key.activate", found.kid)


async def sign_list(signer: Signer, written: Book) -> ListIssue:
    """Sign the revocation list anew, with the next number. Raises TooLarge."""
    last = await ListIssue.all().order_by("-seq").first()
    rows = await Revoked.all().order_by("at", "jti")
    entries = tuple(Revocation(jti=row.jti, at=row.at, reason=row.reason) for row in rows)
    # An adopted list may have been issued by a clock that was ahead.
    seq, at = (1, written.now) if last is None else (last.seq + 1, max(written.now, last.issued_at))
    try:
        token = issue_list(RevocationList(seq=seq, issued_at=at, entries=entries), signer.key)
    except (RevocationsMalformed, RevocationsTooLarge):
        raise TooLarge("The revocation list is full.") from None
    await written.note("list.sign", str(seq), kid=signer.public.kid, entries=len(entries))
    return await ListIssue.create(seq=seq, kid=signer.public.kid, token=token, issued_at=at)


async def ring() -> KeyRing:
    """All keys that were ever in the ring: what the manager itself believes."""
    return KeyRing([PublicKey.from_pem(item.pem) for item in await SigningKey.all()])


async def needed(now: datetime) -> str:
    """The ring for deployments as PEM text: without keys whose licenses have all ended."""
    rows = await keys()
    wanted = [row for row in rows if row["retiredAt"] is None or _in_use(row["neededUntil"], now)]
    return ring_pem(KeyRing(PublicKey.from_pem(row["pem"]) for row in wanted))


def _in_use(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until


async def keys() -> Sequence[dict[str, Any]]:
    """All keys, each with the end of its last license's grace period: until then deployments need it."""
    ends = dict(
        await License.all().group_by("key_id").annotate(end=Max("grace_ends_at")).values_list("key_id", "end")
    )
    return [
        {
            "kid": item.kid,
            "algorithm": item.algorithm,
            "pem": item.pem,
            "addedAt": item.added_at,
            "activatedAt": item.activated_at,
            "retiredAt": item.retired_at,
            "neededUntil": ends.get(item.kid),
        }
        for item in await SigningKey.all().order_by("added_at", "kid")
    ]
