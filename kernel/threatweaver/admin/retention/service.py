"""The retention policy and its application. No request, no schema, no status code."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.admin.retention import queries
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.admin.retention.models import RetentionRule, RetentionRun
from threatweaver.db.transaction import connection
from threatweaver.http.errors import ValidationFailed

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

Declared = Mapping[str, DataClass]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long one class is kept; None is for ever."""

    data_class: str
    title: str
    days: int | None
    default_days: int | None
    minimum_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a run would remove of one class."""

    data_class: str
    before: datetime
    rows: int


async def policy(declared: Declared) -> list[Policy]:
    """Return the policy of every class, by name; in the tenant's scope."""
    rules = {rule.data_class: rule.days for rule in await RetentionRule.all()}
    return [
        Policy(
            data_class=name,
            title=kind.title,
            days=rules.get(name, kind.default_days),
            default_days=kind.default_days,
            minimum_days=kind.minimum_days,
        )
        for name, kind in sorted(declared.items())
    ]


async def change(declared: Declared, days: Mapping[str, int | None]) -> dict[str, int | None]:
    """Set the days of the given classes; return what those were that changed. Raises ValidationFailed."""
    details = [
        {"field": f"days.{name}", "message": message}
        for name, wanted in days.items()
        if (message := _objection(declared.get(name), wanted))
    ]
    if details:
        raise ValidationFailed("Invalid request body", details)
    before = {item.data_class: item.days for item in await policy(declared)}
    changed = {name: wanted for name, wanted in days.items() if before[name] != wanted}
    for name, wanted in changed.items():
        await RetentionRule.update_or_create(data_class=name, defaults={"days": wanted})
    return {name: before[name] for name in changed}


def _objection(kind: DataClass | None, days: int | None) -> str | None:
    if kind is None:
        return "There is no such class of data."
    if days is not None and days < kind.minimum_days:
        return f"Must be at least {kind.minimum_days}, or null for ever."
    return None


async def preview(kernel: "Kernel", tenant_id: UUID, schema: str) -> list[Due]:
    """Return what a run would remove now, changing nothing; outside of any scope."""
    due = []
    for kind, before in await _due(kernel, schema, datetime.now(UTC)):
        async with _scope(kernel, kind, schema):
            rows = await queries.count(kind, tenant_id, before)
        due.append(Due(data_class=kind.name, before=before, rows=rows))
    return due


async def run(kernel: "Kernel", tenant_id: UUID, schema: str, *, by: UUID | None) -> dict[str, int]:
    """Remove what is older than its class is kept, a transaction for each; return class → rows."""
    removed = {}
    for kind, before in await _due(kernel, schema, datetime.now(UTC)):
        async with _scope(kernel, kind, schema):
            await connection().execute("SET LOCAL statement_timeout = 0")
            await queries.mark(kind, tenant_id, before)
            removed[kind.name] = await queries.remove(kind)
        if kind.removed is not None:
            await kind.removed(kernel, tenant_id, schema)
    async with kernel.database.tenant(schema):
        await RetentionRun.create(started_by=by, removed=removed)
    return removed


async def _due(kernel: "Kernel", schema: str, now: datetime) -> list[tuple[DataClass, datetime]]:
    declared = kernel.registry.data_classes
    async with kernel.database.tenant(schema, read_only=True):
        known = await policy(declared)
    return [
        (declared[item.data_class], now - timedelta(days=item.days))
        for item in known
        if item.days is not None
    ]


@asynccontextmanager
async def _scope(kernel: "Kernel", kind: DataClass, schema: str) -> AsyncIterator[None]:
    async with kernel.database.control() if kind.shared else kernel.database.tenant(schema):
        yield
