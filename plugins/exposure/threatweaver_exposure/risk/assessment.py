"""What people say of assets, what they are worth and who can reach them: it ranks vulnerabilities anew."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from threatweaver.sdk import Unprocessable, connection
from threatweaver_exposure.assets import rules
from threatweaver_exposure.assets.queries import LISTING
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.dry_run import trial
from threatweaver_exposure.errors import CountDiffers
from threatweaver_exposure.filters import service as filters
from threatweaver_exposure.risk.service import rescore


async def of_ids(asset_ids: Sequence[UUID]) -> int:
    """Choose assets: makes assessed(id). Raises Unprocessable when one of them is not there."""
    wanted = sorted(set(asset_ids))
    count = await _choose("a.id = ANY($1::uuid[])", [wanted])
    if count != len(wanted):
        raise Unprocessable("One of the assets does not exist.")
    return count


async def of_filter(query: Mapping[str, str]) -> int:
    """Choose the assets of the list with these parameters: makes assessed(id). Raises ValidationFailed."""
    where, values = LISTING.conditions(filters.checked("assets", query, field="filter"))
    return await _choose(where, values)


async def _choose(where: str, values: Sequence[Any]) -> int:
    await rollups.serialize()
    done: str = await connection().execute(
        f"CREATE TEMPORARY TABLE assessed ON COMMIT DROP AS SELECT a.id FROM {LISTING.source} WHERE {where}",
        *values,
    )
    return int(done.rsplit(" ", 1)[-1])


async def assess(
    matched: int, said: Mapping[str, Any], *, by: UUID, dry_run: bool = False, expected: int | None = None
) -> dict[str, Any]:
    """Write `criticality`, `exposure` or both of the chosen assets, and rank their vulnerabilities anew.

    Raises CountDiffers when other than the expected number is chosen. A dry run takes everything back.
    """
    if expected is not None and matched != expected:
        raise CountDiffers(expected, matched)
    async with trial(dry_run=dry_run):
        changed, rescored = await _written(said), 0
        if changed:
            await rules.apply("SELECT id FROM reassessed")
            await rollups.changes_table()
            rescored = await rescore("v.asset_id IN (SELECT id FROM reassessed)")
            await rollups.apply_changes(actor_id=by)
    return {"dryRun": dry_run, "matched": matched, "changed": changed, "rescored": rescored}


async def _written(said: Mapping[str, Any]) -> int:
    """Write what was said where it is new; makes reassessed(id)."""
    values = ("criticality" in said, said.get("criticality"), "exposure" in said, said.get("exposure"))
    done: str = await connection().execute(
        """
        CREATE TEMPORARY TABLE reassessed ON COMMIT DROP AS
        SELECT a.id FROM exposure_asset a JOIN assessed USING (id)
        WHERE $1 AND a.criticality IS DISTINCT FROM $2::smallint
           OR $3 AND a.exposure IS DISTINCT FROM $4::text
        """,
        *values,
    )
    await connection().execute(
        """UPDATE exposure_asset a
           SET criticality = CASE WHEN $1 THEN $2::smallint ELSE a.criticality END,
               exposure = CASE WHEN $3 THEN $4::text ELSE a.exposure END
           FROM reassessed r WHERE r.id = a.id""",
        *values,
    )
    return int(done.rsplit(" ", 1)[-1])
