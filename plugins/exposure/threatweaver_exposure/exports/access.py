"""Who may export what, and who may see which exports."""

from typing import Any
from uuid import UUID

from threatweaver.sdk import Context, Principal, Role
from threatweaver_exposure.exports.errors import NotReadable
from threatweaver_exposure.exports.resources import RESOURCES


def limit_of(ctx: Context, resource: str) -> list[UUID] | None:
    """Return the groups and tags whose rows the caller may export, None for all rows. Raises NotReadable."""
    needed = RESOURCES[resource].permission
    if not ctx.principal.may_somewhere(needed):
        raise NotReadable(permission=str(needed))
    readable, allowed = _scope(ctx.principal, needed), ctx.within
    if readable is None or allowed is None:
        return readable if allowed is None else allowed
    return sorted(set(readable) & set(allowed))


def seen_by(ctx: Context) -> dict[str, Any]:
    """Return the filters of the list of exports that the caller must have.

    One's own, all of them for administrators; and none with rows that the caller may not read now.
    """
    scopes = {name: _scope(ctx.principal, item.permission) for name, item in RESOURCES.items()}
    owner = None if ctx.principal.role == Role.ADMIN else ctx.principal.user_id
    return {"owner": owner, **scopes, **ctx.narrowed()}


def _scope(principal: Principal, permission: str) -> list[UUID] | None:
    found = principal.scope_of(str(permission))
    return None if found is None else sorted(found)
