"""The work on every score: by a new formula, and as what is known grows older."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, JobTable
from threatweaver_exposure.risk import service

table = JobTable()


@table.job("exposure.recalculate_risk", timeout=timedelta(hours=1))
async def recalculate_risk(_: JobRun, *, by: str, version: int) -> dict[str, int]:
    """Rank every vulnerability anew by the formula that holds."""
    return {"version": version, "changed": await service.recalculate(by=UUID(by))}


@table.job("exposure.simulate_risk", timeout=timedelta(hours=1))
async def simulate_risk(_: JobRun, *, formula: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a formula would change; nothing is changed."""
    return await service.simulate(formula)


@table.job("exposure.age_risk", every=timedelta(hours=1), timeout=timedelta(hours=1))
async def age_risk(_: JobRun) -> dict[str, int]:
    """Rank anew what has come to another step of age; of one day once."""
    return {"changed": await service.grow_older()}
