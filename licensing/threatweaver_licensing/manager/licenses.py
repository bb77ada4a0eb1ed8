"""What is done with licenses: issue, renew, revoke, find. No request, no schema, no status code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from threatweaver_licensing.claims import ISSUER, VERSION, Claims
from threatweaver_licensing.errors import LicenseMalformed, LicenseTooLarge
from threatweaver_licensing.issuing import end_after, renewed
from threatweaver_licensing.manager import book, signing
from threatweaver_licensing.manager.book import Actor, Book
from threatweaver_licensing.manager.errors import (
    AlreadyRenewed,
    AlreadyRevoked,
    NotFound,
    ReferenceUsed,
    TooLarge,
    UnknownCustomer,
    ValidationFailed,
)
from threatweaver_licensing.manager.models import Customer, License, ListIssue, Revoked
from threatweaver_licensing.manager.schemas import End, Order, Renewal, Search
from threatweaver_licensing.manager.signing import Signer
from threatweaver_licensing.state import Evaluation, State, evaluate
from threatweaver_licensing.token import issue as sign_license
from threatweaver_licensing.token import read_unverified, verify

_ASKED_AS = {"exp": "expires", "nbf": "notBefore"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A license with what became of it."""

    row: License
    claims: Claims
    evaluation: Evaluation
    revoked: Revoked | None
    renewed_by: str | None


async def issue(order: Order, signer: Signer, actor: Actor) -> Found:
    """Issue a license to a customer."""
    async with book.writing(actor) as written:
        customer = await Customer.get_or_none(name=order.customer)
        if customer is None:
            raise UnknownCustomer
        claims = _new_claims(order, written.now)
        row = await _store(claims, customer, signer, written, reference=order.reference)
        await written.note("license.issue", claims.jti, **_terms(claims), reference=order.reference)
        return await _found(row)


async def renew(jti: str, renewal: Renewal, signer: Signer, actor: Actor) -> Found:
    """Issue a license anew: the same but for a later end and what the renewal changes."""
    async with book.writing(actor) as written:
        row = await _get(jti)
        if await Revoked.exists(jti=jti):
            raise AlreadyRevoked
        if (newer := await License.get_or_none(renews_id=jti)) is not None:
            raise AlreadyRenewed(renewedBy=newer.jti)
        # Verified, so that a row changed behind our back is not signed as ours.
        old = verify(row.token, await signing.ring())
        claims = _renewed_claims(old, renewal, written.now)
        made = await _store(claims, row.customer, signer, written, reference=renewal.reference, renews=row)
        await written.note(
            "license.renew", claims.jti, **_terms(claims), renews=jti, reference=renewal.reference
        )
        return await _found(made)


async def revoke(jti: str, reason: str, signer: Signer, actor: Actor) -> tuple[Found, ListIssue]:
    """Take a license back for good, and sign the list that says so."""
    async with book.writing(actor) as written:
        row = await _get(jti)
        if await Revoked.exists(jti=jti):
            raise AlreadyRevoked
        await Revoked.create(jti=jti, at=written.now, reason=reason, revoked_by=actor.name)
        await written.note("license.revoke", jti, reason=reason)
        listed = await signing.sign_list(signer, written)
        return await _found(row), listed


async def download(jti: str, actor: Actor) -> License:
    """The license to hand out; that it was handed out is noted."""
    async with book.writing(actor) as written:
        row = await _get(jti)
        await written.note("license.download", jti)
        return row


async def get(jti: str) -> tuple[Found, Sequence[Found]]:
    """A license, and all of its line from the first issue to the last renewal."""
    row = await _get(jti)
    line = [row]
    while line[0].renews_id is not None:
        line.insert(0, await _get(line[0].renews_id))
    while (newer := await License.get_or_none(renews_id=line[-1].jti).select_related("customer")) is not None:
        line.append(newer)
    return await _found(row), await _with_fates(line)


async def find(asked: Search) -> tuple[Sequence[Found], int]:
    """A page of licenses, the last issued first, and how many there are in all."""
    query = License.all()
    if asked.customer is not None:
        query = query.filter(customer__name=asked.customer)
    if asked.type is not None:
        query = query.filter(type=asked.type)
    if asked.expires_before is not None:
        query = query.filter(expires_at__lt=asked.expires_before)
    if asked.search is not None:
        text = asked.search
        query = query.filter(
            Q(customer__name__icontains=text) | Q(jti__icontains=text) | Q(reference__icontains=text)
        )
    if asked.state is not None:
        query = _in_state(query, asked.state, datetime.now(UTC))
    total = await query.count()
    page = query.order_by("-issued_at", "jti").offset((asked.page - 1) * asked.limit).limit(asked.limit)
    return await _with_fates(await page.select_related("customer")), total


def _in_state(query: QuerySet[License], state: State, now: datetime) -> QuerySet[License]:
    """What `evaluate` says, as conditions; a test holds them against each other."""
    revoked = Q(jti__in=Subquery(Revoked.all().values("jti")))
    if state is State.REVOKED:
        return query.filter(revoked)
    started = Q(not_before__isnull=True) | Q(not_before__lte=now)
    conditions = {
        State.ACTIVE: started & Q(expires_at__gt=now),
        State.GRACE: Q(expires_at__lte=now, grace_ends_at__gt=now),
        State.LOCKED: Q(not_before__gt=now) | Q(grace_ends_at__lte=now),
    }
    return query.filter(conditions[state]).exclude(revoked)


def _new_claims(order: Order, now: datetime) -> Claims:
    start = order.not_before or now
    payload = {
        "iss": ISSUER,
        "ver": VERSION,
        "jti": str(uuid4()),
        "customer": order.customer,
        "iat": int(now.timestamp()),
        "exp": int(_end(order.end, start + timedelta(days=order.end.days or 0)).timestamp()),
        "type": "standard",
        "deployment": "dedicated",
        **order.members,
    }
    if order.not_before is not None:
        payload["nbf"] = int(order.not_before.timestamp())
    return _checked(payload)


def _renewed_claims(old: Claims, renewal: Renewal, now: datetime) -> Claims:
    changed = _checked({**old.to_payload(), **renewal.members})
    end = _end(renewal.end, end_after(old, now=now, days=renewal.end.days or 0))
    try:
        return renewed(changed, jti=str(uuid4()), now=now, expires_at=end)
    except LicenseMalformed as error:
        raise ValidationFailed(_ASKED_AS.get(error.field, error.field), error.problem) from None


def _end(end: End, by_days: datetime) -> datetime:
    return by_days if end.moment is None else end.moment


def _checked(payload: dict[str, Any]) -> Claims:
    try:
        return Claims.from_payload(payload)
    except LicenseMalformed as error:
        raise ValidationFailed(_ASKED_AS.get(error.field, error.field), error.problem) from None


async def _store(
    claims: Claims,
    customer: Customer,
    signer: Signer,
    written: Book,
    *,
    reference: str | None,
    renews: License | None = None,
) -> License:
    if reference is not None and (used := await License.get_or_none(reference=reference)) is not None:
        raise ReferenceUsed(jti=used.jti)
    try:
        token = sign_license(claims, signer.key)
    except LicenseTooLarge as error:
        raise TooLarge(str(error)) from None
    return await License.create(
        **columns(claims),
        customer=customer,
        key_id=signer.public.kid,
        renews=renews,
        reference=reference,
        token=token,
        issued_by=written.actor.name,
    )


def columns(claims: Claims) -> dict[str, Any]:
    """What the table repeats of a license's claims."""
    return {
        "jti": claims.jti,
        "type": claims.type,
        "issued_at": claims.issued_at,
        "not_before": claims.not_before,
        "expires_at": claims.expires_at,
        "grace_ends_at": claims.expires_at + timedelta(days=claims.grace_days),
    }


def _terms(claims: Claims) -> dict[str, Any]:
    payload = claims.to_payload()
    return {name: payload[name] for name in ("customer", "type", "modules", "seats", "exp")}


async def _get(jti: str) -> License:
    row = await License.get_or_none(jti=jti).select_related("customer")
    if row is None:
        raise NotFound
    return row


async def _found(row: License) -> Found:
    (found,) = await _with_fates([row])
    return found


async def _with_fates(rows: Sequence[License]) -> Sequence[Found]:
    ids = [row.jti for row in rows]
    revoked = {item.jti: item for item in await Revoked.filter(jti__in=ids)}
    renewals = dict(await License.filter(renews_id__in=ids).values_list("renews_id", "jti"))
    now = datetime.now(UTC)
    found = []
    for row in rows:
        claims = read_unverified(row.token).claims
        evaluation = evaluate(claims, now=now, revoked=revoked, fingerprint=claims.fingerprint)
        found.append(
            Found(
                row=row,
                claims=claims,
                evaluation=evaluation,
                revoked=revoked.get(row.jti),
                renewed_by=renewals.get(row.jti),
            )
        )
    return found
