"""An assessment as the engine's reports take it, read from what was written down."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import BinaryIO
from uuid import UUID

import orjson

from threatweaver.sdk import SEVERITIES, connection
from threatweaver_appsec.assessments.models import OVER, Assessment, Chain, Coverage
from threatweaver_appsec.engine import chains
from threatweaver_appsec.engine.agent import Severity
from threatweaver_appsec.engine.events import State
from threatweaver_appsec.engine.findings import from_record
from threatweaver_appsec.engine.reports import FILES, FORMATS
from threatweaver_appsec.engine.reports.result import Result
from threatweaver_appsec.targets import service as targets

_PIECE = 1 << 16  # bytes


async def render(result: Result, form: str) -> AsyncIterator[bytes] | bytes:
    """Return a report in a format: whole where it is a text, else in pieces of a file that is on disk."""
    if form not in FILES:
        return FORMATS[form](result).encode("utf-8", "replace")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by what reads it
    try:
        await asyncio.to_thread(FILES[form], result, file)
    except BaseException:
        file.close()
        raise
    return _pieces(file)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def result_of(found: Assessment) -> Result:
    """Return what came of an assessment. Findings that are suppressed, false or duplicates are left out."""
    target = await targets.known(found.target_id)
    result = Result(target.base_url, str(found.id))
    result.state = State(found.state) if found.state in OVER else State.INCONCLUSIVE
    result.reason = found.message or ("" if found.state in OVER else f"The assessment is {found.state}.")
    result.requests = found.requests
    if found.started_at and found.finished_at:
        result.seconds = (found.finished_at - found.started_at).total_seconds()
    rows = await connection().fetch(
        """SELECT e.record, f.severity FROM appsec_sighting s JOIN appsec_finding f ON f.id = s.finding_id
           JOIN appsec_evidence e ON e.finding_id = f.id
           WHERE s.assessment_id = $1 AND NOT f.suppressed
             AND f.status NOT IN ('false_positive', 'duplicate')""",
        found.id,
    )
    records = [{**orjson.loads(row["record"]), "severity": SEVERITIES[row["severity"]]} for row in rows]
    result.sort({record["fingerprint"]: from_record(record) for record in records})
    result.chains = [
        chains.Chain(
            str(one.id),
            "",
            one.title,
            Severity(SEVERITIES[one.severity]),
            one.story,
            tuple(str(finding) for finding in one.finding_ids),
        )
        for one in await Chain.filter(assessment_id=found.id).order_by("-severity")
    ]
    result.coverage = await _coverage(found.id)
    return result


async def _coverage(assessment_id: UUID) -> dict[str, list[dict[str, object]]]:
    covered = await Coverage.filter(assessment_id=assessment_id).order_by("place", "agent").limit(10_000)
    return {
        "operations": [{"place": one.place} for one in covered if one.tested and one.place],
        "agents": [
            {"agent": one.agent, "state": "complete" if one.tested else one.reason}
            for one in covered
            if one.agent and (one.tested or not one.reason.startswith("not "))
        ],
        "not_tested": [
            {"what": one.place or f"agent {one.agent}", "why": one.reason}
            for one in covered
            if not one.tested
        ],
    }
