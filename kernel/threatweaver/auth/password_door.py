"""Which tenants a password opens, and what a session that a tenant's provider opened must not do.

A directory answers for its own tenant alone. Whoever runs it could sign in there as any of its members, so
such a session never reaches another tenant of the person, nor what guards their account (docs/adr/0012).
"""

from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.admin.settings import service as tenant_settings
from threatweaver.auth.errors import SsoConfined, SsoRequired
from threatweaver.auth.principal import Method, Principal
from threatweaver.auth.queries import Identity
from threatweaver.db.transaction import connection, in_scope

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def open_places(kernel: "Kernel", places: list[Identity]) -> list[Identity]:
    """Return the places that a password opens, in a control scope.

    Where single sign-on is required only a break-glass account has one, unless no provider is left at all.
    """
    closed = [
        place.tenant_id for place in places if (await tenant_settings.read(kernel, place.schema)).sso_required
    ]
    if not closed:
        return places
    shut = await _shut(places[0].user_id, closed)
    return [place for place in places if place.tenant_id not in shut]


async def _shut(user_id: UUID, tenants: list[UUID]) -> set[UUID]:
    rows = await connection().fetch(
        """SELECT tenant_id FROM membership m
           WHERE user_id = $1 AND tenant_id = ANY($2) AND NOT break_glass
             AND EXISTS (SELECT 1 FROM sso_provider p WHERE p.tenant_id = m.tenant_id AND p.enabled)""",
        user_id,
        tenants,
    )
    return {row["tenant_id"] for row in rows}


async def require_open(kernel: "Kernel", place: Identity | Principal, method: Method) -> None:
    """End what a password opened once the tenant requires single sign-on, within the settings' 3 seconds.

    Inside a control scope or outside of any. Raises SsoRequired.
    """
    if method != "password" or not (await tenant_settings.read(kernel, place.schema)).sso_required:
        return
    if in_scope():
        shut = await _shut(place.user_id, [place.tenant_id])
    else:
        async with kernel.database.control(read_only=True):
            shut = await _shut(place.user_id, [place.tenant_id])
    if shut:
        raise SsoRequired


async def require_own_password(kernel: "Kernel", caller: Principal, chosen: Identity) -> None:
    """Let a session go on in another tenant only if a password opened it and opens that one, too.

    Raises SsoConfined, SsoRequired.
    """
    if caller.session is None or caller.session.method != "password":
        raise SsoConfined
    await require_open(kernel, chosen, caller.session.method)


async def require_own_account(kernel: "Kernel", caller: Principal) -> None:
    """Keep a provider's session off what guards the account of a person whom other tenants know, too.

    In a transaction of its own. Raises SsoConfined.
    """
    if caller.session is None or caller.session.method == "password":
        return
    async with kernel.database.control(read_only=True):
        elsewhere = await connection().fetchval(
            "SELECT EXISTS (SELECT 1 FROM membership WHERE user_id = $1 AND tenant_id <> $2)",
            caller.user_id,
            caller.tenant_id,
        )
    if elsewhere:
        raise SsoConfined
