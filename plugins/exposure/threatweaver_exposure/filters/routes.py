"""/saved-filters, and what the lists that they are for can be asked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.sdk import EMPTY, Conflict, Context, NotFound, Page, RouteTable, page
from threatweaver_exposure.assets.schemas import AssetOut
from threatweaver_exposure.errors import NotTheOwner
from threatweaver_exposure.filters import service
from threatweaver_exposure.filters.description import described
from threatweaver_exposure.filters.queries import LISTS, SAVED
from threatweaver_exposure.filters.schemas import (
    ListFieldsOut,
    SavedFilterCreate,
    SavedFilterOut,
    SavedFilterUpdate,
)
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.vulnerabilities.schemas import VulnerabilityOut

table = RouteTable(path="/saved-filters", tag="Saved filters")
vulnerabilities = RouteTable(path="/vulnerabilities", tag="Vulnerabilities")
assets = RouteTable(path="/assets", tag="Assets")

_VULNERABILITIES = described(LISTS["vulnerabilities"], VulnerabilityOut)
_ASSETS = described(LISTS["assets"], AssetOut)


@table.route("GET", permission=Perm.FILTER_READ, query=SAVED.query, returns=page(SavedFilterOut))
async def list_saved_filters(ctx: Context) -> Page:
    """List the caller's saved filters and those that others share."""
    return await ctx.page(SAVED, seen_by=ctx.principal.user_id)


@table.route(
    "POST",
    permission=Perm.FILTER_WRITE,
    body=SavedFilterCreate,
    returns=SavedFilterOut,
    status=201,
    errors=(Conflict,),
)
async def create_saved_filter(ctx: Context) -> Mapping[str, Any]:
    """Save a filter: parameters of the list of vulnerabilities or assets, under a name.

    `query` holds the filters as an address has them, names and texts; what the list would refuse is refused
    here. Nobody has two filters of one name.
    """
    made = await service.create(by=ctx.principal.user_id, **ctx.body)
    return await _one(ctx, made.id)


@table.route("GET", "/{id}", permission=Perm.FILTER_READ, returns=SavedFilterOut)
async def get_saved_filter(ctx: Context) -> Mapping[str, Any]:
    """Return a saved filter of the caller, or one that somebody shares."""
    return await _one(ctx, ctx.uuid("id"))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.FILTER_WRITE,
    body=SavedFilterUpdate,
    returns=SavedFilterOut,
    errors=(Conflict, NotTheOwner),
)
async def update_saved_filter(ctx: Context) -> Mapping[str, Any]:
    """Change a saved filter of the caller; a `query` replaces the one before."""
    await service.update(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body)
    return await _one(ctx, ctx.uuid("id"))


@table.route("DELETE", "/{id}", permission=Perm.FILTER_WRITE, returns=EMPTY, errors=(NotTheOwner,))
async def delete_saved_filter(ctx: Context) -> None:
    """Delete a saved filter of the caller."""
    await service.delete(ctx.uuid("id"), by=ctx.principal.user_id)


@vulnerabilities.route(
    "GET", "/fields", permission=Perm.VULNERABILITY_READ, returns=ListFieldsOut, scoped=True
)
async def vulnerability_fields(_: Context) -> dict[str, Any]:
    """Describe the filters, sort orders and columns of the list of vulnerabilities."""
    return _VULNERABILITIES


@assets.route("GET", "/fields", permission=Perm.ASSET_READ, returns=ListFieldsOut, scoped=True)
async def asset_fields(_: Context) -> dict[str, Any]:
    """Describe the filters, sort orders and columns of the list of assets."""
    return _ASSETS


async def _one(ctx: Context, filter_id: UUID) -> Mapping[str, Any]:
    row = await SAVED.one(filter_id, seen_by=ctx.principal.user_id)
    if row is None:
        raise NotFound
    return row
