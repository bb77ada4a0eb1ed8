"""Telling findings apart by a recipe, of all or of those that changed. No request, no status code."""

import asyncio
from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound, connection, copy_rows
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.engine.recipes import RECIPES
from threatweaver_exposure.errors import CountDiffers, NotApart
from threatweaver_exposure.flaws import keys, queries
from threatweaver_exposure.flaws.models import FlawApart, IdentityRecipe
from threatweaver_exposure.vulnerabilities.models import Vulnerability

OF_ADVISED = f"""
    SELECT v.id FROM exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
    WHERE {queries.SAID.format("d")} ~ '{queries.ADVISORY_IDS}'"""
"""SQL for the vulnerabilities whose definitions name an advisory."""
OF_REDEFINED = f"""
    SELECT v.id FROM exposure_vulnerability v WHERE v.definition_id IN (
        SELECT id FROM redefined
        UNION SELECT g.id FROM exposure_definition g WHERE g.cves = '{{}}' AND EXISTS (
            SELECT 1 FROM exposure_definition d JOIN redefined USING (id),
                 regexp_matches({queries.SAID.format("d")}, '{queries.ADVISORY_IDS}', 'g') AS m
            WHERE cardinality(d.cves) = 1 AND strpos({queries.SAID.format("g")}, m[1]) > 0))"""
"""SQL for the vulnerabilities of the definitions in the table `redefined`, and of those that name an
advisory without a CVE of which one of these says the CVE now."""
_BATCH = 20_000
_SHOWN = 50
# What each kind of a recipe compares, as docs/plugins/exposure.md says.
_COMPARED = {
    "package": ("advisory", "ecosystem", "package"),
    "server": ("flaw", "port"),
    "network": ("cve", "port", "protocol"),
    "code": ("file", "line", "weakness"),
    "web": ("port", "method", "path", "parameter", "weakness"),
    "check": ("source", "check", "port", "protocol", "location"),
}


async def active_recipe() -> int:
    """Return the version of the recipe that findings are told apart by."""
    row = await queries.active()
    return int(row["recipe"]) if row else 1


async def recipes() -> dict[str, Any]:
    """Return the recipes, what each compares, and which one is active since when."""
    row = await queries.active()
    now = row["recipe"] if row else 1
    return {
        "active": now,
        "appliedAt": row["applied_at"] if row else None,
        "appliedBy": row["applied_by"] if row else None,
        "recipes": [
            {
                "recipe": recipe.version,
                "name": recipe.name,
                "active": recipe.version == now,
                "kinds": [{"kind": kind, "compares": list(_COMPARED[kind])} for kind in recipe.kinds],
            }
            for recipe in RECIPES.values()
        ],
    }


async def preview(recipe: int) -> dict[str, Any]:
    """Say what a recipe would make of every vulnerability; nothing is changed."""
    await tell_all(recipe)
    counts = await queries.difference()
    return {"recipe": recipe, **counts, "first": await queries.groups(most=_SHOWN)}


async def apply(recipe: int, *, by: UUID, expected: int | None) -> dict[str, Any]:
    """Tell every vulnerability apart by a recipe from now on; return the counts of the preview.

    Raises CountDiffers when it makes other than the expected number of groups. Safe to run twice.
    """
    await rollups.serialize()
    await tell_all(recipe)
    counts = await queries.difference()
    if expected is not None and counts["groups"] != expected:
        raise CountDiffers(expected, counts["groups"])
    await _write("v.flaw IS NOT NULL OR v.id IN (SELECT id FROM flaw_now)")
    if recipe != await active_recipe():
        await IdentityRecipe.create(recipe=recipe, groups=counts["groups"], applied_by=by)
    return {"recipe": recipe, **counts}


async def observe(changed: str) -> None:
    """Tell apart anew what a query (id) returns, by the active recipe. The caller has serialized."""
    recipe = await active_recipe()
    if recipe != 1:
        await connection().execute(f"CREATE TEMPORARY TABLE flaw_changed ON COMMIT DROP AS {changed}")
        await _tell(recipe, "v.id IN (SELECT id FROM flaw_changed)")
        await _write("v.id IN (SELECT id FROM flaw_changed)")


async def separate(vulnerability_id: UUID, *, by: UUID) -> None:
    """Say that a vulnerability is a flaw of its own, whatever recipes say. Raises NotFound. Twice is once."""
    await rollups.serialize()
    if not await Vulnerability.exists(id=vulnerability_id):
        raise NotFound
    await FlawApart.get_or_create(vulnerability_id=vulnerability_id, defaults={"decided_by": by})
    await Vulnerability.filter(id=vulnerability_id).update(flaw=None)


async def rejoin(vulnerability_id: UUID) -> None:
    """Take back that a vulnerability is a flaw of its own. Raises NotApart."""
    await rollups.serialize()
    if not await FlawApart.filter(vulnerability_id=vulnerability_id).delete():
        raise NotApart
    await observe(f"SELECT '{vulnerability_id}'::uuid AS id")


async def tell_all(recipe: int) -> None:
    """Make flaw_now(id, flaw, kind) of the vulnerabilities that a recipe may join with others."""
    # By recipe 1 nothing is: nobody need look.
    await _tell(recipe, "true" if recipe != 1 else "false")


async def _tell(recipe: int, condition: str) -> None:
    held = connection()
    await held.execute("CREATE TEMPORARY TABLE flaw_now (id uuid, flaw uuid, kind text) ON COMMIT DROP")
    classes = keys.aliases(await queries.advisories(), await queries.published())
    cursor = await held.cursor(
        f"""SELECT v.id, {keys.COLUMNS} FROM exposure_vulnerability v
            JOIN exposure_definition d ON d.id = v.definition_id
            LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id
            WHERE {condition} AND NOT EXISTS (
                SELECT 1 FROM exposure_flaw_apart p WHERE p.vulnerability_id = v.id)"""
    )
    while rows := await cursor.fetch(_BATCH):
        told = await asyncio.to_thread(_told, rows, recipe, classes)
        await copy_rows("flaw_now", told)
    await held.execute("CREATE INDEX ON flaw_now (id); ANALYZE flaw_now")


def _told(rows: list[Any], recipe: int, classes: dict[str, str]) -> list[tuple[UUID, UUID, str]]:
    found = ((row["id"], *keys.flaw_of(row, recipe, classes)) for row in rows)
    return [(row_id, flaw, kind) for row_id, flaw, kind in found if flaw is not None]


async def _write(condition: str) -> None:
    await connection().execute(
        f"""UPDATE exposure_vulnerability v SET flaw = n.flaw
            FROM exposure_vulnerability o LEFT JOIN flaw_now n ON n.id = o.id
            WHERE o.id = v.id AND v.flaw IS DISTINCT FROM n.flaw AND ({condition})"""
    )
