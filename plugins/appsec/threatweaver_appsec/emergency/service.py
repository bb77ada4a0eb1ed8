"""Stopping all scans of the tenant, and letting them begin again. No request, no schema, no status code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver_appsec.assessments.models import CANCELLED, DRAFT, OVER, PAUSED, PHASES, QUEUED, Assessment
from threatweaver_appsec.emergency.models import EmergencyStop
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.errors import ScansStopped

if TYPE_CHECKING:
    from threatweaver.sdk import Context

_EVERY = 0.5  # seconds between two looks


async def state() -> dict[str, Any]:
    """Return whether scans are stopped, by whom, and how many still run."""
    row = await EmergencyStop.get_or_none(id=1)
    return {
        "stopped": row is not None,
        "reason": row.reason if row else "",
        "pulledBy": row and row.pulled_by,
        "pulledAt": row and row.pulled_at,
        "running": await Assessment.filter(state__in=PHASES).count(),
    }


async def pull(*, by: UUID, reason: str) -> dict[str, Any]:
    """Stop all scans: those that run look twice a second, those that wait are cancelled here."""
    await EmergencyStop.get_or_create(id=1, defaults={"pulled_by": by, "reason": reason})
    running = Assessment.all().exclude(state__in=[DRAFT, *OVER])
    await running.update(stop_requested=True)
    await Assessment.filter(state__in=[QUEUED, PAUSED]).update(
        state=CANCELLED,
        reason="EMERGENCY_STOP",
        message="All scans were stopped.",
        finished_at=datetime.now(UTC),
    )
    return await state()


async def refuse_when_stopped() -> None:
    """Raise ScansStopped where nothing may be sent to any target."""
    if await EmergencyStop.exists():
        raise ScansStopped


@asynccontextmanager
async def heeded(ctx: "Context", client: Client) -> AsyncIterator[None]:
    """Stop a client within the block as soon as somebody pulls the stop; no transaction may be open."""
    watching = asyncio.create_task(_watch(ctx, client))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(ctx: "Context", client: Client) -> None:
    try:
        while True:
            async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
                if await EmergencyStop.exists():
                    return
            await asyncio.sleep(_EVERY)
    finally:
        client.stop()  # nobody could stop it any more


async def lift() -> dict[str, Any]:
    """Let scans begin again."""
    await EmergencyStop.filter(id=1).delete()
    return await state()
