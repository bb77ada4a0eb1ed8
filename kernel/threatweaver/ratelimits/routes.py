"""/admin/rate-limits: who draws on which limit, other limits, and a way back in for an address."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, RouteTable, Scope, bare, page
from threatweaver.ratelimits import service
from threatweaver.ratelimits.rules import Override, Rule
from threatweaver.ratelimits.schemas import RateBucketOut, RateBucketQuery, RateLimitsIn, RateLimitsOut
from threatweaver.ratelimits.service import UnknownPath

table = RouteTable(path="/admin/rate-limits", tag="Administration")


@table.route(
    "GET",
    permission=Perm.RATELIMIT_READ,
    query=RateBucketQuery,
    returns=page(RateBucketOut),
    scope=Scope.CONTROL,
)
async def list_buckets(ctx: Context) -> Page:
    """List the buckets of now, fullest first: who used how much of which limit."""
    address = ctx.query.get("address")
    return await service.buckets(
        await service.rules(ctx.kernel.settings.rate_limit),
        address=None if address is None else str(address),
        page=ctx.query["page"],
        limit=ctx.query["limit"],
    )


@table.route(
    "GET", "/config", permission=Perm.RATELIMIT_READ, returns=bare(RateLimitsOut), scope=Scope.CONTROL
)
async def get_config(ctx: Context) -> dict[str, Any]:
    """Return the limits in force."""
    rules = await service.rules(ctx.kernel.settings.rate_limit)
    return {
        "enabled": ctx.kernel.limiter.enabled,
        "generalLimit": rules.general_limit,
        "overrides": [_limit(item) for item in rules.overrides],
        "inForce": _limits(rules.own),
    }


@table.route(
    "PUT",
    "/config",
    permission=Perm.RATELIMIT_WRITE,
    body=RateLimitsIn,
    returns=bare(RateLimitsOut),
    errors=(UnknownPath,),
    scope=Scope.CONTROL,
)
async def put_config(ctx: Context) -> dict[str, Any]:
    """Replace the limits of the deployment; they hold on every process within five seconds."""
    before = await get_config(ctx)
    await service.configure(**ctx.body, known={route.path for route in ctx.kernel.registry.routes})
    after = await get_config(ctx)
    changed = [name for name in ("generalLimit", "overrides") if before[name] != after[name]]
    ctx.changed(
        "ratelimits:config",
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return after


@table.route(
    "DELETE",
    "/{address}",
    permission=Perm.RATELIMIT_WRITE,
    params={"address": fields.IP(metadata={"example": "192.0.2.1"})},
    returns=EMPTY,
    scope=Scope.CONTROL,
)
async def unblock(ctx: Context) -> None:
    """Forget what an address has used of its limits, so that it can go on within five seconds."""
    address = str(ctx.params["address"])
    buckets = await service.unblock(address)
    ctx.changed(f"ratelimits:{address}", before={"buckets": buckets}, after={"buckets": 0})


def _limits(rules: Mapping[str, Rule]) -> list[dict[str, Any]]:
    return [
        {"path": path, "limit": rule.amount, "windowSeconds": rule.seconds}
        for path, rule in sorted(rules.items())
    ]


def _limit(item: Override) -> dict[str, Any]:
    return {"path": item.path, "limit": item.limit, "windowSeconds": item.window_seconds}
