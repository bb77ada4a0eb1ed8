"""Taking an import back: what it changed is as it was before it, but for what was worked on since.

A vulnerability that a later import saw or changed, or that a person decided on, keeps what it has; the next
import that touched it takes over what was there before, so that it can be reverted, too.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from threatweaver.sdk import connection
from threatweaver_exposure.assets import rules
from threatweaver_exposure.changes import service as changes
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.flaws import service as flaws
from threatweaver_exposure.imports import fates, merge
from threatweaver_exposure.risk.service import rescore


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    """What a revert did, in vulnerabilities and assets; what was kept, by why."""

    restored: int
    withdrawn: int
    kept_for_later_imports: int
    kept_for_decisions: int
    assets_withdrawn: int


async def revert(import_id: UUID, merged_at: datetime) -> Reverted:
    """Take a merged import back; makes undone(id, fate, ...). The caller has serialized and checks it may."""
    held = connection()
    await held.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    await fates.decide(import_id, merged_at)
    await _restore(merged_at)
    await _redefine(import_id, merged_at)
    await rollups.apply_changes(import_id=import_id)
    assets_withdrawn = await _restore_assets(import_id, merged_at)
    await rules.apply()
    await held.execute(
        f"""
        DELETE FROM exposure_sighting WHERE import_id = '{import_id}';
        DELETE FROM exposure_before WHERE import_id = '{import_id}';
        DELETE FROM exposure_definition_before WHERE import_id = '{import_id}';
        """
    )
    counts = dict(await held.fetch("SELECT fate, count(*) FROM undone GROUP BY fate"))
    return Reverted(
        restored=counts.get("restored", 0),
        withdrawn=counts.get("withdrawn", 0),
        kept_for_later_imports=counts.get("import", 0),
        kept_for_decisions=counts.get("decision", 0),
        assets_withdrawn=assets_withdrawn,
    )


async def _restore(merged_at: datetime) -> None:
    """Write what was before; makes vulnerability_change. Withdrawn ones leave but for past days."""
    held = connection()
    now = ", ".join(f"CASE WHEN u.whole THEN u.{name} ELSE v.{name} END AS {name}" for name in fates.VALUES)
    await held.execute(
        f"""
        CREATE TEMPORARY TABLE vulnerability_change ON COMMIT DROP AS
        SELECT v.id, v.asset_id, v.definition_id, n.severity, v.severity AS old_severity, n.risk_score,
               v.risk_score AS old_risk_score, v.state AS old_state, n.state AS new_state, v.first_seen,
               n.authenticated, n.fixed_at, n.unobserved_since, n.evidence_digest,
               u.seen, CASE WHEN u.fate = 'withdrawn' THEN 'withdrawn' ELSE 'reverted' END AS action
        FROM undone u JOIN exposure_vulnerability v USING (id), LATERAL (SELECT {now}) n
        WHERE u.fate IN ('restored', 'withdrawn')
        """
    )
    await held.execute(
        """
        UPDATE exposure_vulnerability v
        SET state = c.new_state, severity = c.severity, risk_score = c.risk_score,
            authenticated = c.authenticated, fixed_at = c.fixed_at, last_seen = c.seen,
            evidence_digest = c.evidence_digest, unobserved_since = coalesce(c.unobserved_since, (
                -- A later scan of the asset to its end did not see it.
                SELECT min(s.seen_at)
                FROM exposure_sighting s JOIN exposure_import i ON i.id = s.import_id
                JOIN exposure_definition d ON d.id = c.definition_id AND d.source = s.source
                WHERE s.asset_id = c.asset_id AND i.merged_at > $1 AND s.finished
                  AND s.seen_at > c.seen AND c.new_state <> 3))
        FROM vulnerability_change c WHERE c.id = v.id AND c.action = 'reverted'
        """,
        merged_at,
    )
    await held.execute(
        """
        UPDATE exposure_evidence e
        SET service = b.service, output = b.output, import_id = b.import_id, observed_at = b.observed_at
        FROM undone u, jsonb_to_record(u.evidence)
            AS b(service text, output text, import_id uuid, observed_at timestamptz)
        WHERE u.fate = 'restored' AND u.evidence IS NOT NULL AND e.vulnerability_id = u.id
        """
    )
    columns = """id, asset_id, definition_id, port, protocol, location, authenticated, first_seen, last_seen,
        fixed_at, unobserved_since"""
    await held.execute(
        f"""
        CREATE TEMPORARY TABLE leaving ON COMMIT DROP AS SELECT id FROM undone WHERE fate = 'withdrawn';
        INSERT INTO exposure_withdrawn ({columns})
        SELECT {columns} FROM exposure_vulnerability JOIN leaving USING (id);
        DELETE FROM exposure_evidence WHERE vulnerability_id IN (SELECT id FROM leaving);
        DELETE FROM exposure_acceptance WHERE vulnerability_id IN (SELECT id FROM leaving);
        DELETE FROM exposure_before WHERE vulnerability_id IN (SELECT id FROM leaving);
        DELETE FROM exposure_vulnerability WHERE id IN (SELECT id FROM leaving);
        """
    )


async def _redefine(import_id: UUID, merged_at: datetime) -> None:
    """Bring back what definitions said, where no later import says something else; rank them anew."""
    held = connection()
    columns = f"{merge.DEFINITION_COLUMNS}, updated_at"
    await held.execute(
        """
        CREATE TEMPORARY TABLE redefined (id int) ON COMMIT DROP;
        CREATE TEMPORARY TABLE definition_heir (id bigint, before jsonb, definition_id int) ON COMMIT DROP;
        """
    )
    await held.execute(
        """INSERT INTO definition_heir
           SELECT DISTINCT ON (x.definition_id) n.id, x.before, x.definition_id
           FROM exposure_definition_before x JOIN exposure_definition_before n USING (definition_id)
           JOIN exposure_import i ON i.id = n.import_id
           WHERE x.import_id = $1 AND i.merged_at > $2 ORDER BY x.definition_id, i.merged_at""",
        import_id,
        merged_at,
    )
    await held.execute(
        """UPDATE exposure_definition_before n SET before = h.before
           FROM definition_heir h WHERE h.id = n.id"""
    )
    await held.execute(
        f"""
        WITH back AS (
            UPDATE exposure_definition d SET ({columns}) = (
                SELECT {columns} FROM jsonb_populate_record(NULL::exposure_definition, x.before))
            FROM exposure_definition_before x
            WHERE x.import_id = $1 AND x.definition_id = d.id AND x.digest = d.digest
              AND NOT EXISTS (SELECT 1 FROM definition_heir h WHERE h.definition_id = d.id)
            RETURNING d.id
        ) INSERT INTO redefined SELECT id FROM back
        """,
        import_id,
    )
    await held.execute(merge.NAME_CVES)
    await rescore(f"{merge.REDEFINED} OR v.id IN (SELECT id FROM undone WHERE fate = 'restored')")
    await flaws.observe(f"SELECT id FROM undone WHERE fate = 'restored' UNION {flaws.OF_REDEFINED}")


async def _restore_assets(import_id: UUID, merged_at: datetime) -> int:
    """Bring back what was known of assets that no later import saw; return how many leave with it."""
    held = connection()
    await held.execute(
        """
        CREATE TEMPORARY TABLE seen_here ON COMMIT DROP AS
        SELECT s.*, n.id AS heir, $2::timestamptz AS merged_at FROM exposure_sighting s LEFT JOIN LATERAL (
            SELECT n.id FROM exposure_sighting n JOIN exposure_import i ON i.id = n.import_id
            WHERE n.asset_id = s.asset_id AND i.merged_at > $2
            ORDER BY i.merged_at, n.id LIMIT 1) n ON true
        WHERE s.import_id = $1
        """,
        import_id,
        merged_at,
    )
    await held.execute(
        """
        CREATE TEMPORARY TABLE standing ON COMMIT DROP AS
        SELECT o.id FROM exposure_asset_merge m, unnest(m.others || m.asset_id) AS o(id)
        WHERE m.undone_at IS NULL AND m.created_at > $1
        """,
        merged_at,
    )
    await held.execute(
        """
        CREATE TEMPORARY TABLE leaving_asset ON COMMIT DROP AS
        SELECT s.asset_id AS id FROM seen_here s
        WHERE s.created AND s.heir IS NULL
          AND NOT EXISTS (SELECT 1 FROM exposure_vulnerability v WHERE v.asset_id = s.asset_id)
          AND NOT EXISTS (SELECT 1 FROM exposure_asset a WHERE a.id = s.asset_id
                          AND (a.criticality IS NOT NULL OR a.exposure IS NOT NULL))
          AND NOT EXISTS (SELECT 1 FROM exposure_asset_tag t
                          WHERE t.asset_id = s.asset_id AND NOT t.by_rule)
          AND NOT EXISTS (SELECT 1 FROM exposure_asset_group_member m
                          WHERE m.asset_id = s.asset_id AND NOT m.by_rule)
          AND NOT EXISTS (SELECT 1 FROM standing m WHERE m.id = s.asset_id);
        INSERT INTO exposure_withdrawn_asset (id, name, ip)
        SELECT a.id, a.name, a.ip FROM exposure_asset a JOIN leaving_asset USING (id);
        CREATE TEMPORARY TABLE left_assets ON COMMIT DROP AS
        SELECT a.worst_severity, -count(*) AS assets, -sum(a.risk_score) AS risk_sum
        FROM exposure_asset a JOIN leaving_asset USING (id) GROUP BY 1;
        DELETE FROM exposure_asset_identifier WHERE asset_id IN (SELECT id FROM leaving_asset);
        DELETE FROM exposure_asset WHERE id IN (SELECT id FROM leaving_asset);

        UPDATE exposure_asset a
        SET name = b.name, fqdn = b.fqdn, netbios = b.netbios, ip = b.ip,
            operating_system = b.operating_system, last_seen = b.last_seen,
            last_authenticated_scan = b.last_authenticated_scan
        FROM seen_here s, jsonb_populate_record(NULL::exposure_asset, s.before) b
        WHERE a.id = s.asset_id AND s.heir IS NULL AND s.before IS NOT NULL;
        UPDATE exposure_sighting n SET created = s.created, before = s.before
        FROM seen_here s WHERE n.id = s.heir AND (s.created OR s.before IS NOT NULL);

        CREATE TEMPORARY TABLE named_here ON COMMIT DROP AS
        SELECT s.asset_id, name, (
            SELECT n.id FROM exposure_sighting n JOIN exposure_import i ON i.id = n.import_id
            WHERE n.asset_id = s.asset_id AND i.merged_at > s.merged_at AND name = ANY(n.identifiers)
            ORDER BY i.merged_at, n.id LIMIT 1) AS heir
        FROM seen_here s, unnest(s.added) AS name;
        UPDATE exposure_asset_identifier i SET import_id = s.import_id, valid_from = s.seen_at
        FROM named_here n JOIN exposure_sighting s ON s.id = n.heir
        WHERE i.asset_id = n.asset_id AND i.kind || ' ' || i.value = n.name;
        UPDATE exposure_sighting n SET added = n.added || h.names
        FROM (SELECT heir, array_agg(name) AS names FROM named_here WHERE heir IS NOT NULL GROUP BY 1) h
        WHERE n.id = h.heir;
        DELETE FROM exposure_asset_identifier i USING named_here n
        WHERE n.heir IS NULL AND i.asset_id = n.asset_id AND i.kind || ' ' || i.value = n.name
          AND EXISTS (SELECT 1 FROM seen_here s WHERE s.asset_id = n.asset_id
                      AND NOT (s.created AND s.heir IS NULL))
          AND NOT EXISTS (SELECT 1 FROM standing m WHERE m.id = n.asset_id);
        """
    )
    await rollups.add_assets("left_assets")
    await changes.bury(
        "asset",
        "SELECT id, id AS asset_id FROM leaving_asset",
        action="withdrawn",
        import_id=import_id,
    )
    count: int = await held.fetchval("SELECT count(*) FROM leaving_asset")
    return count
