"""Since when something is urgent: conditions for lists; {} is a day in UTC."""

from datetime import date

from threatweaver_exposure.intelligence.effective import KEV
from threatweaver_exposure.risk.queries import CRITICAL_FROM

START = "{}::date::timestamp AT TIME ZONE 'UTC'"
_BEFORE = f"""EXISTS (SELECT 1 FROM (
    SELECT e.state, e.severity, e.risk_score FROM exposure_event e
    WHERE e.vulnerability_id = v.id AND e.at < {START} ORDER BY e.at DESC, e.id DESC LIMIT 1) w
    WHERE w.state <= 1 AND %s)"""  # as it was when the day began: active, and so
_CRITICAL = f"(%s.severity = 4 OR %s.risk_score >= {CRITICAL_FROM})"
# CISA's own date. What only reports call known to be exploited has none: it was so before.
LISTED = """v.definition_id IN (SELECT n.definition_id FROM exposure_definition_cve n
    JOIN exposure_kev k ON k.cve = n.cve GROUP BY 1 HAVING min(k.added) >= {}::date)"""

CRITICAL_SINCE = f"({_CRITICAL % ('v', 'v')} AND NOT {_BEFORE % (_CRITICAL % ('w', 'w'))})"
"""Is critical by severity or band of its score, and was not, or not active, when the day began."""
# As a CASE it is one condition on v and d: the dear half on v alone would be tried before the join to d.
KEV_SINCE = f"(CASE WHEN {KEV} THEN {LISTED} OR NOT {_BEFORE % 'true'} ELSE false END)"
"""Is known to be exploited, and was not, or not active, when the day began."""


FEW_EVENTS = 100_000
FEW_SINCE = f"""SELECT count(*) <= {FEW_EVENTS} FROM (
    SELECT 1 FROM exposure_event WHERE at >= {START.format("$1")} LIMIT {FEW_EVENTS + 1}) e"""
_TOUCHED = "SELECT r.vulnerability_id FROM exposure_event r WHERE r.at >= {}"
_OF_LISTED = "SELECT v.id FROM exposure_vulnerability v WHERE v.state <= 1 AND {}"


def lately(critical: date | None, kev: date | None) -> str:
    """Return what the conditions of these days imply: few rows, if events since then are few.

    Without it each row that is critical, or exploited, is looked up among the events of before.
    """
    conditions = []
    if critical is not None:
        conditions.append(f"v.id IN ({_TOUCHED.format(_start(critical))})")
    if kev is not None:
        listed = _OF_LISTED.format(LISTED.format(f"'{kev.isoformat()}'"))
        conditions.append(f"v.id IN ({_TOUCHED.format(_start(kev))} UNION ALL {listed})")
    return " AND ".join(conditions) or "true"


def _start(day: date) -> str:
    return START.format(f"'{day.isoformat()}'")
