"""The license's rows, the keys it may be signed with, and what else its state hangs on."""

from contextlib import suppress

from threatweaver import log
from threatweaver.config import ConfigError, Settings
from threatweaver.db.transaction import Database, connection
from threatweaver.license.current import CurrentLicense
from threatweaver.license.models import License, LicenseWatch, Revocations, TrustedKey
from threatweaver_licensing import (
    Claims,
    KeyRing,
    LicenseError,
    NoIdentity,
    RevocationList,
    RevocationsError,
    fingerprint_of,
    load_ring,
    read_identity,
    verify,
    verify_list,
)

CHANNEL = "threatweaver_license"
_log = log.get(__name__)


def configured_ring(settings: Settings) -> KeyRing:
    """Return the vendor's public keys from TW_LICENSE_KEYS. Raises ConfigError."""
    if settings.license_keys is None:
        return KeyRing()
    try:
        return load_ring(settings.license_keys)
    except (OSError, ValueError, LicenseError) as error:
        raise ConfigError(f"TW_LICENSE_KEYS: {error}") from None


def fingerprint(settings: Settings) -> str | None:
    """Return what a license may be locked to: the installation's id if there is one, else the machine's."""
    own = settings.home / "installation-id"
    with suppress(NoIdentity):
        return fingerprint_of(read_identity(own if own.exists() else None))
    return None


async def load(database: Database, settings: Settings) -> CurrentLicense:
    """Return the license in force and what its state hangs on."""
    async with database.control(read_only=True):
        claims = await newest(settings)
        revoked = await revocations(settings)
        watch = await LicenseWatch.get_or_none(id=1)
    return CurrentLicense(
        claims,
        revoked=revoked.revoked if revoked else {},
        fingerprint=fingerprint(settings),
        latest=watch.latest_at if watch else None,
    )


async def newest(settings: Settings) -> Claims | None:
    """Return the claims of the newest license if its signature holds, in a control scope."""
    row = await License.all().order_by("-imported_at", "-id").first()
    if row is None:
        return None
    try:
        return verify_token(row.token, settings, await TrustedKey.all())
    except LicenseError as error:
        _log.error("license_refused", code=error.code, jti=row.jti)
        return None


async def revocations(settings: Settings) -> RevocationList | None:
    """Return the list of revocations in force, in a control scope; None when there is none."""
    row = await Revocations.all().order_by("-seq").first()
    if row is None:
        return None
    try:
        return verify_list(row.token, configured_ring(settings))
    except RevocationsError as error:
        _log.error("revocations_refused", code=error.code, seq=row.seq)
        return None


async def mark(database: Database) -> str:
    """Return a text that is another one when which modules run may have changed."""
    async with database.control(read_only=True):
        return str(
            await connection().fetchval(
                """SELECT concat_ws(' ',
                       (SELECT id FROM license ORDER BY imported_at DESC, id DESC LIMIT 1),
                       (SELECT max(seq) FROM license_revocations),
                       (SELECT string_agg(module_id, ',' ORDER BY module_id) FROM module_switch))"""
            )
        )


def verify_token(token: str, settings: Settings, trial_keys: list[TrustedKey]) -> Claims:
    """Check a token against the configured keys, then the trial's own. Raises LicenseError.

    The key that signed the self-issued trial is trusted for trials alone.
    """
    try:
        return verify(token, configured_ring(settings))
    except LicenseError as refused:
        for key in trial_keys:
            try:
                claims = verify(token, KeyRing.from_pem(key.pem))
            except LicenseError:
                continue
            if claims.type == "trial":
                return claims
        raise refused from None
