"""What can be done to assets: tags and groups. No request, no schema, no status code."""

from collections.abc import Sequence
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable, connection, uuid7
from threatweaver_exposure.assets.models import Asset, AssetGroup, AssetGroupMember, Tag


async def set_tags(asset_id: UUID, names: Sequence[str]) -> None:
    """Replace an asset's tags; names that do not exist yet become tags. Raises NotFound."""
    if not await Asset.exists(id=asset_id):
        raise NotFound
    wanted = sorted(set(names))
    known = {tag.name for tag in await Tag.filter(name__in=wanted)}
    await Tag.bulk_create([Tag(id=uuid7(), name=name) for name in wanted if name not in known])
    await connection().execute(
        """WITH wanted AS (SELECT id FROM exposure_tag WHERE name = ANY($2)),
                dropped AS (DELETE FROM exposure_asset_tag
                            WHERE asset_id = $1 AND tag_id NOT IN (SELECT id FROM wanted))
           INSERT INTO exposure_asset_tag (asset_id, tag_id)
           SELECT $1, id FROM wanted ON CONFLICT DO NOTHING""",
        asset_id,
        wanted,
    )


async def add_members(group_id: UUID, asset_ids: Sequence[UUID]) -> int:
    """Put assets into a group; return how many it has now. Raises NotFound, Unprocessable."""
    await _group(group_id)
    wanted = sorted(set(asset_ids))  # in one order, so that two callers cannot block each other
    if await Asset.filter(id__in=wanted).count() != len(wanted):
        raise Unprocessable("One of the assets does not exist.")
    await connection().execute(
        """INSERT INTO exposure_asset_group_member (group_id, asset_id)
           SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING""",
        group_id,
        wanted,
    )
    return await AssetGroupMember.filter(group_id=group_id).count()


async def remove_members(group_id: UUID, asset_ids: Sequence[UUID]) -> int:
    """Take assets out of a group; return how many it has now. Raises NotFound."""
    await _group(group_id)
    await AssetGroupMember.filter(group_id=group_id, asset_id__in=list(asset_ids)).delete()
    return await AssetGroupMember.filter(group_id=group_id).count()


async def group_exists(group_id: UUID) -> bool:
    """Say whether there is this asset group."""
    return await AssetGroup.exists(id=group_id)


async def tag_exists(tag_id: UUID) -> bool:
    """Say whether there is this tag."""
    return await Tag.exists(id=tag_id)


async def _group(group_id: UUID) -> AssetGroup:
    group = await AssetGroup.get_or_none(id=group_id)
    if group is None:
        raise NotFound
    return group
