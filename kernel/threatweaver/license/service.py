"""Putting a license into force: verify, simulate, store, announce; and the trial of a first start."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from threatweaver.admin.license.queries import seats_used
from threatweaver.audit import service as audit
from threatweaver.db.transaction import Database, connection
from threatweaver.license import history, store
from threatweaver.license.errors import AlreadyLicensed, LicenseRefused, RevocationsRefused
from threatweaver.license.models import License, Revocations, TrustedKey
from threatweaver.license.store import CHANNEL, verify_token
from threatweaver.plugins import admission, constraints, imports
from threatweaver.plugins.admission import Decision, Grounds, Verdict
from threatweaver_licensing import (
    Claims,
    Evaluation,
    KeyRing,
    LicenseError,
    RevocationsError,
    Seats,
    check_import,
    check_list,
    issue_trial,
    on,
    verify,
    verify_list,
)
from threatweaver_licensing.claims import Deployment

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('license', 42))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a license changes: modules that start and stop, and those it names that do not run, and why."""

    claims: Claims
    starts: tuple[str, ...]
    stops: tuple[str, ...]
    refused: tuple[Decision, ...]


async def import_license(
    kernel: "Kernel", token: str, *, user_id: UUID | None, only_if_none: bool = False, dry_run: bool = False
) -> Plan:
    """Verify a license, see what it would change, and put it into force unless this is a dry run.

    Every process then rebuilds its application. Raises LicenseRefused with the refusal's own code as reason,
    AlreadyLicensed.
    """
    database, settings = kernel.database, kernel.settings
    try:
        async with database.control():
            await connection().execute(_LOCK)
            if only_if_none and await store.newest(settings) is not None:
                raise AlreadyLicensed
            claims = verify_token(token, settings, await TrustedKey.all())
            await _check(kernel, claims)
            if not dry_run:
                before = await store.newest(settings)
                await _store(token, claims, user_id)
                await audit.record(
                    "license", before={"jti": before.jti} if before else None, after={"jti": claims.jti}
                )
    except LicenseError as error:
        if not dry_run:
            async with database.control():
                await history.note(history.REFUSED, actor_id=user_id, code=error.code)
        raise LicenseRefused(str(error), reason=error.code) from None
    return plan(kernel, claims)


async def _check(kernel: "Kernel", claims: Claims) -> None:
    """Refuse, with a LicenseError, what cannot replace the license in force; in a control scope."""
    revoked = await store.revocations(kernel.settings)
    check_import(
        claims,
        await store.newest(kernel.settings),
        now=datetime.now(UTC),
        revoked=revoked.revoked if revoked else {},
        fingerprint=store.fingerprint(kernel.settings),
        deployment=cast("Deployment", kernel.settings.deployment_mode) if claims.type != "trial" else None,
    )


def plan(kernel: "Kernel", claims: Claims) -> Plan:
    """Return what would change if this license were the one in force; nothing is loaded for it."""
    known = kernel.registry.decisions
    grounds = Grounds(
        licensed=claims.grants,
        disabled={item.manifest.module_id for item in known if item.verdict is Verdict.DISABLED},
        reserved=kernel.registry.reserved,
        constrained=constraints.of(claims),
        foreign=imports.foreign,
    )
    decided = admission.decide([item.manifest for item in known], grounds)
    before = {item.manifest.module_id for item in known if item.admitted}
    after = {item.manifest.module_id for item in decided if item.admitted}
    return Plan(
        claims=claims,
        starts=tuple(sorted(after - before)),
        stops=tuple(sorted(before - after)),
        refused=tuple(
            item for item in decided if not item.admitted and claims.grants(item.manifest.module_id)
        ),
    )


async def import_revocations(
    kernel: "Kernel", token: str, *, user_id: UUID | None, only_newer: bool = False
) -> int | None:
    """Verify a signed list of revoked licenses and put it into force; return how many it names.

    With `only_newer`, one that is not newer than the list in force changes nothing, and None is returned.
    Raises RevocationsRefused with the refusal's own code as reason.
    """
    try:
        async with kernel.database.control():
            await connection().execute(_LOCK)
            found = verify_list(token, store.configured_ring(kernel.settings))
            current = await store.revocations(kernel.settings)
            if only_newer and current is not None and not found.newer_than(current):
                return None
            check_list(found, current)
            await Revocations.get_or_create(seq=found.seq, defaults={"token": token, "imported_by": user_id})
            await history.note(history.REVOKED, actor_id=user_id, seq=found.seq, revoked=len(found.entries))
            await connection().execute("SELECT pg_notify($1, $2)", CHANNEL, f"revocations {found.seq}")
            await audit.record("license-revocations", after={"seq": found.seq, "revoked": len(found.entries)})
    except RevocationsError as error:
        raise RevocationsRefused(str(error), reason=error.code) from None
    return len(found.entries)


async def seats(kernel: "Kernel") -> Seats | None:
    """Return how many seats are used of those the license pays for; None without a license."""
    if kernel.license.claims is None:
        return None
    async with kernel.database.control(read_only=True):
        return Seats(used=await seats_used(), licensed=kernel.license.claims.seats)


def forecast(kernel: "Kernel", day: date) -> Evaluation:
    """Return what the license's state will be on a day, if nobody imports another one."""
    current = kernel.license
    return on(current.claims, day, revoked=current.revoked, fingerprint=current.fingerprint)


async def issue_first_trial(database: Database) -> bool:
    """Issue the 14-day trial if no license was ever stored; return whether it was issued."""
    async with database.control():
        await connection().execute(_LOCK)
        if await License.exists():
            return False
        token, pem = issue_trial(datetime.now(UTC))
        ring = KeyRing.from_pem(pem)
        await TrustedKey.create(kid=next(iter(ring)).kid, pem=pem, trial_only=True)
        await _store(token, verify(token, ring), None)
    return True


async def _store(token: str, claims: Claims, user_id: UUID | None) -> None:
    await License.create(jti=claims.jti, token=token, imported_by=user_id)
    told: dict[str, Any] = {"type": claims.type, "expiresAt": claims.expires_at.isoformat()}
    await history.note(history.IMPORTED, jti=claims.jti, actor_id=user_id, **told)
    await connection().execute("SELECT pg_notify($1, $2)", CHANNEL, claims.jti)
