"""Health checks: named, asked by /api/health/ready."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """`check` raises when something is wrong; it has a second."""

    name: str
    check: Callable[[], Awaitable[None]]
