"""/tags and /asset-groups: stock resources, and the assets that a tag is on or a group holds."""

from dataclasses import asdict, replace
from typing import Any

from threatweaver.sdk import (
    Context,
    Listing,
    NotFound,
    Op,
    Page,
    Resource,
    RouteTable,
    Unprocessable,
    add_resource,
    bare,
    page,
    search,
)
from threatweaver_exposure.assets import queries, rules, service
from threatweaver_exposure.assets.models import AssetGroup, Tag
from threatweaver_exposure.assets.schemas import (
    AssetGroupCreate,
    AssetGroupOut,
    AssetGroupUpdate,
    AssetOut,
    MembersIn,
    MembersOut,
    RuleIn,
    RuleOut,
    TagCreate,
    TaggedIn,
    TaggedOut,
    TagMergedOut,
    TagMergeIn,
    TagOut,
    TagStatsOut,
    TagUpdate,
    UntaggedOut,
)
from threatweaver_exposure.dry_run import trial
from threatweaver_exposure.permissions import Perm

tags = RouteTable(path="/tags", tag="Tags")
groups = RouteTable(path="/asset-groups", tag="Asset groups")

add_resource(
    tags,
    Resource(
        model=Tag,
        operations=Op.ALL,
        read=TagOut,
        create=TagCreate,
        update=TagUpdate,
        read_permission=Perm.ASSET_READ,
        write_permission=Perm.ASSET_WRITE,
        filters=(search("name"),),
        sortable=("name", "created_at"),
        default_sort="name",
    ),
    name="tag",
)

add_resource(
    groups,
    Resource(
        model=AssetGroup,
        operations=Op.ALL,
        read=AssetGroupOut,
        create=AssetGroupCreate,
        update=AssetGroupUpdate,
        read_permission=Perm.ASSET_READ,
        write_permission=Perm.ASSET_WRITE,
        filters=(search("name", "description"),),
        sortable=("name", "created_at"),
        default_sort="name",
    ),
    name="asset group",
)


@groups.route(
    "POST",
    "/{id}/members",
    permission=Perm.ASSET_WRITE,
    body=MembersIn,
    returns=MembersOut,
    errors=(Unprocessable,),
)
async def add_members(ctx: Context) -> dict[str, Any]:
    """Put assets into a group; those in it already stay."""
    return {"members": await service.add_members(ctx.uuid("id"), ctx.body["asset_ids"])}


@groups.route("POST", "/{id}/remove-members", permission=Perm.ASSET_WRITE, body=MembersIn, returns=MembersOut)
async def remove_members(ctx: Context) -> dict[str, Any]:
    """Take assets out of a group."""
    return {"members": await service.remove_members(ctx.uuid("id"), ctx.body["asset_ids"])}


@groups.route(
    "GET",
    "/{id}/members",
    permission=Perm.ASSET_READ,
    query=queries.LISTING.query,
    returns=page(AssetOut),
    scoped=True,
)
async def list_members(ctx: Context) -> Page:
    """List the assets of a group, with the parameters of /assets."""
    if not await service.group_exists(ctx.uuid("id")):
        raise NotFound
    return await _counted(ctx, queries.IN_GROUP, group_id=ctx.uuid("id"))


@tags.route(
    "GET", "/stats", permission=Perm.ASSET_READ, query=queries.TAG_STATS.query, returns=page(TagStatsOut)
)
async def tag_stats(ctx: Context) -> Page:
    """Count the assets of each tag and their active vulnerabilities, by severity."""
    return await _counted(ctx, queries.TAG_STATS)


@tags.route(
    "GET",
    "/{id}/assets",
    permission=Perm.ASSET_READ,
    query=queries.LISTING.query,
    returns=page(AssetOut),
    scoped=True,
)
async def list_tagged(ctx: Context) -> Page:
    """List the assets that a tag is on, with the parameters of /assets."""
    if not await service.tag_exists(ctx.uuid("id")):
        raise NotFound
    return await _counted(ctx, queries.WITH_TAG, tag_id=ctx.uuid("id"))


@tags.route(
    "POST",
    "/{id}/assets",
    permission=Perm.ASSET_WRITE,
    body=TaggedIn,
    returns=TaggedOut,
    errors=(Unprocessable,),
)
async def tag_assets(ctx: Context) -> dict[str, int]:
    """Put a tag on assets; those that have it keep it. If one does not exist, none gets it."""
    return await service.tag_assets(ctx.uuid("id"), ctx.body["asset_ids"])


@tags.route("POST", "/{id}/remove-assets", permission=Perm.ASSET_WRITE, body=TaggedIn, returns=UntaggedOut)
async def untag_assets(ctx: Context) -> dict[str, int]:
    """Take a tag off assets; those that do not have it are passed over."""
    return await service.untag_assets(ctx.uuid("id"), ctx.body["asset_ids"])


@tags.route(
    "POST",
    "/{id}/merge",
    permission=Perm.ASSET_WRITE,
    body=TagMergeIn,
    returns=TagMergedOut,
    errors=(Unprocessable,),
)
async def merge_tag(ctx: Context) -> dict[str, Any]:
    """Merge a tag into another one: its assets get that one, and it goes."""
    tag, counts = await service.merge_tag(ctx.uuid("id"), ctx.body["into"])
    told = {"id": tag.id, "name": tag.name, "color": tag.color, "rule": tag.rule, "createdAt": tag.created_at}
    return told | counts


_RULE: dict[str, Any] = {
    "permission": Perm.ASSET_WRITE,
    "body": RuleIn,
    "returns": bare(RuleOut),
    "errors": (Unprocessable,),
}


@tags.route("PUT", "/{id}/rule", **_RULE)
async def set_tag_rule(ctx: Context) -> dict[str, Any]:
    """Put a tag on all assets that a filter of `/assets` chooses, now and later; null ends that.

    What it was put on by hand stays. A rule is by what assets are: it takes no `severity`, tag or group. With
    `dryRun` nothing is changed; the counts say what would be.
    """
    return await _ruled(ctx, rules.TAGS)


@groups.route("PUT", "/{id}/rule", **_RULE)
async def set_group_rule(ctx: Context) -> dict[str, Any]:
    """Let a group hold all assets that a filter of `/assets` chooses, now and later; null ends that.

    Members by hand stay. A rule is by what assets are: it takes no `severity`, tag or group. With `dryRun`
    nothing is changed; the counts say what would be.
    """
    return await _ruled(ctx, rules.GROUPS)


async def _ruled(ctx: Context, holder: rules.Holder) -> dict[str, Any]:
    rule, dry_run = ctx.body["rule"], ctx.body["dry_run"]
    async with trial(dry_run=dry_run):
        done = await rules.set_rule(holder, ctx.uuid("id"), rule)
    return {"rule": rule, "dryRun": dry_run, **asdict(done)}


async def _counted(ctx: Context, listing: Listing, **fixed: Any) -> Page:
    found = await ctx.page(listing, **fixed)
    return replace(found, rows=[queries.nested(row) for row in found.rows])
