"""/assets: the inventory, one asset, its vulnerabilities and its tags."""

from dataclasses import replace
from typing import Any

import orjson

from threatweaver.sdk import Context, NotFound, Page, RouteTable, page
from threatweaver_exposure.assets import queries, service
from threatweaver_exposure.assets.queries import LISTING
from threatweaver_exposure.assets.schemas import AssetDetailOut, AssetOut, AssetTagsIn
from threatweaver_exposure.errors import AssetMerged
from threatweaver_exposure.filters import service as filters
from threatweaver_exposure.filters.schemas import with_saved_filter
from threatweaver_exposure.merges import queries as merges
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.vulnerabilities import queries as vulnerabilities
from threatweaver_exposure.vulnerabilities.schemas import VulnerabilityRowOut

table = RouteTable(path="/assets", tag="Assets")


@table.route(
    "GET",
    permission=Perm.ASSET_READ,
    query=with_saved_filter(LISTING.query),
    returns=page(AssetOut),
    scoped=True,
)
async def list_assets(ctx: Context) -> Page:
    """List assets, ranked by risk; `severity` is that of the worst open vulnerability.

    `savedFilter` adds the filters that were saved under this id; what the query says itself wins.
    """
    saved = await filters.added(ctx.query, resource="assets", by=ctx.principal.user_id)
    listing, given = await queries.quickest({**saved, **ctx.query})
    found = await ctx.page(listing, **saved, **given)
    return replace(found, rows=[queries.nested(row) for row in found.rows])


@table.route(
    "GET",
    "/{uuid}",
    permission=Perm.ASSET_READ,
    returns=AssetDetailOut,
    errors=(NotFound, AssetMerged),
    scoped=True,
)
async def get_asset(ctx: Context) -> dict[str, Any]:
    """Return one asset with everything it is known by and the count of its vulnerabilities.

    One that was merged into another is gone: `into` says what it is part of now.
    """
    row = await queries.detail(ctx.uuid("uuid"), ctx.within)
    if row is None:
        into = await merges.merged_into(ctx.uuid("uuid"))
        if into is not None and await queries.detail(into, ctx.within) is not None:
            raise AssetMerged(into=str(into))
        raise NotFound
    parts = ("identifiers", "groups", "vulnerabilitiesByState")
    return {**queries.nested(row), **{name: orjson.Fragment(row[name]) for name in parts}}


@table.route(
    "GET",
    "/{uuid}/vulnerabilities",
    permission=Perm.VULNERABILITY_READ,
    query=vulnerabilities.LISTING.query,
    returns=page(VulnerabilityRowOut),
    scoped=True,
)
async def asset_vulnerabilities(ctx: Context) -> Page:
    """List the vulnerabilities of one asset, with the parameters of /vulnerabilities."""
    if await queries.detail(ctx.uuid("uuid"), ctx.within) is None:
        raise NotFound
    return await ctx.page(vulnerabilities.listing(ctx.query), asset_id=ctx.uuid("uuid"))


@table.route("PUT", "/{uuid}/tags", permission=Perm.ASSET_WRITE, body=AssetTagsIn, returns=AssetDetailOut)
async def set_tags(ctx: Context) -> dict[str, Any]:
    """Replace the tags of an asset; new names become tags."""
    await service.set_tags(ctx.uuid("uuid"), ctx.body["tags"])
    return await get_asset(ctx)
