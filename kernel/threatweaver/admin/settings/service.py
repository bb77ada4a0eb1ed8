"""Reading and changing a tenant's settings. No request, no schema, no status code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from threatweaver.admin.settings import queries, values
from threatweaver.admin.settings.errors import SettingsChanged
from threatweaver.admin.settings.models import SettingsVersion
from threatweaver.admin.settings.values import TenantSettings
from threatweaver.auth.principal import Principal
from threatweaver.db.transaction import current, in_scope
from threatweaver.http.errors import NotFound
from threatweaver.remembered import Remembered

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_remembered: Remembered[str, TenantSettings] = Remembered()


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The version in force; version 0 is what the product declares."""

    version: int
    values: dict[str, Any]
    changed_at: datetime | None
    changed_by: UUID | None
    changed_by_email: str | None


async def read(kernel: "Kernel", schema: str) -> TenantSettings:
    """Return a tenant's settings, at most three seconds old; in any scope or outside of one."""

    async def load() -> TenantSettings:
        if in_scope():  # a second connection from within a transaction could wait for itself
            return values.load(await queries.latest_of(schema))
        async with kernel.database.control(read_only=True):
            return values.load(await queries.latest_of(schema))

    return await _remembered.get(schema, load)


async def newest() -> Current:
    """Return the version in force of this scope's tenant, as it is stored now."""
    row = await queries.latest()
    stored = orjson.loads(row["values"]) if row else {}
    return Current(
        version=row["version"] if row else 0,
        values=values.plain(values.load(stored)),
        changed_at=row and row["changed_at"],
        changed_by=row and row["changed_by"],
        changed_by_email=row and row["changed_by_email"],
    )


async def change(
    members: Mapping[str, Any], *, by: Principal, reason: str, expected: int | None
) -> tuple[Current, Current]:
    """Store the given members as a new version; return what was and what is. Raises SettingsChanged.

    Others keep their value, so that two people who change different members do not undo each other.
    """
    await queries.lock()
    before = await newest()
    if expected is not None and expected != before.version:
        raise SettingsChanged(version=before.version)
    after = {**before.values, **members}
    changes = {
        name: [before.values[name], value] for name, value in after.items() if value != before.values[name]
    }
    if not changes:
        return before, before
    await SettingsVersion.create(
        version=before.version + 1,
        values=after,
        changes=changes,
        reason=reason,
        changed_by=by.user_id,
        changed_by_email=by.email,
    )
    _remembered.forget(current().schema)
    return before, await newest()


async def roll_back(
    version: int, *, by: Principal, reason: str, expected: int | None
) -> tuple[Current, Current]:
    """Store the members of an earlier version as a new one; 0 is what the product declares.

    Raises NotFound, SettingsChanged.
    """
    row = await SettingsVersion.get_or_none(version=version) if version else None
    if version and row is None:
        raise NotFound("There is no such version of the settings.")
    members = values.plain(values.load(row.values if row else {}))
    return await change(members, by=by, reason=reason or f"Back to version {version}", expected=expected)
