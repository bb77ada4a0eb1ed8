"""Which asset a host of a report is: decided by the strongest identifier they share."""

import asyncio
from collections import defaultdict
from datetime import datetime

from threatweaver.sdk import connection, uuid7
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.engine.pairing import Stated, pair


async def match_hosts(undated: datetime) -> None:
    """Find or create the asset of every staged host; makes matched(host, asset_id, seen_at, ...).

    No scan is later than the import but for a day of time zones: a scanner's wrong clock would otherwise
    make every later report an older one, which changes nothing.
    """
    held = connection()
    await held.execute(
        """
        CREATE TEMPORARY TABLE host_now ON COMMIT DROP AS
        SELECT DISTINCT ON (number) number AS host, name, operating_system, authenticated,
               finished,
               least(coalesce(finished_at, started_at, $1), $1 + interval '1 day') AS seen_at
        FROM staged_host ORDER BY number, seq DESC
        """,
        undated,
    )
    await _pair()
    await _describe()


async def _pair() -> None:
    """Decide in Python, where each host can see what those before it left: no set operation can."""
    held = connection()
    hosts: dict[int, list[Stated]] = defaultdict(list)
    for host, strength, kind, value in await held.fetch(
        "SELECT DISTINCT host, strength, kind, value FROM staged_identifier"
    ):
        hosts[host].append((strength, kind, value))
    known = await held.fetch(
        """SELECT asset_id, kind, value FROM exposure_asset_identifier WHERE asset_id IN (
               SELECT k.asset_id FROM exposure_asset_identifier k
               JOIN staged_identifier s ON s.kind = k.kind AND s.value = k.value)"""
    )
    paired = await asyncio.to_thread(pair, hosts, known, uuid7)
    await held.execute("CREATE TEMPORARY TABLE matched (host int, asset_id uuid, is_new bool) ON COMMIT DROP")
    rows = [(host, asset, is_new) for host, (asset, is_new) in paired.items()]
    await held.copy_records_to_table("matched", records=rows)


async def _describe() -> None:
    """Write assets and their identifiers; adds seen_at, authenticated and finished to matched.

    Makes asset_before(asset_id, before) and identifier_new(asset_id, kind, value) for whoever undoes it.
    """
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
        CREATE TEMPORARY TABLE asset_before ON COMMIT DROP AS
        SELECT a.id AS asset_id, jsonb_build_object('name', a.name, 'fqdn', a.fqdn, 'netbios', a.netbios,
                   'ip', a.ip, 'operating_system', a.operating_system, 'last_seen', a.last_seen,
                   'last_authenticated_scan', a.last_authenticated_scan) AS before
        FROM exposure_asset a JOIN asset_now n ON n.asset_id = a.id
        WHERE NOT n.is_new AND n.seen_at >= a.last_seen;
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
        CREATE TEMPORARY TABLE identifier_new ON COMMIT DROP AS
        SELECT DISTINCT m.asset_id, i.kind, i.value FROM staged_identifier i JOIN matched m USING (host)
        EXCEPT SELECT asset_id, kind, value FROM exposure_asset_identifier;
        INSERT INTO exposure_asset_identifier (asset_id, kind, value) SELECT * FROM identifier_new;
        CREATE TEMPORARY TABLE new_assets ON COMMIT DROP AS
        SELECT -1 AS worst_severity, count(*) AS assets, 0 AS risk_sum FROM asset_now WHERE is_new
        HAVING count(*) > 0;
        """
    )
    await rollups.add_assets("new_assets")
