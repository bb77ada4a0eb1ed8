"""/appsec/templates: checks of one's own."""

from typing import Any

from marshmallow import fields

from threatweaver.sdk import (
    EMPTY,
    Caller,
    Conflict,
    Context,
    Example,
    Op,
    Resource,
    RouteTable,
    Unprocessable,
    add_resource,
    bare,
    eq,
    search,
    uuid7,
)
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.templates import service
from threatweaver_appsec.templates.models import CheckTemplate
from threatweaver_appsec.templates.schemas import (
    EXAMPLE,
    CheckTemplateCreate,
    CheckTemplateDetailOut,
    CheckTemplateOut,
    CheckTemplateUpdate,
    TemplateCheckOut,
    TemplateSourceIn,
)

table = RouteTable(path="/appsec/templates", tag="AppSec templates")

add_resource(
    table,
    Resource(
        model=CheckTemplate,
        operations=Op.LIST,
        read=CheckTemplateOut,
        read_permission=Perm.PROFILE_READ,
        filters=(eq("enabled", fields.Boolean()), search("key", "name")),
        sortable=("created_at", "key"),
        default_sort="key",
    ),
    name="template",
)


async def _new(_: Caller) -> Example:
    return Example(body={"source": EXAMPLE % uuid7().hex[-12:]})


async def _changed(caller: Caller) -> Example:
    found = await caller.some("/appsec/templates")
    return Example(params={"id": found}, body={"source": EXAMPLE % uuid7().hex[-12:]})


@table.route(
    "POST",
    permission=Perm.PROFILE_WRITE,
    body=CheckTemplateCreate,
    returns=CheckTemplateDetailOut,
    status=201,
    errors=(Conflict, Unprocessable),
    example=_new,
)
async def create_template(ctx: Context) -> CheckTemplate:
    """Create a check of one's own from a subset of Nuclei's YAML; scans that choose no agents run it.

    Taken are requests with paths below `{{BaseURL}}` and matchers of type word and status. A finding needs
    the match twice, and none at a place that is not there.
    """
    return await service.create(by=ctx.principal.user_id, **ctx.body)


@table.route(
    "POST",
    "/validate",
    permission=Perm.PROFILE_READ,
    body=TemplateSourceIn,
    returns=bare(TemplateCheckOut),
)
async def validate_template(ctx: Context) -> dict[str, Any]:
    """Say whether a template would be taken, and if not, why."""
    return service.check(ctx.body["source"])


@table.route("GET", "/{id}", permission=Perm.PROFILE_READ, returns=CheckTemplateDetailOut)
async def get_template(ctx: Context) -> CheckTemplate:
    """Return a template with its source."""
    return await service.known(ctx.uuid("id"))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.PROFILE_WRITE,
    body=CheckTemplateUpdate,
    returns=CheckTemplateDetailOut,
    errors=(Conflict, Unprocessable),
    example=_changed,
)
async def update_template(ctx: Context) -> CheckTemplate:
    """Change a template, or switch it on and off."""
    return await service.update(ctx.uuid("id"), **ctx.body)


@table.route("DELETE", "/{id}", permission=Perm.PROFILE_WRITE, returns=EMPTY)
async def delete_template(ctx: Context) -> None:
    """Delete a template; its findings stay."""
    await (await service.known(ctx.uuid("id"))).delete()
