"""/assets/{uuid}/merge, …/split and what undoes them; what an asset is known by."""

from collections.abc import Mapping, Sequence
from typing import Any

from threatweaver.sdk import Context, NotFound, Page, RouteTable, Unprocessable, bare, page, rows
from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.errors import NotUndoable
from threatweaver_exposure.merges import example, queries, service
from threatweaver_exposure.merges.schemas import (
    AssetIdentifierOut,
    AssetMergedOut,
    AssetMergeIn,
    AssetMergeOut,
    AssetMergeUndoneOut,
    AssetSplitIn,
    UndoIn,
)
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/assets", tag="Assets")


@table.route(
    "GET", "/{uuid}/identifiers", permission=Perm.ASSET_READ, returns=rows(AssetIdentifierOut), scoped=True
)
async def list_identifiers(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """List what an asset is known by, the strongest first; the higher `weight` decides who a host is.

    `validFrom` is the scan that named it so first, of the import `importId`; null of what is older than that
    record. What went to another asset by a split has `validTo` and `movedTo`.
    """
    if await assets.detail(ctx.uuid("uuid"), ctx.within) is None:
        raise NotFound
    return await queries.identifiers(ctx.uuid("uuid"))


@table.route(
    "GET",
    "/{uuid}/merges",
    permission=Perm.ASSET_READ,
    query=queries.LISTING.query,
    returns=page(AssetMergeOut),
    scoped=True,
)
async def list_merges(ctx: Context) -> Page:
    """List the merges and splits that an asset had a part in, the latest first, even if it is gone by one."""
    asset_id = ctx.uuid("uuid")
    if await assets.detail(asset_id, ctx.within) is None and (
        ctx.within is not None or not await queries.has_history(asset_id)
    ):
        raise NotFound
    return await queries.LISTING.page({**ctx.query, "of": asset_id}, ctx.kernel.keys.cursor)


@table.route(
    "POST",
    "/{uuid}/merge",
    permission=Perm.ASSET_MERGE,
    body=AssetMergeIn,
    returns=bare(AssetMergedOut),
    errors=(NotFound, Unprocessable),
    example=example.two_assets,
)
async def merge_assets(ctx: Context) -> dict[str, Any]:
    """Merge other assets into this one: it gets their identifiers, findings, tags and groups; they go.

    What several have at one place becomes one vulnerability, `joins`: its state is the worst. With `dryRun`
    nothing is changed. `POST /assets/merges/{id}/undo` takes it back.
    """
    done = await service.merge(
        ctx.uuid("uuid"),
        ctx.body["asset_ids"],
        by=ctx.principal.user_id,
        dry_run=ctx.body["dry_run"],
    )
    return _audited(ctx, done, "joins")


@table.route(
    "POST",
    "/{uuid}/split",
    permission=Perm.ASSET_MERGE,
    body=AssetSplitIn,
    returns=bare(AssetMergedOut),
    errors=(NotFound, Unprocessable),
    example=example.two_identifiers,
)
async def split_asset(ctx: Context) -> dict[str, Any]:
    """Make a new asset of some of this one's identifiers; the findings reported under them go with them.

    What was seen under both is `copied`, so that each has it. With `dryRun` nothing is changed.
    """
    done = await service.split(
        ctx.uuid("uuid"),
        ctx.body["identifiers"],
        by=ctx.principal.user_id,
        dry_run=ctx.body["dry_run"],
    )
    return _audited(ctx, done, "joins")


@table.route(
    "POST",
    "/merges/{id}/undo",
    permission=Perm.ASSET_MERGE,
    query=UndoIn,
    returns=bare(AssetMergeUndoneOut),
    errors=(NotFound, NotUndoable),
    example=example.merged,
)
async def undo_merge(ctx: Context) -> dict[str, Any]:
    """Undo a merge or a split: assets and findings are as they were before, weeks later, too.

    What an import or a person changed since of vulnerabilities that had been joined stays so: `keeps`.
    """
    done = await service.take_back(ctx.uuid("id"), by=ctx.principal.user_id, dry_run=ctx.query["dry_run"])
    return _audited(ctx, done, "keeps")


def _audited(ctx: Context, done: dict[str, Any], listed: str) -> dict[str, Any]:
    told = {name: value for name, value in done.items() if name not in {listed, "assetId", "others"}}
    others = [str(other) for other in done["others"]]
    ctx.changed(
        f"asset:{done['assetId']}", after={**told, "id": done["id"] and str(done["id"]), "others": others}
    )
    return done
