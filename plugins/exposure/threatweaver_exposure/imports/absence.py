"""What a report does not show: gone, if it proves that, else unobserved."""

from collections.abc import Mapping
from typing import Any

from threatweaver.sdk import connection
from threatweaver_exposure.imports.rows import COVERAGE
from threatweaver_exposure.imports.undo import REMEMBER_MISSING
from threatweaver_exposure.risk import scoring

CHECK_OF_D = "coalesce(d.check_id, d.plugin_id::text)"

# Absence is proof only if the report says that the check ran, on a host whose scan finished, later than the
# last sighting, and with credentials if it was seen with credentials. What the scanner itself says to be
# fixed is, unless it was seen since.
_FIND = """
CREATE INDEX ON vulnerability_change (id);
CREATE TEMPORARY TABLE missing ON COMMIT DROP AS
WITH ran AS (SELECT told->'checks' AS checks FROM staged_other WHERE kind = {coverage})
SELECT v.id, v.asset_id, v.definition_id, v.severity, v.state, v.first_seen, m.seen_at, p.proven,
       v.unobserved_since IS NULL AS observed, v.risk_score AS old_risk_score,
       CASE WHEN p.proven THEN {risk_when_missed} ELSE v.risk_score END AS risk_score
FROM (SELECT asset_id, max(seen_at) AS seen_at, bool_or(authenticated) AS authenticated
      FROM matched GROUP BY asset_id HAVING bool_and(finished)) m
JOIN exposure_vulnerability v USING (asset_id)
JOIN exposure_definition d ON d.id = v.definition_id
JOIN exposure_asset a ON a.id = v.asset_id
CROSS JOIN LATERAL (SELECT (coalesce(m.authenticated, false) OR NOT v.authenticated)
             AND (EXISTS (SELECT 1 FROM ran WHERE checks IS NULL) OR {check} IN (
                 SELECT json_array_elements_text(checks) FROM ran)) AS proven) p
WHERE v.state <> 3 AND v.last_seen < m.seen_at AND d.source = (SELECT source FROM importing)
  AND NOT EXISTS (SELECT 1 FROM vulnerability_change c WHERE c.id = v.id AND c.action <> 'rescored');
ANALYZE missing;
"""
_FIND_FIXED = """
INSERT INTO missing (id, asset_id, definition_id, severity, state, first_seen, seen_at, proven, observed,
                     old_risk_score, risk_score)
SELECT v.id, v.asset_id, v.definition_id, v.severity, v.state, v.first_seen, f.seen_at, true,
       v.unobserved_since IS NULL, v.risk_score, {risk_when_fixed}
FROM (SELECT m.asset_id, n.id AS definition_id, s.port, s.protocol, max(m.seen_at) AS seen_at
      FROM staged_fixed s JOIN matched m USING (host) JOIN defined n ON n.number = s.definition
      GROUP BY 1, 2, 3, 4) f
JOIN exposure_vulnerability v USING (asset_id, definition_id, port, protocol)
JOIN exposure_definition d ON d.id = v.definition_id
JOIN exposure_asset a ON a.id = v.asset_id
WHERE v.location = '' AND v.state <> 3 AND v.last_seen <= f.seen_at
  AND NOT EXISTS (SELECT 1 FROM vulnerability_change c WHERE c.id = v.id AND c.action <> 'rescored')
  AND NOT EXISTS (SELECT 1 FROM missing m WHERE m.id = v.id);
"""
_COUNT = "SELECT FROM missing WHERE proven OR observed;"
_WRITE = """
UPDATE exposure_vulnerability v
SET state = 3, fixed_at = m.seen_at, unobserved_since = NULL, risk_score = m.risk_score
FROM missing m WHERE v.id = m.id AND m.proven;
INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, old_severity, risk_score,
                                  old_risk_score, old_state, first_seen, action)
SELECT id, asset_id, definition_id, severity, severity, risk_score, old_risk_score, state, first_seen,
       'closed'
FROM missing WHERE proven;
UPDATE exposure_vulnerability v SET unobserved_since = m.seen_at
FROM missing m WHERE v.id = m.id AND NOT m.proven AND m.observed;
"""


async def miss(formula: Mapping[str, Any], *, said: bool) -> tuple[int, int]:
    """Mark as fixed what is proven to be gone, and date what is missing without proof.

    `said` is whether the report itself says of anything that it is fixed. Returns how many of each; of the
    second those that were seen until now. What is closed is added to vulnerability_change.
    """
    held = connection()
    find = _FIND + (_FIND_FIXED if said else "") + _COUNT
    found = _number(await held.execute(find.format(check=CHECK_OF_D, coverage=COVERAGE, **_risks(formula))))
    unobserved = _number(await held.execute(REMEMBER_MISSING + _WRITE)) if found else 0
    return found - unobserved, unobserved


def _number(status: str) -> int:
    """Return how many rows the last statement was about."""
    return int(status.rsplit(" ", 1)[-1])


def _risks(formula: Mapping[str, Any]) -> dict[str, str]:
    """Return SQL for the scores: what is fixed does not grow older, its age is that of the day it was."""
    known = {"severity": "v.severity", "first_seen": "v.first_seen"}
    return {
        "risk_when_missed": scoring.score(formula, fixed_at="m.seen_at", **known),
        "risk_when_fixed": scoring.score(formula, fixed_at="f.seen_at", **known),
    }
