"""What assets of a merge or split are known by: themselves, identifiers, tags and groups.

Assets come and go in the rollups here; what vulnerabilities make of them follows by `apply_changes`.
"""

from collections.abc import Sequence
from uuid import UUID

from threatweaver.sdk import connection
from threatweaver_exposure.dashboard import service as rollups

_NOTHING_OPEN = """jsonb_build_object(
    'worst_severity', -1, 'risk_score', 0, 'open_critical', 0, 'open_high', 0, 'open_medium', 0,
    'open_low', 0, 'open_info', 0, 'top_definition_id', NULL, 'second_score', NULL)"""
"""SQL for what an asset counts before its vulnerabilities are counted."""
# What a merge or split may change of an asset that stays: undoing takes each back that is as it was left.
_DESCRIBED = (
    "name",
    "fqdn",
    "netbios",
    "ip",
    "operating_system",
    "first_seen",
    "last_seen",
    "last_authenticated_scan",
    "criticality",
    "exposure",
)
# What the others know of what the asset does not say itself, the one seen last first.
_LEARNED = ("fqdn", "netbios", "ip", "operating_system", "exposure")

AS_THEY_ARE = """jsonb_build_object(
    'assets', (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.id)
               FROM exposure_asset a WHERE a.id = ANY($1::uuid[])),
    'identifiers', (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.id), '[]')
                    FROM exposure_asset_identifier i WHERE i.asset_id = ANY($1::uuid[])),
    'tags', (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.id), '[]')
             FROM exposure_asset_tag t WHERE t.asset_id = ANY($1::uuid[])),
    'members', (SELECT coalesce(jsonb_agg(to_jsonb(m) ORDER BY m.id), '[]')
                FROM exposure_asset_group_member m WHERE m.asset_id = ANY($1::uuid[])))"""
"""SQL for the rows about the assets $1."""


async def learn(into: UUID, others: Sequence[UUID]) -> None:
    """Let an asset say what others say and it does not."""
    learned = ", ".join(f"{name} = coalesce(a.{name}, o.{name})" for name in (*_LEARNED, "criticality"))
    latest = ", ".join(
        f"(array_agg({name} ORDER BY last_seen DESC, id) FILTER (WHERE {name} IS NOT NULL))[1] AS {name}"
        for name in _LEARNED
    )
    await connection().execute(
        f"""UPDATE exposure_asset a SET {learned}
            FROM (SELECT {latest}, max(criticality) AS criticality
                  FROM exposure_asset WHERE id = ANY($2::uuid[])) o
            WHERE a.id = $1""",
        into,
        list(others),
    )


async def absorb(into: UUID, others: Sequence[UUID]) -> None:
    """Give an asset all that others are known by; they leave but for past days."""
    held = connection()
    await held.execute(
        """UPDATE exposure_asset a
           SET first_seen = least(a.first_seen, o.first_seen), last_seen = greatest(a.last_seen, o.last_seen),
               last_authenticated_scan = greatest(a.last_authenticated_scan, o.last_authenticated_scan)
           FROM (SELECT min(first_seen) AS first_seen, max(last_seen) AS last_seen,
                        max(last_authenticated_scan) AS last_authenticated_scan
                 FROM exposure_asset WHERE id = ANY($2::uuid[])) o
           WHERE a.id = $1""",
        into,
        list(others),
    )
    await held.execute(
        """DELETE FROM exposure_asset_identifier i USING exposure_asset_identifier k
           WHERE i.asset_id = ANY($2::uuid[]) AND (k.asset_id = $1 OR k.asset_id = ANY($2::uuid[]))
             AND (k.kind, k.value) = (i.kind, i.value) AND (k.asset_id <> $1, k.id) < (true, i.id)""",
        into,
        list(others),
    )
    await held.execute(
        "UPDATE exposure_asset_identifier SET asset_id = $1 WHERE asset_id = ANY($2::uuid[])",
        into,
        list(others),
    )
    await _share(into, others)
    await held.execute(
        """INSERT INTO exposure_withdrawn_asset (id, name, ip)
           SELECT id, name, ip FROM exposure_asset WHERE id = ANY($1::uuid[])""",
        list(others),
    )
    await held.execute(
        """CREATE TEMPORARY TABLE left_assets ON COMMIT DROP AS
           SELECT worst_severity, -count(*) AS assets, -sum(risk_score) AS risk_sum
           FROM exposure_asset WHERE id = ANY($1::uuid[]) GROUP BY 1""",
        list(others),
    )
    await held.execute("DELETE FROM exposure_asset WHERE id = ANY($1::uuid[])", list(others))
    await rollups.add_assets("left_assets")


async def _share(into: UUID, others: Sequence[UUID]) -> None:
    """Put the tags of others on an asset, and it into their groups, but for what rules decide."""
    for table, column in (("exposure_asset_tag", "tag_id"), ("exposure_asset_group_member", "group_id")):
        await connection().execute(
            f"""INSERT INTO {table} (asset_id, {column})
                SELECT DISTINCT $1::uuid, {column} FROM {table}
                WHERE asset_id = ANY($2::uuid[]) AND NOT by_rule
                ON CONFLICT DO NOTHING""",
            into,
            list(others),
        )


async def part(asset_id: UUID, new_id: UUID, moved: Sequence[str]) -> None:
    """Make a new asset of some identifiers (`kind value`) of another: worth as much, in the same groups."""
    held = connection()
    await held.execute(
        """UPDATE exposure_asset_identifier SET asset_id = $2
           WHERE asset_id = $1 AND kind || ' ' || value = ANY($3::text[])""",
        asset_id,
        new_id,
        list(moved),
    )
    await held.execute(
        f"""INSERT INTO exposure_asset
           SELECT n.* FROM exposure_asset a,
               LATERAL jsonb_populate_record(a, {_NOTHING_OPEN} || jsonb_build_object('id', $2::uuid)) n
           WHERE a.id = $1""",
        asset_id,
        new_id,
    )
    await held.execute(
        """UPDATE exposure_asset a
           SET fqdn = CASE WHEN a.id = $2 OR lower(a.fqdn) = ANY(n.lost) THEN n.fqdn ELSE a.fqdn END,
               netbios = CASE WHEN a.id = $2 OR lower(a.netbios) = ANY(n.lost) THEN n.netbios
                              ELSE a.netbios END,
               ip = CASE WHEN a.id = $2 OR lower(a.ip) = ANY(n.lost) THEN n.ip ELSE a.ip END,
               name = CASE WHEN a.id = $2 OR lower(a.name) = ANY(n.lost) THEN n.called ELSE a.name END
           FROM (
               SELECT i.asset_id, min(i.value) FILTER (WHERE i.kind = 'fqdn') AS fqdn,
                      left(min(i.value) FILTER (WHERE i.kind = 'netbios'), 64) AS netbios,
                      left(min(i.value) FILTER (WHERE i.kind = 'ip'), 45) AS ip,
                      (array_agg(i.value ORDER BY array_position(
                          ARRAY['fqdn', 'netbios', 'hostname', 'application', 'ip'], i.kind::text), i.value)
                      )[1] AS called,
                      ARRAY(SELECT lower(substr(m, strpos(m, ' ') + 1)) FROM unnest($3::text[]) m) AS lost
               FROM exposure_asset_identifier i WHERE i.asset_id IN ($1, $2) GROUP BY 1
           ) n WHERE n.asset_id = a.id""",
        asset_id,
        new_id,
        list(moved),
    )
    await _share(new_id, [asset_id])
    await held.execute(
        """CREATE TEMPORARY TABLE new_assets ON COMMIT DROP AS
           SELECT -1 AS worst_severity, 1 AS assets, 0 AS risk_sum"""
    )
    await rollups.add_assets("new_assets")


async def describe_as_before(merge_id: UUID) -> None:
    """Take back what a merge or split changed of the asset that stayed, where it is as that left it."""
    back = ", ".join(
        f"{name} = CASE WHEN x.{name} IS NOT DISTINCT FROM f.{name} THEN b.{name} ELSE x.{name} END"
        for name in _DESCRIBED
    )
    await connection().execute(
        f"""UPDATE exposure_asset x SET {back}
            FROM exposure_asset_merge m, jsonb_populate_record(NULL::exposure_asset, m.after) f,
                 jsonb_populate_recordset(NULL::exposure_asset, m.before -> 'assets') b
            WHERE m.id = $1 AND x.id = m.asset_id AND b.id = m.asset_id""",
        merge_id,
    )


async def bring_back(merge_id: UUID) -> None:
    """Bring the assets of a merge back with what they were known by; the one that stayed loses that."""
    held = connection()
    await held.execute(
        f"""INSERT INTO exposure_asset
           SELECT n.* FROM exposure_asset_merge m JOIN exposure_asset a ON a.id = m.asset_id
           CROSS JOIN jsonb_array_elements(m.before -> 'assets') b
           CROSS JOIN jsonb_populate_record(a, b || {_NOTHING_OPEN}) n
           WHERE m.id = $1 AND n.id <> m.asset_id""",
        merge_id,
    )
    await held.execute(
        """DELETE FROM exposure_withdrawn_asset w USING exposure_asset_merge m
           WHERE m.id = $1 AND w.id = ANY(m.others)""",
        merge_id,
    )
    await held.execute(
        """CREATE TEMPORARY TABLE new_assets ON COMMIT DROP AS
           SELECT -1 AS worst_severity, cardinality(others) AS assets, 0 AS risk_sum
           FROM exposure_asset_merge WHERE id = $1""",
        merge_id,
    )
    await rollups.add_assets("new_assets")
    await _bring_back_identifiers(merge_id)
    for table, column, key in (
        ("exposure_asset_tag", "tag_id", "tags"),
        ("exposure_asset_group_member", "group_id", "members"),
    ):
        await _bring_back_rows(merge_id, table, column, key)


async def _bring_back_identifiers(merge_id: UUID) -> None:
    was = "jsonb_populate_recordset(NULL::exposure_asset_identifier, m.before -> 'identifiers') b"
    await connection().execute(
        f"""DELETE FROM exposure_asset_identifier i USING exposure_asset_merge m, {was}
            WHERE m.id = $1 AND b.id = i.id AND b.asset_id <> m.asset_id""",
        merge_id,
    )
    await connection().execute(
        f"""INSERT INTO exposure_asset_identifier
            SELECT b.* FROM exposure_asset_merge m, {was} WHERE m.id = $1 AND b.asset_id <> m.asset_id""",
        merge_id,
    )


async def _bring_back_rows(merge_id: UUID, table: str, column: str, key: str) -> None:
    """Take tags or groups off the asset that it got by the merge; the others have theirs, if still there."""
    was = f"jsonb_populate_recordset(NULL::{table}, m.before -> '{key}') b"
    what = table.removesuffix("_member") if column == "group_id" else "exposure_tag"
    await connection().execute(
        f"""DELETE FROM {table} t USING exposure_asset_merge m, {was}
            WHERE m.id = $1 AND t.asset_id = m.asset_id AND b.asset_id <> m.asset_id
              AND b.{column} = t.{column}
              AND NOT EXISTS (SELECT 1 FROM jsonb_populate_recordset(NULL::{table}, m.before -> '{key}') o
                              WHERE o.asset_id = m.asset_id AND o.{column} = t.{column})""",
        merge_id,
    )
    await connection().execute(
        f"""INSERT INTO {table} (id, asset_id, {column}, by_rule)
            SELECT b.id, b.asset_id, b.{column}, coalesce(b.by_rule, false)
            FROM exposure_asset_merge m, {was} JOIN {what} g ON g.id = b.{column}
            WHERE m.id = $1 AND b.asset_id <> m.asset_id ON CONFLICT DO NOTHING""",
        merge_id,
    )
