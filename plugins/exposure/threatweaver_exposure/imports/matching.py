"""Which asset a host of a report is: decided by the strongest identifier they share."""

import asyncio
from collections import defaultdict
from datetime import datetime
from uuid import UUID

from threatweaver.sdk import connection, copy_rows, uuid7
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.engine.pairing import Stated, pair

_NAMED = """
SELECT host, strength, kind, value, asset_id FROM (
    SELECT DISTINCT host, strength, kind, value, NULL::uuid AS asset_id, 0::bigint AS id
    FROM staged_identifier
    UNION ALL
    SELECT NULL, NULL, kind, value, asset_id, id FROM exposure_asset_identifier WHERE asset_id IN (
        SELECT k.asset_id FROM exposure_asset_identifier k
        JOIN staged_identifier s ON s.kind = k.kind AND s.value = k.value)
) n ORDER BY id
"""
_DESCRIBE = """
CREATE TEMPORARY TABLE matched ON COMMIT DROP AS
SELECT p.host, p.asset_id, p.is_new, p.place, h.seen_at, h.authenticated, h.finished
FROM paired p JOIN host_now h USING (host);
ANALYZE matched;
CREATE TEMPORARY TABLE asset_now ON COMMIT DROP AS
SELECT DISTINCT ON (m.asset_id) m.asset_id, m.is_new, h.operating_system, h.seen_at,
       CASE WHEN h.authenticated THEN h.seen_at END AS authenticated_at,
       n.fqdn, n.netbios, n.ip, coalesce(n.fqdn, n.netbios, n.hostname, h.name) AS name,
       CASE WHEN h.seen_at >= a.last_seen THEN
           jsonb_build_object('name', a.name, 'fqdn', a.fqdn, 'netbios', a.netbios, 'ip', a.ip,
               'operating_system', a.operating_system, 'last_seen', a.last_seen,
               'last_authenticated_scan', a.last_authenticated_scan) END AS before
FROM matched m JOIN host_now h USING (host)
LEFT JOIN exposure_asset a ON a.id = m.asset_id
LEFT JOIN (
    SELECT host, min(value) FILTER (WHERE kind = 'fqdn') AS fqdn,
           left(min(value) FILTER (WHERE kind = 'netbios'), 64) AS netbios,
           min(value) FILTER (WHERE kind = 'hostname') AS hostname,
           left(min(value) FILTER (WHERE kind = 'ip'), 45) AS ip
    FROM staged_identifier GROUP BY host) n USING (host)
ORDER BY m.asset_id, h.seen_at DESC, h.host;
"""
_ADD = """
INSERT INTO exposure_asset (id, name, fqdn, netbios, ip, operating_system, first_seen, last_seen,
    last_authenticated_scan, worst_severity, risk_score,
    open_critical, open_high, open_medium, open_low, open_info)
SELECT asset_id, name, fqdn, netbios, ip, operating_system, seen_at, seen_at,
       authenticated_at, -1, 0, 0, 0, 0, 0, 0 FROM asset_now WHERE is_new;
CREATE TEMPORARY TABLE new_assets ON COMMIT DROP AS
SELECT -1 AS worst_severity, count(*) AS assets, 0 AS risk_sum FROM asset_now WHERE is_new;
"""
_KEEP_UP = """
UPDATE exposure_asset a
SET name = n.name, fqdn = coalesce(n.fqdn, a.fqdn), netbios = coalesce(n.netbios, a.netbios),
    ip = coalesce(n.ip, a.ip), operating_system = coalesce(n.operating_system, a.operating_system),
    last_seen = n.seen_at,
    last_authenticated_scan = coalesce(n.authenticated_at, a.last_authenticated_scan)
FROM asset_now n WHERE a.id = n.asset_id AND n.before IS NOT NULL
  AND (a.name, a.fqdn, a.netbios, a.ip, a.operating_system, a.last_seen, a.last_authenticated_scan)
      IS DISTINCT FROM
      (n.name, coalesce(n.fqdn, a.fqdn), coalesce(n.netbios, a.netbios), coalesce(n.ip, a.ip),
       coalesce(n.operating_system, a.operating_system), n.seen_at,
       coalesce(n.authenticated_at, a.last_authenticated_scan));
"""
_NAME = """
CREATE TEMPORARY TABLE identifier_new ON COMMIT DROP AS
SELECT n.* FROM (
    SELECT m.asset_id, i.kind, i.value, min(m.seen_at) AS valid_from, min(m.place) AS place
    FROM staged_identifier i JOIN matched m USING (host) GROUP BY 1, 2, 3
) n LEFT JOIN exposure_asset_identifier k USING (asset_id, kind, value) WHERE k.id IS NULL;
INSERT INTO exposure_asset_identifier (asset_id, kind, value, import_id, valid_from)
SELECT n.asset_id, n.kind, n.value, i.id, n.valid_from FROM identifier_new n CROSS JOIN importing i
ORDER BY n.place;  -- who had it first decides where several assets have it
"""


async def match_hosts(at: datetime) -> int:
    """Find or create the asset of every staged host at this moment; return how many assets they are.

    Makes matched(host, asset_id, is_new, seen_at, ...), and for whoever undoes it
    asset_now(asset_id, before, ...), `before` NULL where nothing changes, and
    identifier_new(asset_id, kind, value, ...).
    """
    held = connection()
    # Decided in Python, where each host can see what those before it left: no set operation can.
    hosts: dict[int, list[Stated]] = defaultdict(list)
    known: list[tuple[UUID, str, str]] = []
    for host, strength, kind, value, asset in await held.fetch(_NAMED):
        if asset is None:
            hosts[host].append((strength, kind, value))
        else:
            known.append((asset, kind, value))
    found = await asyncio.to_thread(pair, hosts, known, uuid7)
    rows = [(host, asset, is_new, place) for place, (host, (asset, is_new)) in enumerate(found.items())]
    await copy_rows("paired", rows)
    assets = dict(found.values())
    adding = _ADD + rollups.adding_assets("new_assets", at) if any(assets.values()) else ""
    keeping = "" if all(assets.values()) else _KEEP_UP
    await held.execute(_DESCRIBE + adding + keeping + _NAME)
    return len(assets)
