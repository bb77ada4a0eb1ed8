"""Tags and groups by rule: they hold the assets that a filter of the list chooses, whatever comes and goes.

What people put there by hand stays beside it. Whoever changes what assets are known by, or what is said of
them, applies the rules in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from threatweaver.sdk import NotFound, Unprocessable, ValidationFailed, connection
from threatweaver_exposure.assets.queries import LISTING
from threatweaver_exposure.filters import service as filters
from threatweaver_exposure.filters.together import together

MOST = 100
"""Rules of tags, and of groups: each is a search through the assets of every import."""
# A rule that named a tag could name itself; what was found of an asset changes with every scan.
_NO_RULE = {
    name: f"A rule is by what assets are: leave {name} out."
    for name in ("severity", "tag", "notTag", "assetGroup", "notAssetGroup")
}


@dataclass(frozen=True, slots=True)
class Holder:
    """What may have a rule, with the table of the assets that it holds and its column there."""

    table: str
    members: str
    column: str


TAGS = Holder("exposure_tag", "exposure_asset_tag", "tag_id")
GROUPS = Holder("exposure_asset_group", "exposure_asset_group_member", "group_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How many assets something holds since a rule was applied, by it or by hand, and what that changed."""

    assets: int
    added: int
    removed: int


async def set_rule(holder: Holder, holder_id: UUID, rule: Mapping[str, str] | None) -> Applied:
    """Give a tag or group a rule, or none; what the old one chose and the new one does not leaves.

    Raises NotFound, ValidationFailed for what the list of assets refuses, Unprocessable for too many rules.
    """
    held = connection()
    if rule is not None:
        checked(rule)
    text = None if rule is None else orjson.dumps(rule).decode()
    done = await held.execute(f"UPDATE {holder.table} SET rule = $2 WHERE id = $1", holder_id, text)
    if done == "UPDATE 0":
        raise NotFound
    if await held.fetchval(f"SELECT count(*) FROM {holder.table} WHERE rule IS NOT NULL") > MOST:
        raise Unprocessable(f"There are {MOST} rules already.")
    rows = [] if rule is None else [(holder_id, rule)]
    added, removed = await _apply(holder, rows, None, only=holder_id)
    assets = await held.fetchval(
        f"SELECT count(*) FROM {holder.members} WHERE {holder.column} = $1", holder_id
    )
    return Applied(assets=assets, added=added, removed=removed)


async def apply(assets: str | None = None) -> None:
    """Apply every rule to the assets of a SELECT; None are all, those that are gone included."""
    rows = await connection().fetch(
        " UNION ALL ".join(
            f"SELECT {number} AS holder, id, rule FROM {holder.table} WHERE rule IS NOT NULL"
            for number, holder in enumerate((TAGS, GROUPS))
        )
    )
    for number, holder in enumerate((TAGS, GROUPS)):
        if rules := [(row["id"], orjson.loads(row["rule"])) for row in rows if row["holder"] == number]:
            await _apply(holder, rules, assets)


def checked(rule: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a rule as the list of assets takes it in. Raises ValidationFailed."""
    details = [{"field": f"rule.{name}", "message": _NO_RULE[name]} for name in rule if name in _NO_RULE]
    if not rule:
        details = [{"field": "rule", "message": "Give at least one filter of the list of assets."}]
    if details:
        raise ValidationFailed("Invalid request body", details)
    return filters.checked("assets", rule, field="rule")


async def _apply(
    holder: Holder,
    rules: Sequence[tuple[UUID, Mapping[str, str]]],
    assets: str | None,
    *,
    only: UUID | None = None,
) -> tuple[int, int]:
    """Write what rules choose, of all assets or those of a SELECT, and count what came and went.

    With `only` what others hold is left alone.
    """
    held, within, known = "true" if only is None else f"t.{holder.column} = '{only}'", "true", ""
    if assets is not None:
        held, within = f"t.asset_id IN ({assets})", f"a.id IN ({assets})"
        # Conditions search what these few are known by, and not through all of the tenant's assets.
        known = f"""exposure_asset_identifier AS (
            SELECT * FROM exposure_asset_identifier WHERE asset_id IN ({assets})),"""
    chosen, values = together(
        LISTING,
        (
            (f"'{holder_id}'::uuid AS holder, a.id", checked(rule), f"WHERE {within} AND {{where}}")
            for holder_id, rule in rules
        ),
    )
    row: asyncpg.Record = await connection().fetchrow(
        f"""WITH {known} chosen(holder, asset_id) AS ({chosen or _NONE}),
            gone AS (DELETE FROM {holder.members} t WHERE t.by_rule AND {held} AND NOT EXISTS (
                SELECT FROM chosen c WHERE c.holder = t.{holder.column} AND c.asset_id = t.asset_id)
                RETURNING 1),
            added AS (INSERT INTO {holder.members} ({holder.column}, asset_id, by_rule)
                SELECT holder, asset_id, true FROM chosen ORDER BY 1, 2
                ON CONFLICT DO NOTHING RETURNING 1)
            SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM gone)""",
        *values,
    )
    return row[0], row[1]


_NONE = "SELECT NULL::uuid, NULL::uuid WHERE false"
