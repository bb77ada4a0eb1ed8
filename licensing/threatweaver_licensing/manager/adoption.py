"""Taking over what was issued with files alone, before there was a manager."""

from collections.abc import Sequence

from threatweaver_licensing.keys import KeyRing
from threatweaver_licensing.manager import book, signing
from threatweaver_licensing.manager.book import Actor, Book
from threatweaver_licensing.manager.licenses import columns
from threatweaver_licensing.manager.models import Customer, License, ListIssue, Revoked
from threatweaver_licensing.revocations import verify_list
from threatweaver_licensing.signed import kid_of
from threatweaver_licensing.token import verify


class AdoptionRefused(ValueError):
    """What was given does not fit what is there."""


async def adopt(licenses: Sequence[str], listed: str | None, actor: Actor) -> int:
    """Take licenses and the revocation list over, all or nothing; return how many licenses were new.

    Their keys must be in the ring, and the list must come before the manager has signed one of its own:
    deployments count its numbers on. Raises Refused for what is not signed by a key of the ring.
    """
    ring = await signing.ring()
    async with book.writing(actor) as written:
        new = [await _adopt_license(token, ring, written) for token in licenses]
        if listed is not None:
            await _adopt_list(listed, ring, written)
        return sum(new)


async def _adopt_license(token: str, ring: KeyRing, written: Book) -> bool:
    claims = verify(token, ring)
    if await License.exists(jti=claims.jti):
        return False
    customer, _ = await Customer.get_or_create(name=claims.customer, defaults={"created_at": written.now})
    await License.create(
        **columns(claims), customer=customer, key_id=kid_of(token), token=token, issued_by=written.actor.name
    )
    await written.note("license.adopt", claims.jti, customer=claims.customer)
    return True


async def _adopt_list(token: str, ring: KeyRing, written: Book) -> None:
    if await ListIssue.exists():
        raise AdoptionRefused("the manager keeps a revocation list already")
    found = verify_list(token, ring)
    for entry in found.entries:
        await Revoked.create(jti=entry.jti, at=entry.at, reason=entry.reason, revoked_by=written.actor.name)
    await ListIssue.create(seq=found.seq, kid=kid_of(token), token=token, issued_at=found.issued_at)
    await written.note("list.adopt", str(found.seq), entries=len(found.entries))
