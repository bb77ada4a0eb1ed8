"""/admin/settings: the tenant's settings, their declaration, their history and the way back."""

from dataclasses import replace
from typing import Any

import orjson

from threatweaver.admin.settings import schemas, service
from threatweaver.admin.settings.errors import SettingsChanged
from threatweaver.admin.settings.queries import HISTORY
from threatweaver.admin.settings.schemas import (
    RollbackIn,
    SettingOut,
    SettingsIn,
    SettingsOut,
    SettingsVersionOut,
)
from threatweaver.admin.settings.service import Current
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import RouteTable, Scope, page, rows

table = RouteTable(path="/admin/settings", tag="Administration")


@table.route("GET", permission=Perm.SETTINGS_READ, returns=SettingsOut)
async def get_settings(_: Context) -> Current:
    """Return the tenant's settings and the version they have."""
    return _wire(await service.newest())


@table.route(
    "PUT", permission=Perm.SETTINGS_WRITE, body=SettingsIn, returns=SettingsOut, errors=(SettingsChanged,)
)
async def put_settings(ctx: Context) -> Current:
    """Change the given settings; the others keep their value. Effective everywhere within five seconds.

    With `expectedVersion` the change is refused when somebody else was faster.
    """
    body = ctx.body
    before, after = await service.change(
        body["values"], by=ctx.principal, reason=body["reason"], expected=body["expected_version"]
    )
    return _changed(ctx, before, after)


@table.route("GET", "/schema", permission=Perm.SETTINGS_READ, returns=rows(SettingOut), scope=Scope.NONE)
async def get_settings_schema(_: Context) -> list[dict[str, Any]]:
    """Describe every setting: group, title, type, default and limits."""
    return schemas.described()


@table.route(
    "GET", "/history", permission=Perm.SETTINGS_READ, query=HISTORY.query, returns=page(SettingsVersionOut)
)
async def list_settings_history(ctx: Context) -> Page:
    """List the versions of the settings: who changed what, when and why."""
    found = await ctx.page(HISTORY)
    return replace(found, rows=[{**row, "changes": _named(row["changes"])} for row in found.rows])


@table.route(
    "POST",
    "/rollback",
    permission=Perm.SETTINGS_WRITE,
    body=RollbackIn,
    returns=SettingsOut,
    errors=(NotFound, SettingsChanged),
)
async def rollback(ctx: Context) -> Current:
    """Go back to an earlier version; 0 is what the product declares. This is a new version itself."""
    body = ctx.body
    before, after = await service.roll_back(
        body["version"], by=ctx.principal, reason=body["reason"], expected=body["expected_version"]
    )
    return _changed(ctx, before, after)


def _named(changes: str) -> dict[str, Any]:
    return schemas.wire(orjson.loads(changes))


def _changed(ctx: Context, before: Current, after: Current) -> Current:
    differing = [name for name, value in after.values.items() if value != before.values[name]]
    ctx.changed(
        f"settings:{after.version}",
        before={name: before.values[name] for name in differing},
        after={name: after.values[name] for name in differing},
    )
    return _wire(after)


def _wire(found: Current) -> Current:
    return replace(found, values=schemas.wire(found.values))
