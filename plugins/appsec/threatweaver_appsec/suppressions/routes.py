"""/appsec/suppressions: findings that do not count, by rule."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.sdk import EMPTY, Context, NotFound, Page, RouteTable, Unprocessable, bare, page
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.suppressions import service
from threatweaver_appsec.suppressions.schemas import (
    PreviewOut,
    RuleIn,
    SuppressionCreate,
    SuppressionOut,
    SuppressionUpdate,
)
from threatweaver_appsec.suppressions.service import LISTING

table = RouteTable(path="/appsec/suppressions", tag="AppSec suppressions")


@table.route("GET", permission=Perm.FINDING_READ, query=LISTING.query, returns=page(SuppressionOut))
async def list_suppressions(ctx: Context) -> Page:
    """List suppressions, with how many findings each hides now."""
    return await ctx.page(LISTING)


@table.route(
    "POST",
    permission=Perm.RISK_ACCEPT,
    body=SuppressionCreate,
    returns=SuppressionOut,
    status=201,
    errors=(Unprocessable,),
)
async def create_suppression(ctx: Context) -> Mapping[str, Any]:
    """Suppress findings that fit all that is said, those of scans to come included, until it expires."""
    made = await service.create(by=ctx.principal.user_id, **ctx.body)
    ctx.changed(f"appsec-suppression:{made.id}", after={"name": made.name, "reason": made.reason})
    return await _one(made.id)


@table.route("POST", "/preview", permission=Perm.FINDING_READ, body=RuleIn, returns=bare(PreviewOut))
async def preview(ctx: Context) -> Mapping[str, Any]:
    """Count the findings that such a suppression would hide."""
    return {"matched": await service.preview(ctx.body)}


@table.route("GET", "/{id}", permission=Perm.FINDING_READ, returns=SuppressionOut)
async def get_suppression(ctx: Context) -> Mapping[str, Any]:
    """Return a suppression."""
    return await _one(ctx.uuid("id"))


@table.route("PUT", "/{id}", permission=Perm.RISK_ACCEPT, body=SuppressionUpdate, returns=SuppressionOut)
async def update_suppression(ctx: Context) -> Mapping[str, Any]:
    """Change the name, reason or end of a suppression."""
    await service.update(ctx.uuid("id"), **ctx.body)
    return await _one(ctx.uuid("id"))


@table.route("DELETE", "/{id}", permission=Perm.RISK_ACCEPT, returns=EMPTY)
async def delete_suppression(ctx: Context) -> None:
    """Delete a suppression: what it hid counts again."""
    await service.delete(ctx.uuid("id"))


async def _one(suppression_id: UUID) -> Mapping[str, Any]:
    found = await LISTING.one(suppression_id)
    if found is None:
        raise NotFound
    return found
