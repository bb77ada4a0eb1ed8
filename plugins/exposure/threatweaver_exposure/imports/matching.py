"""Which asset a host of a report is: decided by the strongest identifier they share."""

from datetime import datetime

from threatweaver.sdk import connection

# Kinds that tell machines apart: with two different values of one of these, a weaker match is no match.
# An address moves from machine to machine, so a name contradicts it too.
_TELLS_APART = "('agent_uuid', 'tenable_uuid', 'bios_uuid')"
_CONTRADICTS_ADDRESS = "('fqdn', 'netbios', 'hostname')"


async def match_hosts(undated: datetime) -> None:
    """Find or create the asset of every staged host; makes matched(host, asset_id, seen_at, ...)."""
    held = connection()
    await held.execute(
        """
        CREATE TEMPORARY TABLE host_now ON COMMIT DROP AS
        SELECT DISTINCT ON (number) number AS host, name, operating_system, authenticated,
               finished_at IS NOT NULL AS finished,
               coalesce(finished_at, started_at, $1) AS seen_at
        FROM staged_host ORDER BY number, seq DESC
        """,
        undated,
    )
    await held.execute(
        f"""
        CREATE TEMPORARY TABLE matched ON COMMIT DROP AS
        WITH candidate AS MATERIALIZED (
            SELECT DISTINCT i.host, i.kind, i.strength, a.asset_id
            FROM staged_identifier i JOIN exposure_asset_identifier a ON a.kind = i.kind AND a.value = i.value
        ), contradiction AS MATERIALIZED (
            SELECT c.host, c.asset_id, s.kind, s.strength
            FROM (SELECT DISTINCT host, asset_id FROM candidate) c
            JOIN staged_identifier s ON s.host = c.host
                 AND (s.kind IN {_TELLS_APART} OR s.kind IN {_CONTRADICTS_ADDRESS})
            JOIN exposure_asset_identifier o ON o.asset_id = c.asset_id AND o.kind = s.kind
            GROUP BY c.host, c.asset_id, s.kind, s.strength HAVING NOT bool_or(o.value = s.value)
        )
        SELECT DISTINCT ON (c.host) c.host, c.asset_id, false AS is_new
        FROM candidate c
        WHERE NOT EXISTS (
            SELECT 1 FROM contradiction x
            WHERE x.host = c.host AND x.asset_id = c.asset_id AND x.strength < c.strength
              AND (x.kind IN {_TELLS_APART} OR c.kind = 'ip'))
        ORDER BY c.host, c.strength, c.asset_id
        """
    )
    # Hosts nobody knows: those of one report that share their strongest identifier are one asset.
    await held.execute(
        """
        WITH strongest AS (
            SELECT DISTINCT ON (host) host, kind, value FROM staged_identifier
            WHERE host NOT IN (SELECT host FROM matched) ORDER BY host, strength, value
        ), led AS (
            SELECT host, min(host) OVER (PARTITION BY kind, value) AS leader FROM strongest
        ), made AS (
            SELECT leader, uuid7() AS asset_id FROM led GROUP BY leader
        )
        INSERT INTO matched SELECT led.host, made.asset_id, true FROM led JOIN made USING (leader)
        """
    )
    await _describe()


async def _describe() -> None:
    """Write assets and their identifiers; adds seen_at, authenticated and finished to matched."""
    held = connection()
    await held.execute(
        """
        ALTER TABLE matched ADD seen_at timestamptz, ADD authenticated bool, ADD finished bool;
        UPDATE matched m SET seen_at = h.seen_at, authenticated = h.authenticated, finished = h.finished
        FROM host_now h WHERE h.host = m.host;
        ANALYZE matched;
        CREATE TEMPORARY TABLE asset_now ON COMMIT DROP AS
        SELECT DISTINCT ON (m.asset_id) m.asset_id, m.is_new, h.operating_system, h.seen_at,
               CASE WHEN h.authenticated THEN h.seen_at END AS authenticated_at,
               n.fqdn, n.netbios, n.ip, coalesce(n.fqdn, n.netbios, n.hostname, h.name) AS name
        FROM matched m JOIN host_now h USING (host)
        LEFT JOIN (
            SELECT host, min(value) FILTER (WHERE kind = 'fqdn') AS fqdn,
                   left(min(value) FILTER (WHERE kind = 'netbios'), 64) AS netbios,
                   min(value) FILTER (WHERE kind = 'hostname') AS hostname,
                   left(min(value) FILTER (WHERE kind = 'ip'), 45) AS ip
            FROM staged_identifier GROUP BY host) n USING (host)
        ORDER BY m.asset_id, h.seen_at DESC, h.host;
        INSERT INTO exposure_asset (id, name, fqdn, netbios, ip, operating_system, first_seen, last_seen,
            last_authenticated_scan, worst_severity, risk_score,
            open_critical, open_high, open_medium, open_low, open_info)
        SELECT asset_id, name, fqdn, netbios, ip, operating_system, seen_at, seen_at,
               authenticated_at, -1, 0, 0, 0, 0, 0, 0 FROM asset_now WHERE is_new;
        UPDATE exposure_asset a
        SET name = n.name, fqdn = coalesce(n.fqdn, a.fqdn), netbios = coalesce(n.netbios, a.netbios),
            ip = coalesce(n.ip, a.ip), operating_system = coalesce(n.operating_system, a.operating_system),
            last_seen = n.seen_at,
            last_authenticated_scan = coalesce(n.authenticated_at, a.last_authenticated_scan)
        FROM asset_now n WHERE a.id = n.asset_id AND NOT n.is_new AND n.seen_at >= a.last_seen
          AND (a.name, a.fqdn, a.netbios, a.ip, a.operating_system, a.last_seen, a.last_authenticated_scan)
              IS DISTINCT FROM
              (n.name, coalesce(n.fqdn, a.fqdn), coalesce(n.netbios, a.netbios), coalesce(n.ip, a.ip),
               coalesce(n.operating_system, a.operating_system), n.seen_at,
               coalesce(n.authenticated_at, a.last_authenticated_scan));
        INSERT INTO exposure_asset_identifier (asset_id, kind, value)
        SELECT DISTINCT m.asset_id, i.kind, i.value FROM staged_identifier i JOIN matched m USING (host)
        ON CONFLICT DO NOTHING;
        INSERT INTO exposure_asset_rollup AS r (worst_severity, assets, risk_sum)
        SELECT -1, count(*), 0 FROM asset_now WHERE is_new HAVING count(*) > 0
        ON CONFLICT (worst_severity) DO UPDATE SET assets = r.assets + EXCLUDED.assets;
        """
    )
