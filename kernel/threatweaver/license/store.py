"""The license's row, and the keys it may be signed with."""

from threatweaver import log
from threatweaver.config import ConfigError, Settings
from threatweaver.db.transaction import Database
from threatweaver.license.models import License, TrustedKey
from threatweaver_licensing import Claims, KeyRing, LicenseError, load_ring, verify

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


async def current(database: Database, settings: Settings) -> Claims | None:
    """Return the claims of the newest license whose signature holds; None when there is none."""
    async with database.control(read_only=True):
        row = await License.all().order_by("-imported_at", "-id").first()
        trial = await TrustedKey.all()
    if row is None:
        return None
    try:
        return verify_token(row.token, settings, trial)
    except LicenseError as error:
        _log.error("license_refused", code=error.code, jti=row.jti)
        return None


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
