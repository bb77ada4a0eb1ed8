"""One run of an assessment in a worker: may it, scan, and write down what comes of it."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import PostgresConnectionError

from threatweaver.sdk import JobCancelled, JobPostponed, JobRun, connection, publish
from threatweaver_appsec.assessments import advisories, service, writing
from threatweaver_appsec.assessments.models import (
    CANCELLED,
    COMPLETED,
    FAILED,
    INCONCLUSIVE,
    OVER,
    PAUSED,
    PHASES,
    QUEUED,
    Assessment,
)
from threatweaver_appsec.assessments.order import Plan, order_of, plan
from threatweaver_appsec.assessments.refusals import Refusals
from threatweaver_appsec.assessments.store import DatabaseStore
from threatweaver_appsec.auth_profiles import logins
from threatweaver_appsec.emergency.models import EmergencyStop
from threatweaver_appsec.engine.budget import Entry
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.chains import Chain
from threatweaver_appsec.engine.events import (
    AssessmentComplete,
    ChainDiscovered,
    Event,
    PhaseChange,
    Progress,
)
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.events import AppsecFindingsRecorded
from threatweaver_appsec.findings import recording
from threatweaver_appsec.suppressions import service as suppressions
from threatweaver_appsec.targets import allowed
from threatweaver_appsec.targets import service as targets
from threatweaver_appsec.targets.allowed import AllowList

ATTEMPTS = 10_000  # waiting for a place, or for another worker, is an attempt, too
_EVERY = 0.5  # seconds between two looks at what was asked of the scan meanwhile
_WAIT = timedelta(seconds=5)
_LOST = "interval '30 seconds'"  # a scan that is silent for so long has lost its worker
_SHARES = {"profiling": (0, 15), "planning": (15, 20), "attacking": (20, 90), "validating": (90, 95)}


@dataclass
class _Run:
    """A scan that runs, and what was told of it."""

    job: JobRun
    id: UUID
    target_id: UUID
    notes: writing.Notes = field(default_factory=writing.Notes)
    refusals: Refusals = field(default_factory=Refusals)
    chains: list[Chain] = field(default_factory=list)
    phase: str = "profiling"
    percent: float = 0.0
    progress: Progress = field(default_factory=lambda: Progress(0, 0, 0, 0, 0))
    end: AssessmentComplete | None = None
    asked: str = ""
    """Why it was stopped: stop, pause, cancel, emergency, worker."""

    def hear(self, _: Exchange, entry: Entry) -> None:
        """Note a line of the requests' log."""
        self.notes.requests.append(entry)
        self.refusals.hear(entry)

    def take(self, event: Event) -> None:
        """Note an event, and what it says of how far the scan is."""
        self.notes.events.append(event)
        if isinstance(event, PhaseChange) and event.phase.value in PHASES:
            self.phase = event.phase.value
            self.percent = max(self.percent, _SHARES.get(self.phase, (95, 99))[0])
        elif isinstance(event, Progress):
            self.progress = event
            low, high = _SHARES.get(self.phase, (95, 99))
            share = event.done / event.total if event.total else 0.0
            self.percent = max(self.percent, low + (high - low) * share)
        elif isinstance(event, ChainDiscovered):
            self.chains.append(event.chain)
        elif isinstance(event, AssessmentComplete):
            self.end = event


async def run(job: JobRun, assessment_id: UUID) -> dict[str, Any]:
    """Scan the target of an assessment, or go on with that; return how it ended.

    Raises JobPostponed while other scans have its place, and when the worker is to end.
    """
    allow = allowed.of(job.settings)
    made = await _begin(job, assessment_id, allow)
    if isinstance(made, str):
        return {"state": made}
    held = _Run(job, assessment_id, made.target.id)
    async with job.database.tenant(job.schema, read_only=True):
        await held.notes.begin(assessment_id)
    try:
        made = replace(made, own=(*made.own, *await advisories.agents(job.settings)))
        async with Callbacks() as callbacks:
            order = await order_of(made, allow, callbacks=callbacks, log=held.hear)
            scan = Scan(order, DatabaseStore(job, assessment_id))
            await _scan(held, scan)
        return await _finish(held, scan)
    except ValueError as error:
        return await _close(held, INCONCLUSIVE, "DOCUMENT_UNREADABLE", str(error))
    except (JobPostponed, OSError, PostgresConnectionError):
        raise  # another attempt goes on
    except Exception as error:
        await _close(held, FAILED, "SCAN_FAILED", type(error).__name__)
        raise


async def _begin(job: JobRun, assessment_id: UUID, allow: AllowList) -> Plan | str:
    """Take the assessment's place among those that run; a word where there is nothing to run."""
    limit = int(job.settings["appsec"]["scans_per_tenant"])
    async with job.database.tenant(job.schema):
        await connection().execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('appsec.scans:' || $1, 7))", job.schema
        )
        found = await Assessment.filter(id=assessment_id).select_for_update().first()
        if found is None or found.state in {PAUSED, *OVER}:
            return found.state if found else "deleted"
        target = await targets.known(found.target_id)
        if not targets.may_be_scanned(target, allow):
            await service.end(
                found, INCONCLUSIVE, service.NOT_VERIFIED, "The target is not verified any more."
            )
            return INCONCLUSIVE
        if await EmergencyStop.exists():
            await service.end(found, CANCELLED, "EMERGENCY_STOP", "All scans were stopped.")
            return CANCELLED
        others = await connection().fetchrow(
            f"""SELECT count(*) AS n, count(*) FILTER (WHERE target_id = $2) AS same FROM appsec_assessment
                WHERE id <> $1 AND state = ANY($3) AND touched_at > now() - {_LOST}""",
            assessment_id,
            found.target_id,
            list(PHASES),
        )
        if others["n"] >= limit or others["same"]:
            raise JobPostponed(_WAIT)
        signed = await logins.of(job.kernel, found.auth_profile_ids)
        if isinstance(signed, str):
            await service.end(found, INCONCLUSIVE, "LOGIN_NOT_POSSIBLE", signed)
            return INCONCLUSIVE
        now = datetime.now(UTC)
        found.started_at, found.touched_at = found.started_at or now, now
        found.state = PHASES[0] if found.state == QUEUED else found.state
        await found.save()
        return await plan(str(found.id), target, found.options, allow, signed)


async def _scan(held: _Run, scan: Scan) -> None:
    """Run the scan beside a watch that writes down what it tells, and stops it when that is asked."""
    watch = asyncio.create_task(_watch(held, scan))
    try:
        async for event in scan.events():
            held.take(event)
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch


async def _watch(held: _Run, scan: Scan) -> None:
    try:
        while not held.asked:
            await asyncio.sleep(_EVERY)
            held.asked = await _asked(held)
    finally:
        scan.stop()  # nobody could stop it any more


async def _asked(held: _Run) -> str:
    """Write what was told, and return what the scan is to stop for, if anything."""
    if held.job.stopping.is_set():
        return "worker"
    try:
        await held.job.progress(held.percent)
    except JobCancelled:
        return "cancel"
    async with held.job.database.tenant(held.job.schema):
        await held.notes.write(held.id, held.target_id)
        await Assessment.filter(id=held.id).update(
            state=held.phase,
            percent=round(held.percent, 1),
            requests=held.progress.requests,
            operations=held.progress.operations,
            found=held.progress.findings,
            touched_at=datetime.now(UTC),
        )
        now = await Assessment.get_or_none(id=held.id)
        stopped = await EmergencyStop.exists()
        await held.refusals.record(held.job, held.id)
    if now is None:
        return "cancel"
    return (
        "emergency" if stopped else "stop" if now.stop_requested else "pause" if now.pause_requested else ""
    )


async def _finish(held: _Run, scan: Scan) -> dict[str, Any]:
    """Write the end down: findings, chains, coverage, and what closes because it is gone."""
    if held.asked == "worker":
        await _flush(held)
        raise JobPostponed(timedelta(seconds=1))
    if held.asked == "pause":
        async with held.job.database.tenant(held.job.schema):
            await held.notes.write(held.id, held.target_id)
            await Assessment.filter(id=held.id).update(state=PAUSED, touched_at=datetime.now(UTC))
            await held.refusals.record(held.job, held.id)
        return {"state": PAUSED}
    end = held.end
    state = end.state.value if end else FAILED
    reason = {"emergency": "EMERGENCY_STOP", "stop": "STOPPED", "cancel": "STOPPED"}.get(held.asked)
    async with held.job.database.tenant(held.job.schema):
        await connection().execute(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
        )
        await held.notes.write(held.id, held.target_id)
        found = list(scan.memory.findings.values())
        await writing.keep_findings(found, held.id, held.target_id)
        await writing.keep_chains(held.chains, held.id, held.target_id)
        await writing.keep_coverage(
            end.coverage if end else {"agents": [], "not_tested": []}, scan.memory, held.id
        )
        now, closed = datetime.now(UTC), 0
        if state == COMPLETED:
            closed = await recording.close_absent(target_id=held.target_id, assessment_id=held.id, at=now)
        await suppressions.apply()
        entry = await Assessment.get_or_none(id=held.id)
        if entry is None:
            return {"state": "deleted"}
        await _sum_up(entry, held, scan, closed)
        await service.end(entry, state, reason or _reason(state), (end.reason if end else "") or None)
        await held.refusals.record(held.job, held.id)
    return {"state": state, "found": entry.found, "created": entry.created, "closed": closed}


async def _sum_up(entry: Assessment, held: _Run, scan: Scan, closed: int) -> None:
    row = await connection().fetchrow(
        """SELECT count(*) AS seen, count(*) FILTER (WHERE s.created) AS created,
                  (SELECT count(*) FROM appsec_finding_event e
                   WHERE e.assessment_id = $1 AND e.action = 'reopened') AS reopened
           FROM appsec_sighting s WHERE s.assessment_id = $1""",
        held.id,
    )
    entry.percent = 100.0
    entry.requests = held.end.requests if held.end else held.progress.requests
    entry.operations = len(scan.memory.operations)
    entry.found, entry.created, entry.closed = row["seen"], row["created"], closed
    if row["seen"]:
        target = await targets.known(held.target_id)
        await publish(
            AppsecFindingsRecorded(
                assessment_id=held.id,
                target_id=held.target_id,
                base_url=target.base_url,
                seen=row["seen"],
                created=row["created"],
                reopened=row["reopened"],
            )
        )


def _reason(state: str) -> str | None:
    return {FAILED: "SCAN_FAILED", INCONCLUSIVE: "IN_DOUBT", CANCELLED: "STOPPED"}.get(state)


async def _flush(held: _Run) -> None:
    async with held.job.database.tenant(held.job.schema):
        await held.notes.write(held.id, held.target_id)
        await held.refusals.record(held.job, held.id)


async def _close(held: _Run, state: str, reason: str, message: str) -> dict[str, Any]:
    async with held.job.database.tenant(held.job.schema):
        entry = await Assessment.get_or_none(id=held.id)
        if entry is not None:
            await service.end(entry, state, reason, message)
        await held.refusals.record(held.job, held.id)
    return {"state": state}
