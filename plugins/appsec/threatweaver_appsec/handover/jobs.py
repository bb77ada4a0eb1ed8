"""Handing over: whatever changes at a target, what stands open at its host goes out anew."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, Scope, SubscriberTable, hand_in
from threatweaver_appsec.events import AppsecFindingsClosed, AppsecFindingsRecorded, AppsecStandingChanged
from threatweaver_appsec.handover import queries, report

subscribers = SubscriberTable()


@subscribers.on(
    AppsecFindingsRecorded, "appsec.hand_over_findings", timeout=timedelta(minutes=30), scope=Scope.NONE
)
async def hand_over_findings(run: JobRun, event: AppsecFindingsRecorded) -> Any:
    """Hand over what stands open. Safe to run twice: the same again changes nothing."""
    return await _hand_over(run, event.target_id)


@subscribers.on(
    AppsecFindingsClosed, "appsec.hand_over_closures", timeout=timedelta(minutes=30), scope=Scope.NONE
)
async def hand_over_closures(run: JobRun, event: AppsecFindingsClosed) -> Any:
    """Hand over what stands open still, so that what was closed is closed there, too. Safe to run twice."""
    return await _hand_over(run, event.target_id)


@subscribers.on(
    AppsecStandingChanged, "appsec.hand_over_decisions", timeout=timedelta(minutes=30), scope=Scope.NONE
)
async def hand_over_decisions(run: JobRun, event: AppsecStandingChanged) -> Any:
    """Hand over what stands open after people decided, or at what else is there of a target's host.

    Safe to run twice.
    """
    async with run.database.tenant(run.schema, read_only=True):
        host = await queries.host_in(event.base_url)
    return await _of_host(run, host)


async def _hand_over(run: JobRun, target_id: UUID) -> Any:
    async with run.database.tenant(run.schema, read_only=True):
        host = await queries.host_of(target_id)
    return await _of_host(run, host)


async def _of_host(run: JobRun, host: str | None) -> Any:
    if host is None:
        return None
    return await hand_in(run, f"AppSec {host}.jsonl", partial(_lines, host))


async def _lines(host: str) -> AsyncIterator[bytes]:
    yield report.header(host.strip("[]"), (await queries.now()).isoformat())
    async for row in queries.standing(host):
        yield report.line(row)
