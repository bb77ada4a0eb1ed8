"""Health checks: named, asked by /api/health/ready and /api/modules."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """`check` raises when something is wrong; it has a second."""

    name: str
    check: Callable[[], Awaitable[None]]

    async def state(self) -> str:
        """Return "ok", or the name of what the check raised: enough for a stranger."""
        try:
            await asyncio.wait_for(self.check(), 1.0)
        except Exception as error:  # noqa: BLE001 - a health check may fail in any way
            return type(error).__name__
        return "ok"
