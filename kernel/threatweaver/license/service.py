"""Importing a license: verify, store, announce; and the trial that a first start issues itself."""

from datetime import UTC, datetime
from uuid import UUID

from threatweaver.audit import service as audit
from threatweaver.config import Settings
from threatweaver.db.transaction import Database, connection
from threatweaver.http.errors import ApiError
from threatweaver.license.models import License, TrustedKey
from threatweaver.license.store import CHANNEL, verify_token
from threatweaver_licensing import Claims, KeyRing, LicenseError, State, evaluate, issue_trial, verify


class LicenseRefused(ApiError):
    """The license was refused."""

    status, code = 422, "LICENSE_REFUSED"


class AlreadyLicensed(ApiError):
    """There is a license already; an administrator can import another one."""

    status, code = 409, "ALREADY_LICENSED"


async def import_license(
    database: Database, settings: Settings, token: str, *, user_id: UUID | None, only_if_none: bool = False
) -> Claims:
    """Verify and store a license; every process then rebuilds its application.

    Raises LicenseRefused with the refusal's own code, AlreadyLicensed.
    """
    async with database.control():
        await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended('license', 42))")
        if only_if_none and await License.exists():
            raise AlreadyLicensed
        try:
            claims = verify_token(token, settings, await TrustedKey.all())
        except LicenseError as error:
            raise LicenseRefused(str(error), reason=error.code) from None
        state = evaluate(claims, now=datetime.now(UTC))
        if state.state is not State.ACTIVE:
            raise LicenseRefused(
                f"This license is not usable now: {state.reason}.", reason="LICENSE_NOT_ACTIVE"
            )
        before = await License.all().order_by("-imported_at", "-id").first()
        await _store(token, claims, user_id)
        await audit.record(
            "license", before={"jti": before.jti} if before else None, after={"jti": claims.jti}
        )
    return claims


async def issue_first_trial(database: Database) -> bool:
    """Issue the 14-day trial if no license was ever stored; return whether it was issued."""
    async with database.control():
        await connection().execute("SELECT pg_advisory_xact_lock(hashtextextended('license', 42))")
        if await License.exists():
            return False
        token, pem = issue_trial(datetime.now(UTC))
        ring = KeyRing.from_pem(pem)
        await TrustedKey.create(kid=next(iter(ring)).kid, pem=pem, trial_only=True)
        await _store(token, verify(token, ring), None)
    return True


async def _store(token: str, claims: Claims, user_id: UUID | None) -> None:
    await License.create(jti=claims.jti, token=token, imported_by=user_id)
    await connection().execute("SELECT pg_notify($1, $2)", CHANNEL, claims.jti)
