"""Whether a verified license may be put into force: a pure decision, one error a refusal."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from threatweaver_licensing.claims import Claims, Deployment
from threatweaver_licensing.errors import (
    DeploymentMismatch,
    IssuedBeforeRevocation,
    LicenseExpired,
    LicenseRevoked,
    NotYetValid,
    OlderLicense,
    WrongMachine,
)

NOTHING: Final[Mapping[str, datetime]] = MappingProxyType({})


def check_import(
    new: Claims,
    current: Claims | None,
    *,
    now: datetime,
    revoked: Mapping[str, datetime] = NOTHING,
    fingerprint: str | None = None,
    deployment: Deployment | None = None,
) -> None:
    """Refuse, with a LicenseError of its own each, a license that cannot replace the current one now.

    `revoked` says of each revoked id when (`RevocationList.revoked`). Without `deployment` any kind passes.
    """
    if now.utcoffset() is None:
        raise ValueError("now must have a time zone")
    if new.jti in revoked:
        raise LicenseRevoked
    if deployment is not None and new.deployment != deployment:
        raise DeploymentMismatch
    if new.fingerprint is not None and new.fingerprint != fingerprint:
        raise WrongMachine
    if new.not_before is not None and now < new.not_before:
        raise NotYetValid
    if now >= new.expires_at:
        raise LicenseExpired
    if current is not None:
        _check_order(new, current, revoked)


def _check_order(new: Claims, current: Claims, revoked: Mapping[str, datetime]) -> None:
    if current.jti in revoked and new.issued_at < revoked[current.jti]:
        raise IssuedBeforeRevocation  # else a customer would leave REVOKED with a license kept in a drawer
    if new.customer == current.customer and new.issued_at < current.issued_at:
        raise OlderLicense
