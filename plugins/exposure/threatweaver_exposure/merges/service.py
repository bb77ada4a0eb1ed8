"""Merging and splitting assets, and undoing both, each in one transaction. No request, no status code."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable, connection, publish, uuid7
from threatweaver_exposure.assets import rules
from threatweaver_exposure.assets.models import Asset, AssetIdentifier
from threatweaver_exposure.changes import service as changes
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.dry_run import trial
from threatweaver_exposure.errors import NotUndoable
from threatweaver_exposure.events import AssetMergeUndone, AssetsMerged, AssetSplit
from threatweaver_exposure.flaws import service as flaws
from threatweaver_exposure.merges import inventory, joining, parting, queries, undo
from threatweaver_exposure.merges.models import AssetMerge
from threatweaver_exposure.risk.service import rescore

_SHOWN = 200
_DONE = "SELECT action, count(*) FROM vulnerability_change GROUP BY action"
Done = dict[str, Any]


async def merge(into: UUID, others: Sequence[UUID], *, by: UUID, dry_run: bool) -> Done:
    """Make assets one: identifiers, findings, tags and groups of the others are those of the first.

    Raises NotFound, Unprocessable when one of the others is not there or is the asset itself.
    """
    wanted = sorted(set(others))
    if into in wanted:
        raise Unprocessable("An asset cannot be merged into itself.")
    await rollups.serialize()
    await _asset(into)
    if await Asset.filter(id__in=wanted).count() != len(wanted):
        raise Unprocessable("One of the assets does not exist.")

    async def done() -> Done:
        merge_id = await _note("merge", into, wanted, by=by)
        await inventory.learn(into, wanted)
        await _absorb(merge_id, into, wanted)
        await _conclude(merge_id, into, by=by)
        if not dry_run:  # what is published cannot be taken back
            await publish(AssetsMerged(merge_id=merge_id, asset_id=into, absorbed=tuple(wanted)))
        counts = dict(await connection().fetch(_DONE))
        return {
            "id": None if dry_run else merge_id,
            "kind": "merge",
            "assetId": into,
            "others": wanted,
            "moved": counts.get("moved", 0),
            "joined": counts.get("withdrawn", 0),
            "copied": 0,
            "joins": [dict(row) for row in await queries.joins(most=_SHOWN)],
        }

    return await _tried(done, dry_run=dry_run)


async def split(asset_id: UUID, identifiers: Sequence[Mapping[str, str]], *, by: UUID, dry_run: bool) -> Done:
    """Make a new asset of some identifiers, whose findings follow.

    Raises NotFound, Unprocessable when the asset is not known by one of them, or by no others.
    """
    wanted = sorted({f"{item['kind']} {item['value']}" for item in identifiers})
    await rollups.serialize()
    await _asset(asset_id)
    rows = await AssetIdentifier.filter(asset_id=asset_id).values_list("kind", "value")
    known = {f"{kind} {value}" for kind, value in rows}
    if not known.issuperset(wanted):
        raise Unprocessable("The asset is not known by one of the identifiers.")
    if len(known) == len(wanted):
        raise Unprocessable("The asset itself must keep an identifier.")

    async def done() -> Done:
        new_id = uuid7()
        merge_id = await _note("split", asset_id, [new_id], by=by, moved=wanted)
        await rollups.changes_table()
        await inventory.part(asset_id, new_id, wanted)
        await parting.part(merge_id, asset_id, new_id, wanted)
        await _conclude(merge_id, asset_id, by=by)
        if not dry_run:  # what is published cannot be taken back
            await publish(AssetSplit(merge_id=merge_id, asset_id=asset_id, new_asset_id=new_id))
        counts = dict(await connection().fetch(_DONE))
        return {
            "id": None if dry_run else merge_id,
            "kind": "split",
            "assetId": asset_id,
            "others": [new_id],
            "moved": counts.get("moved", 0),
            "joined": 0,
            "copied": counts.get("split", 0),
            "joins": [],
        }

    return await _tried(done, dry_run=dry_run)


async def take_back(merge_id: UUID, *, by: UUID, dry_run: bool) -> Done:
    """Undo a merge or split. Raises NotFound, NotUndoable."""
    await rollups.serialize()
    entry = await AssetMerge.get_or_none(id=merge_id)
    if entry is None:
        raise NotFound
    if entry.undone_at is not None:
        raise NotUndoable("It is undone already.")
    later = await connection().fetchval(
        f"SELECT ({queries.LATER}) FROM exposure_asset_merge m WHERE m.id = $1", merge_id
    )
    if later is not None:
        raise NotUndoable(
            "A later merge or split of the same assets has to be undone before.", later=str(later)
        )

    async def done() -> Done:
        counts = await (_unmerge(entry, by=by) if entry.kind == "merge" else _unsplit(entry, by=by))
        await connection().execute(
            "UPDATE exposure_asset_merge SET undone_at = clock_timestamp(), undone_by = $2 WHERE id = $1",
            merge_id,
            by,
        )
        if not dry_run:  # what is published cannot be taken back
            await publish(AssetMergeUndone(merge_id=merge_id, asset_id=entry.asset_id))
        return {"id": merge_id, "kind": entry.kind, "assetId": entry.asset_id, **counts}

    return await _tried(done, dry_run=dry_run)


async def _unmerge(entry: AssetMerge, *, by: UUID) -> Done:
    await rollups.changes_table()
    await inventory.bring_back(entry.id)
    await inventory.describe_as_before(entry.id)
    undone = await undo.undo(entry.id)
    await _settle([entry.asset_id, *entry.others], by=by)
    return {
        "others": entry.others,
        "moved": undone.moved,
        "restored": undone.restored,
        "kept": undone.kept,
        "keeps": [dict(row) for row in await queries.kept(most=_SHOWN)],
    }


async def _unsplit(entry: AssetMerge, *, by: UUID) -> Done:
    """Merge the new asset back, with all that came to be known of it."""
    await inventory.describe_as_before(entry.id)
    await _absorb(entry.id, entry.asset_id, entry.others)
    await _settle([entry.asset_id, *entry.others], by=by)
    counts = dict(await connection().fetch(_DONE))
    return {
        "others": entry.others,
        "moved": counts.get("moved", 0),
        "restored": counts.get("withdrawn", 0),
        "kept": 0,
        "keeps": [],
    }


async def _absorb(merge_id: UUID, into: UUID, others: Sequence[UUID]) -> None:
    await rollups.changes_table()
    await joining.join(merge_id, into, others)
    await inventory.absorb(into, others)
    gone = ", ".join(f"'{other}'::uuid" for other in others)
    await changes.bury(
        "asset", f"SELECT g AS id, g AS asset_id FROM unnest(ARRAY[{gone}]) g", action="merged"
    )


async def _note(
    kind: str, asset_id: UUID, others: Sequence[UUID], *, by: UUID, moved: Sequence[str] = ()
) -> UUID:
    """Note what is there before anything changes; return the id of the entry."""
    merge_id = uuid7()
    await connection().execute(
        f"""INSERT INTO exposure_asset_merge (id, kind, asset_id, others, names, before,
                                             created_at, created_by)
            SELECT $2, $3, $4, $5::uuid[],
                   ARRAY(SELECT name FROM exposure_asset a WHERE a.id = ANY($5::uuid[]) ORDER BY a.id),
                   {inventory.AS_THEY_ARE} || jsonb_build_object('moved', (
                       SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.id), '[]')
                       FROM exposure_asset_identifier i
                       WHERE i.asset_id = $4 AND i.kind || ' ' || i.value = ANY($6::text[]))),
                   clock_timestamp(), $7""",
        [asset_id, *others],
        merge_id,
        kind,
        asset_id,
        list(others),
        list(moved),
        by,
    )
    return merge_id


async def _conclude(merge_id: UUID, asset_id: UUID, *, by: UUID) -> None:
    """Rank and count anew, and note how all is left."""
    held = connection()
    others = await held.fetchval("SELECT others FROM exposure_asset_merge WHERE id = $1", merge_id)
    await _settle([asset_id, *others], by=by)
    await held.execute(
        """UPDATE exposure_asset_merge_item i SET after = to_jsonb(v) FROM exposure_vulnerability v
           WHERE i.merge_id = $1 AND v.id = i.vulnerability_id""",
        merge_id,
    )
    await held.execute(
        """UPDATE exposure_asset_merge m
           SET after = to_jsonb(a), names = CASE WHEN m.kind = 'merge' THEN m.names ELSE
                   ARRAY(SELECT n.name FROM exposure_asset n WHERE n.id = ANY(m.others)) END
           FROM exposure_asset a WHERE m.id = $1 AND a.id = m.asset_id""",
        merge_id,
    )


async def _settle(asset_ids: Sequence[UUID], *, by: UUID) -> None:
    """Rank the vulnerabilities of assets anew, for what these are worth counts; keep figures and rules."""
    of_these = ", ".join(f"'{asset}'::uuid" for asset in asset_ids)
    await rules.apply(f"SELECT unnest(ARRAY[{of_these}])")
    await rescore("v.asset_id = ANY($1::uuid[])", list(asset_ids))
    await rollups.apply_changes(actor_id=by, left=asset_ids)
    await flaws.observe(f"SELECT id FROM exposure_vulnerability WHERE asset_id IN ({of_these})")


async def _asset(asset_id: UUID) -> None:
    if not await Asset.exists(id=asset_id):
        raise NotFound


async def _tried(act: Callable[[], Coroutine[Any, Any, Done]], *, dry_run: bool) -> Done:
    """Do it; a trial takes everything back."""
    async with trial(dry_run=dry_run):
        done = await act()
    return {"dryRun": dry_run, **done}
