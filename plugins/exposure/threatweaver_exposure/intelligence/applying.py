"""What snapshots say of CVEs, told to definitions that name them: the highest EPSS, and if any is in KEV."""

from threatweaver.sdk import connection
from threatweaver_exposure.intelligence.effective import EPSS, epss

CURRENT = """(SELECT DISTINCT ON (feed) * FROM exposure_intel_snapshot WHERE imported_at IS NOT NULL
    ORDER BY feed, imported_at DESC, id DESC)"""
"""SQL for the snapshot of each feed that holds: the one that was imported last, an older one that was
brought back included."""

_TOLD = """
    SELECT d.id, max(e.score) AS epss, CASE WHEN max(e.score) IS NOT NULL THEN h.epss_at END AS epss_at,
           CASE WHEN h.kev_at IS NOT NULL AND count(c.cve) > 0 THEN bool_or(k.id IS NOT NULL) END AS kev,
           CASE WHEN count(c.cve) > 0 THEN h.kev_at END AS kev_at
    FROM exposure_definition d
    CROSS JOIN (SELECT max(published) FILTER (WHERE feed = 'epss') AS epss_at,
                       max(published) FILTER (WHERE feed = 'kev') AS kev_at FROM {current} s) h
    LEFT JOIN exposure_definition_cve c ON c.definition_id = d.id
    LEFT JOIN exposure_epss e ON e.cve = c.cve
    LEFT JOIN exposure_kev k ON k.cve = c.cve
    WHERE {condition} GROUP BY d.id, h.epss_at, h.kev_at
"""
_WRITE = """
    UPDATE exposure_definition d
    SET intel_epss = t.epss, intel_epss_at = t.epss_at, intel_kev = t.kev, intel_kev_at = t.kev_at
    FROM told t
    WHERE t.id = d.id AND (d.intel_epss, d.intel_epss_at, d.intel_kev, d.intel_kev_at)
                          IS DISTINCT FROM (t.epss, t.epss_at, t.kev, t.kev_at)
"""


def telling(condition: str) -> str:
    """Return the statement that brings definitions d up to date of which a condition holds; the caller ranks
    them anew.
    """
    return f"WITH told AS ({_of(condition)}) {_WRITE}"


async def tell_all() -> None:
    """Bring every definition up to date; makes retold(id), those whose EPSS score is another one now."""
    await connection().execute(
        f"""CREATE TEMPORARY TABLE retold ON COMMIT DROP AS
            WITH told AS MATERIALIZED ({_of("true")})
            SELECT t.id, {epss("t.epss", "t.epss_at")} IS DISTINCT FROM {EPSS} AS moved, t.epss, t.epss_at,
                   t.kev, t.kev_at
            FROM told t JOIN exposure_definition d USING (id)"""
    )
    await connection().execute(f"WITH told AS (SELECT * FROM retold) {_WRITE}")


def _of(condition: str) -> str:
    return _TOLD.format(current=CURRENT, condition=condition)
