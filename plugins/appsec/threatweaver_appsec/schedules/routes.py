"""/appsec/schedules: assessments that launch themselves."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from threatweaver.sdk import (
    EMPTY,
    Context,
    Op,
    Resource,
    RouteTable,
    Unprocessable,
    add_resource,
    eq,
    search,
)
from threatweaver_appsec.assessments.routes import one
from threatweaver_appsec.assessments.schemas import AssessmentOut
from threatweaver_appsec.errors import ScansStopped
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.schedules import service
from threatweaver_appsec.schedules.models import Schedule
from threatweaver_appsec.schedules.schemas import ScheduleCreate, ScheduleOut, ScheduleUpdate
from threatweaver_appsec.targets import allowed

table = RouteTable(path="/appsec/schedules", tag="AppSec schedules")

add_resource(
    table,
    Resource(
        model=Schedule,
        operations=Op.READ,
        read=ScheduleOut,
        read_permission=Perm.ASSESSMENT_READ,
        filters=(eq("target_id", fields.UUID()), eq("enabled", fields.Boolean()), search("name")),
        sortable=("created_at", "name"),
        default_sort="name",
    ),
    name="schedule",
)


@table.route(
    "POST",
    permission=Perm.ASSESSMENT_WRITE,
    body=ScheduleCreate,
    returns=ScheduleOut,
    status=201,
    errors=(Unprocessable,),
)
async def create_schedule(ctx: Context) -> Schedule:
    """Let an assessment launch itself, hourly at the most; times are UTC."""
    return await service.create(by=ctx.principal.user_id, **ctx.body)


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.ASSESSMENT_WRITE,
    body=ScheduleUpdate,
    returns=ScheduleOut,
    errors=(Unprocessable,),
)
async def update_schedule(ctx: Context) -> Schedule:
    """Change a schedule, or with `enabled` switch it on and off."""
    return await service.update(ctx.uuid("id"), **ctx.body)


@table.route("DELETE", "/{id}", permission=Perm.ASSESSMENT_WRITE, returns=EMPTY)
async def delete_schedule(ctx: Context) -> None:
    """Delete a schedule; the assessments that it made stay."""
    await (await service.known(ctx.uuid("id"))).delete()


@table.route(
    "POST",
    "/{id}/run",
    permission=Perm.ASSESSMENT_RUN,
    returns=AssessmentOut,
    errors=(ScansStopped, Unprocessable),
)
async def run(ctx: Context) -> Mapping[str, Any]:
    """Launch an assessment now, as the schedule does at its time."""
    made = await service.run(ctx.uuid("id"), allowed.of(ctx.kernel.registry.settings))
    ctx.changed(f"appsec-assessment:{made.id}", after={"state": made.state, "reason": made.reason})
    return await one(made.id)
