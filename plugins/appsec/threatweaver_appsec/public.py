"""What other plugins may call of appsec."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection, severity_name


async def findings_of(assessment_id: UUID) -> Sequence[asyncpg.Record]:
    """Return what an assessment saw and what counts of it, a row a finding, `severity` as a word."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT f.id, f.fingerprint, f.agent, f.title, {severity_name("f.severity")} AS severity, f.cwe,
                   f.url, f.place, f.parameter, f.says, f.description, f.remedy, f.status, f.first_seen,
                   f.last_seen
            FROM appsec_sighting s JOIN appsec_finding f ON f.id = s.finding_id
            WHERE s.assessment_id = $1 AND NOT f.suppressed AND f.status <> 'duplicate' ORDER BY f.id""",
        assessment_id,
    )
    return rows
