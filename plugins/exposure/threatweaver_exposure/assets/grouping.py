"""/tags and /asset-groups: stock resources, and who is in a group."""

from typing import Any

from threatweaver.sdk import Context, Op, Resource, RouteTable, Unprocessable, add_resource, search
from threatweaver_exposure.assets import service
from threatweaver_exposure.assets.models import AssetGroup, Tag
from threatweaver_exposure.assets.schemas import (
    AssetGroupCreate,
    AssetGroupOut,
    AssetGroupUpdate,
    MembersIn,
    MembersOut,
    TagCreate,
    TagOut,
    TagUpdate,
)
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
