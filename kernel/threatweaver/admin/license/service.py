"""The license page. No request, no schema, no status code."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from threatweaver.admin.license import queries
from threatweaver.db.transaction import Database

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel
    from threatweaver.license.current import CurrentLicense
    from threatweaver_licensing import Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """An installed module, and whether the license admits it."""

    name: str
    version: str
    admitted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much is used of what is licensed; None is unlimited."""

    used: int
    licensed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicensePage:
    """The license in force; what it says about its customer is for the customer alone."""

    state: str
    reason: str
    next_change_at: datetime | None
    deployment_mode: str
    modules: list[Module]
    claims: dict[str, Any] | None = None
    seats: Usage | None = None
    tenants: Usage | None = None


async def page(kernel: "Kernel", license_: "CurrentLicense", *, whole: bool) -> LicensePage:
    """Return the page; without `whole` it leaves out claims and usage, which are the whole installation's."""
    state = license_.evaluation()
    claims = license_.claims if whole else None
    seats, tenants = await _usage(kernel.database) if claims else (0, 0)
    return LicensePage(
        state=state.state.value,
        reason=state.reason,
        next_change_at=state.next_change_at,
        deployment_mode=kernel.settings.deployment_mode,
        modules=_modules(kernel, license_),
        claims=_told(claims) if claims else None,
        seats=Usage(used=seats, licensed=claims.seats) if claims else None,
        tenants=Usage(used=tenants, licensed=claims.tenants_max) if claims else None,
    )


def _told(claims: "Claims") -> dict[str, Any]:
    """Return what the page says of a license, by the names of the wire."""
    return {
        "jti": claims.jti,
        "customer": claims.customer,
        "type": claims.type,
        "deployment": claims.deployment,
        "issuedAt": claims.issued_at,
        "expiresAt": claims.expires_at,
        "graceDays": claims.grace_days,
    }


def _modules(kernel: "Kernel", license_: "CurrentLicense") -> list[Module]:
    """Return the installed modules as this license admits them, which a just imported one is to change."""
    return [
        Module(
            name=item.manifest.module_id,
            version=item.manifest.version,
            admitted=license_.grants(item.manifest.module_id),
        )
        for item in kernel.registry.decisions
    ]


async def _usage(database: Database) -> tuple[int, int]:
    async with database.control(read_only=True):
        return await queries.seats_used(), await queries.tenants()
