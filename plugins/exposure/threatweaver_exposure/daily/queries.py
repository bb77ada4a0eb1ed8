"""SQL that works the rollups out from events: what they must agree with, and what leaves with some events."""

_ON = "({}.at AT TIME ZONE 'UTC')::date"

# An import reopens only what was fixed; people and time end acceptances.
RETURNED = "{0}.action = 'reopened' AND {0}.import_id IS NOT NULL"

FLOW_KEY = "day, created_on, born_severity, severity"
FLOW_SUMS = ("created", "closed", "returned", "active")
SCORE_KEY = "day, severity, risk_score"


def flows_of(events: str = "exposure_event") -> str:
    """Return a SELECT of the rows of the flow rollup that whole histories of vulnerabilities give."""
    return f"""
        WITH step AS (
            SELECT e.*, lag(e.severity) OVER history AS old_severity, lag(e.state) OVER history AS old_state
            FROM {events} e WINDOW history AS (PARTITION BY e.vulnerability_id ORDER BY e.at, e.id)
        ), born AS (
            SELECT e.vulnerability_id, {_ON.format("e")} AS created_on, e.severity
            FROM {events} e WHERE e.action = 'created'
        ), told AS (
            SELECT {_ON.format("s")} AS day, coalesce(b.created_on, '-infinity') AS created_on,
                   coalesce(b.severity, s.severity) AS born_severity, s.severity,
                   s.action = 'created' AS created, s.action = 'closed' AS closed,
                   {RETURNED.format("s")} AS returned, s.state <= 1 AND b.created_on IS NOT NULL AS active,
                   s.old_severity, s.old_state <= 1 AND b.created_on IS NOT NULL AS was_active
            FROM step s LEFT JOIN born b USING (vulnerability_id)
        )
        {_summed("told")}"""


def _summed(told: str) -> str:
    """Return a SELECT that adds up what happened, and takes off what each was before."""
    return f"""SELECT {FLOW_KEY}, sum(created)::bigint AS created, sum(closed)::bigint AS closed,
               sum(returned)::bigint AS returned, sum(active)::bigint AS active
        FROM (
            SELECT {FLOW_KEY}, created::int, closed::int, returned::int, active::int FROM {told}
            UNION ALL
            SELECT day, created_on, born_severity, old_severity, 0, 0, 0, -1 FROM {told} WHERE was_active
        ) x GROUP BY {FLOW_KEY}
        HAVING (sum(created), sum(closed), sum(returned), sum(active)) <> (0, 0, 0, 0)"""


def flows_of_changes(state_after: str, today: str, *, imported: bool) -> str:
    """Return the same SELECT for vulnerability_change; its events are written, `today` is SQL for their day.

    When and as what something was created is looked up only where it matters.
    """
    return f"""
        WITH change AS (
            SELECT id, severity, old_severity, action = 'created' AS created, action = 'closed' AS closed,
                   action = 'reopened' AND {imported} AS returned,
                   {state_after} <= 1 AS active, coalesce(old_state <= 1, false) AS was_active
            FROM vulnerability_change WHERE action NOT IN ('unchanged', 'rescored')
        ), told AS (
            SELECT {today} AS day, n.created_on, n.born_severity, c.severity, c.created, c.closed, c.returned,
                   c.active AND n.created_on > '-infinity' AS active, c.old_severity,
                   c.was_active AND n.created_on > '-infinity' AS was_active
            FROM change c LEFT JOIN LATERAL (
                SELECT {_ON.format("e")} AS created_on, e.severity FROM exposure_event e
                WHERE NOT c.created AND e.vulnerability_id = c.id AND e.action = 'created' LIMIT 1) b ON true,
            LATERAL (SELECT CASE WHEN c.created THEN {today} ELSE coalesce(b.created_on, '-infinity') END,
                            CASE WHEN c.created THEN c.severity ELSE coalesce(b.severity, c.severity) END
            ) n(created_on, born_severity)
            WHERE c.created OR c.closed OR c.returned OR c.active <> c.was_active
               OR c.active AND c.severity <> c.old_severity
        )
        {_summed("told")}"""


def scores_of(events: str = "exposure_event") -> str:
    """Return a SELECT of the rows of the score rollup that whole histories of vulnerabilities give."""
    return f"""
        SELECT {SCORE_KEY}, sum(step)::bigint AS active FROM (
            SELECT {_ON.format("e")} AS day, e.severity, e.risk_score, 1 AS step FROM {events} e
            WHERE e.state <= 1
            UNION ALL
            SELECT {_ON.format("e")}, e.old_severity, e.old_risk_score, -1 FROM (
                SELECT e.at, lag(e.state) OVER history AS old_state,
                       lag(e.severity) OVER history AS old_severity,
                       lag(e.risk_score) OVER history AS old_risk_score
                FROM {events} e WINDOW history AS (PARTITION BY e.vulnerability_id ORDER BY e.at, e.id)) e
            WHERE e.old_state <= 1
        ) x GROUP BY {SCORE_KEY} HAVING sum(step) <> 0"""


def scores_of_changes(state_after: str, today: str) -> str:
    """Return the same SELECT for vulnerability_change; `today` is SQL for the day of its events."""
    return f"""
        SELECT {SCORE_KEY}, sum(step)::bigint AS active FROM (
            SELECT {today} AS day, severity, risk_score, 1 AS step
            FROM vulnerability_change WHERE action <> 'unchanged' AND {state_after} <= 1
            UNION ALL
            SELECT {today}, old_severity, old_risk_score, -1
            FROM vulnerability_change WHERE action <> 'unchanged' AND old_state <= 1
        ) x GROUP BY {SCORE_KEY} HAVING sum(step) <> 0"""


DISAGREEMENTS = f"""
SELECT 'flows by day' AS figure FROM (
    (SELECT {FLOW_KEY}, {", ".join(FLOW_SUMS)} FROM exposure_flow_rollup
     WHERE (created, closed, returned, active) <> (0, 0, 0, 0) EXCEPT ALL ({flows_of()}))
    UNION ALL
    (({flows_of()}) EXCEPT ALL SELECT {FLOW_KEY}, {", ".join(FLOW_SUMS)} FROM exposure_flow_rollup)
) x HAVING count(*) > 0
UNION ALL
SELECT 'scores by day' FROM (
    (SELECT {SCORE_KEY}, active FROM exposure_score_rollup WHERE active <> 0 EXCEPT ALL ({scores_of()}))
    UNION ALL
    (({scores_of()}) EXCEPT ALL SELECT {SCORE_KEY}, active FROM exposure_score_rollup)
) x HAVING count(*) > 0
"""
"""What the night compares the rollups with."""
