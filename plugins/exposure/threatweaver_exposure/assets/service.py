"""What can be done to assets: tags and groups. No request, no schema, no status code."""

from collections.abc import Sequence
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable, connection, uuid7
from threatweaver_exposure.assets import queries
from threatweaver_exposure.assets.models import Asset, AssetGroup, AssetGroupMember, Tag


async def set_tags(asset_id: UUID, names: Sequence[str]) -> None:
    """Replace an asset's tags; names that do not exist yet become tags, and those of rules stay.

    Raises NotFound.
    """
    if not await Asset.exists(id=asset_id):
        raise NotFound
    wanted = sorted(set(names))
    known = {tag.name for tag in await Tag.filter(name__in=wanted)}
    await Tag.bulk_create([Tag(id=uuid7(), name=name) for name in wanted if name not in known])
    await connection().execute(
        """WITH wanted AS (SELECT id FROM exposure_tag WHERE name = ANY($2)),
                dropped AS (DELETE FROM exposure_asset_tag
                            WHERE asset_id = $1 AND NOT by_rule AND tag_id NOT IN (SELECT id FROM wanted))
           INSERT INTO exposure_asset_tag AS t (asset_id, tag_id) SELECT $1, id FROM wanted
           ON CONFLICT (tag_id, asset_id) DO UPDATE SET by_rule = false WHERE t.by_rule""",
        asset_id,
        wanted,
    )


async def tag_assets(tag_id: UUID, asset_ids: Sequence[UUID]) -> dict[str, int]:
    """Put a tag on assets, on all or on none. Raises NotFound, Unprocessable."""
    wanted = sorted(set(asset_ids))
    await _tags(tag_id)
    found = await queries.tag_assets(tag_id, wanted)
    if found is None or found["known"] != len(wanted):
        raise Unprocessable("One of the assets does not exist.")
    return {"assets": found["before"] + found["added"], "added": found["added"]}


async def untag_assets(tag_id: UUID, asset_ids: Sequence[UUID]) -> dict[str, int]:
    """Take a tag off assets; those without it stay as they are. Raises NotFound."""
    await _tags(tag_id)
    found = await queries.untag_assets(tag_id, sorted(set(asset_ids)))
    removed, before = (found["removed"], found["before"]) if found else (0, 0)
    return {"assets": before - removed, "removed": removed}


async def merge_tag(tag_id: UUID, into: UUID) -> tuple[Tag, dict[str, int]]:
    """Let a tag go whose assets all get another one; return that. Raises NotFound, Unprocessable."""
    if tag_id == into:
        raise Unprocessable("A tag cannot be merged into itself.")
    tags = await _tags(tag_id, into)
    if into not in tags:
        raise Unprocessable("The tag to merge into does not exist.")
    found = await queries.merge_tag(tag_id, into)
    added, before = (found["added"], found["before"]) if found else (0, 0)
    return tags[into], {"assets": before + added, "added": added}


async def _tags(tag_id: UUID, *others: UUID) -> dict[UUID, Tag]:
    """Return a tag and those of the others that there are, locked one after the other. Raises NotFound."""
    found = await Tag.filter(id__in=[tag_id, *others]).order_by("id").select_for_update()
    tags = {tag.id: tag for tag in found}
    if tag_id not in tags:
        raise NotFound
    return tags


async def add_members(group_id: UUID, asset_ids: Sequence[UUID]) -> int:
    """Put assets into a group; return how many it has now. Raises NotFound, Unprocessable."""
    await _group(group_id)
    wanted = sorted(set(asset_ids))  # in one order, so that two callers cannot block each other
    if await Asset.filter(id__in=wanted).count() != len(wanted):
        raise Unprocessable("One of the assets does not exist.")
    await connection().execute(
        """INSERT INTO exposure_asset_group_member AS m (group_id, asset_id) SELECT $1, unnest($2::uuid[])
           ON CONFLICT (group_id, asset_id) DO UPDATE SET by_rule = false WHERE m.by_rule""",
        group_id,
        wanted,
    )
    return await AssetGroupMember.filter(group_id=group_id).count()


async def remove_members(group_id: UUID, asset_ids: Sequence[UUID]) -> int:
    """Take assets out of a group, but for those of its rule; return how many it has now. Raises NotFound."""
    await _group(group_id)
    await AssetGroupMember.filter(group_id=group_id, asset_id__in=list(asset_ids), by_rule=False).delete()
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
