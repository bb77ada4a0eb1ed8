"""Figures, each in one statement."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from threatweaver.sdk import SEVERITIES, connection, severity_name

_OPEN = "f.status IN ('open', 'in_progress') AND NOT f.suppressed"


async def summary() -> dict[str, Any]:
    """Return what there is: targets, assessments by state, open findings by severity."""
    held = connection()
    row = await held.fetchrow(
        """SELECT (SELECT count(*) FROM appsec_target) AS targets,
                  (SELECT count(verified_at) FROM appsec_target) AS "verifiedTargets",
                  (SELECT count(*) FROM appsec_finding WHERE suppressed) AS suppressed,
                  (SELECT max(finished_at) FROM appsec_assessment
                   WHERE state = 'completed') AS "lastScanAt" """
    )
    states = await held.fetch("SELECT state, count(*) AS n FROM appsec_assessment GROUP BY 1 ORDER BY 1")
    found = await held.fetch(
        f"SELECT f.severity, count(*) AS n FROM appsec_finding f WHERE {_OPEN} GROUP BY 1"
    )
    counts = dict.fromkeys(reversed(SEVERITIES), 0) | {
        SEVERITIES[item["severity"]]: item["n"] for item in found
    }
    return {**dict(row), "assessments": {item["state"]: item["n"] for item in states}, "openFindings": counts}


async def trend(days: int) -> Sequence[asyncpg.Record]:
    """Return for each of the last days, in UTC, what was found and fixed, and how many scans ended."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        """WITH days AS (
               SELECT day::date AS day FROM generate_series((now() AT TIME ZONE 'UTC')::date - ($1::int - 1),
                   (now() AT TIME ZONE 'UTC')::date, interval '1 day') AS day
           ), found AS (
               SELECT (first_seen AT TIME ZONE 'UTC')::date AS day, count(*)::int AS n
               FROM appsec_finding GROUP BY 1
           ), fixed AS (
               SELECT (at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS n FROM appsec_finding_event
               WHERE after = 'fixed' GROUP BY 1
           ), scans AS (
               SELECT (finished_at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS n FROM appsec_assessment
               WHERE finished_at IS NOT NULL GROUP BY 1
           )
           SELECT d.day, coalesce(o.n, 0) AS found, coalesce(x.n, 0) AS fixed, coalesce(s.n, 0) AS scans
           FROM days d LEFT JOIN found o USING (day) LEFT JOIN fixed x USING (day)
               LEFT JOIN scans s USING (day)
           ORDER BY d.day""",
        days,
    )
    return rows


async def agents() -> Sequence[asyncpg.Record]:
    """Return by agent how many findings there are; precision is the share that nobody called false."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT f.agent, count(*) AS total, count(*) FILTER (WHERE {_OPEN}) AS open,
                   count(*) FILTER (WHERE f.status = 'false_positive') AS "falsePositive",
                   (1 - count(*) FILTER (WHERE f.status = 'false_positive')::float8
                        / nullif(count(*) FILTER (WHERE f.status <> 'open'), 0)) AS precision
            FROM appsec_finding f GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 500"""
    )
    return rows


async def targets() -> Sequence[asyncpg.Record]:
    """Return the targets with the worst open findings."""
    counts = ", ".join(
        f'count(f.id) FILTER (WHERE f.severity = {number}) AS "{name.lower()}"'
        for number, name in enumerate(SEVERITIES)
    )
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT t.id AS "targetId", t.name, {counts},
                   (SELECT max(a.finished_at) FROM appsec_assessment a
                    WHERE a.target_id = t.id AND a.state = 'completed') AS "lastScanAt"
            FROM appsec_target t LEFT JOIN appsec_finding f ON f.target_id = t.id AND {_OPEN}
            GROUP BY t.id ORDER BY critical DESC, high DESC, medium DESC, t.name LIMIT 200"""
    )
    return rows


async def fix_times() -> Sequence[asyncpg.Record]:
    """Return by severity how long fixed findings were open."""
    days = "extract(epoch FROM f.fixed_at - f.first_seen)::float8 / 86400"
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT {severity_name("n.severity")} AS severity, count(f.id) AS fixed, avg({days}) AS "meanDays",
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY {days}) AS "medianDays"
            FROM generate_series(0, {len(SEVERITIES) - 1}) AS n (severity)
            LEFT JOIN appsec_finding f ON f.severity = n.severity AND f.fixed_at IS NOT NULL
            GROUP BY n.severity ORDER BY n.severity DESC"""
    )
    return rows
