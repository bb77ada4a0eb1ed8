"""Background work of recipes."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from threatweaver.sdk import JobRun, JobTable
from threatweaver_exposure.flaws import service

table = JobTable()


@table.job("exposure.preview_recipe", timeout=timedelta(hours=1))
async def preview_recipe(_: JobRun, *, recipe: int) -> dict[str, Any]:
    """Say what a recipe would join and part."""
    return await service.preview(recipe)


@table.job("exposure.apply_recipe", timeout=timedelta(hours=2))
async def apply_recipe(_: JobRun, *, recipe: int, by: str, expected: int | None) -> dict[str, Any]:
    """Tell findings apart by a recipe. Safe to run twice: all of it is one transaction."""
    return await service.apply(recipe, by=UUID(by), expected=expected)
