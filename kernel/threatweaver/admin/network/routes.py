"""/admin/security: the tenant's allow and block list.."""

from functools import partial
from typing import Any

from threatweaver.admin.network import examples, service
from threatweaver.admin.network.errors import TooManyRules, WouldLockOut
from threatweaver.admin.network.schemas import (
    AddressQuery,
    AddressVerdictOut,
    NetworkRuleIn,
    NetworkRuleOut,
    NetworkRuleQuery,
    NetworkRuleUpdate,
)
from threatweaver.admin.network.service import Verdict
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import Conflict, NotFound, Unprocessable
from threatweaver.http.route import EMPTY, Handler, RouteTable, Scope, bare, rows
from threatweaver.tenancy.models import NetworkRule
from threatweaver.tenancy.network import Kind

table = RouteTable(path="/admin/security", tag="Administration")


@table.route(
    "GET",
    "/ip-check",
    permission=Perm.NETWORK_READ,
    query=AddressQuery,
    example=examples.ADDRESS,
    returns=bare(AddressVerdictOut),
    scope=Scope.CONTROL,
)
async def check_address(ctx: Context) -> Verdict:
    """Say whether an address would pass both lists now, and which lines have it."""
    return await service.check(ctx.principal.tenant_id, ctx.query["address"])


def _list(kind: Kind) -> Handler:
    async def handler(ctx: Context) -> list[NetworkRule]:
        return await service.rules(ctx.principal.tenant_id, kind)

    return handler


def _add(kind: Kind) -> Handler:
    async def handler(ctx: Context) -> NetworkRule:
        rule = await service.add(ctx.principal, ctx.address, kind, **ctx.body)
        _changed(ctx, rule, after=_shown(rule))
        return rule

    return handler


def _update(kind: Kind) -> Handler:
    async def handler(ctx: Context) -> NetworkRule:
        rule = await service.update(ctx.principal, ctx.address, kind, ctx.uuid("id"), ctx.body)
        _changed(ctx, rule, after=_shown(rule))
        return rule

    return handler


def _remove(kind: Kind) -> Handler:
    async def handler(ctx: Context) -> None:
        rule = await service.remove(ctx.principal, ctx.address, kind, ctx.query["id"])
        _changed(ctx, rule, before=_shown(rule))

    return handler


def _changed(ctx: Context, rule: NetworkRule, **sides: dict[str, Any]) -> None:
    ctx.changed(f"network-rule:{rule.id}", **sides)
    ctx.after_commit(partial(ctx.kernel.standings.forget, ctx.principal.tenant_id))


def _shown(rule: NetworkRule) -> dict[str, Any]:
    return {"list": rule.kind, "range": rule.range, "reason": rule.reason, "expiresAt": rule.expires_at}


def _titled(handler: Handler, name: str, title: str) -> Handler:
    handler.__name__ = name
    handler.__doc__ = title
    return handler


def _declare(path: str, kind: Kind) -> None:
    """Declare one list's operations; a line is removed by `?id=`, as the documented DELETE has no path."""
    table.add(
        _titled(
            _list(kind), f"list_{kind}ed", f"List the networks that are {kind}ed, expired ones included."
        ),
        "GET",
        path,
        permission=Perm.NETWORK_READ,
        returns=rows(NetworkRuleOut),
        scope=Scope.CONTROL,
    )
    table.add(
        _titled(
            _add(kind),
            f"{kind}_network",
            f"{kind.title()} a network or an address, for ever or until a time.\n\n"
            "Refused when it would keep the caller out. Effective everywhere within five seconds.",
        ),
        "POST",
        path,
        permission=Perm.NETWORK_WRITE,
        body=NetworkRuleIn,
        example=examples.new(table.path + path, kind),
        returns=NetworkRuleOut,
        status=201,
        errors=(Conflict, TooManyRules, Unprocessable, WouldLockOut),
        scope=Scope.CONTROL,
    )
    table.add(
        _titled(_update(kind), f"update_{kind}ed", "Change why a network is on the list, or until when."),
        "PUT",
        f"{path}/{{id}}",
        permission=Perm.NETWORK_WRITE,
        body=NetworkRuleUpdate,
        returns=NetworkRuleOut,
        errors=(NotFound, Unprocessable, WouldLockOut),
        scope=Scope.CONTROL,
    )
    table.add(
        _titled(
            _remove(kind),
            f"remove_{kind}ed",
            "Take a network off the list; `id` names the line.\n\nRefused when it would keep the caller out.",
        ),
        "DELETE",
        path,
        permission=Perm.NETWORK_WRITE,
        query=NetworkRuleQuery,
        example=examples.removal(table.path + path, kind),
        returns=EMPTY,
        errors=(NotFound, WouldLockOut),
        scope=Scope.CONTROL,
    )


_declare("/ip-whitelist", Kind.ALLOW)
_declare("/ip-blacklist", Kind.BLOCK)
