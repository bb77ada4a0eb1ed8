"""/appsec/payload-sets: values of one's own that scans try."""

from marshmallow import fields, validate

from threatweaver.sdk import (
    EMPTY,
    Conflict,
    Context,
    NotFound,
    Op,
    Resource,
    RouteTable,
    add_resource,
    eq,
    raw,
    search,
)
from threatweaver_appsec.engine.payloads import KINDS
from threatweaver_appsec.payload_sets import service
from threatweaver_appsec.payload_sets.models import StoredPayloads
from threatweaver_appsec.payload_sets.schemas import PayloadSetCreate, PayloadSetOut, PayloadSetUpdate
from threatweaver_appsec.permissions import Perm

table = RouteTable(path="/appsec/payload-sets", tag="AppSec payload sets")

add_resource(
    table,
    Resource(
        model=StoredPayloads,
        operations=Op.READ,
        read=PayloadSetOut,
        read_permission=Perm.PROFILE_READ,
        filters=(
            eq("kind", fields.String(validate=validate.OneOf(tuple(KINDS)))),
            search("name", "description"),
        ),
        sortable=("created_at", "name"),
        default_sort="name",
    ),
    name="payload set",
)


@table.route(
    "POST",
    permission=Perm.PROFILE_WRITE,
    body=PayloadSetCreate,
    returns=PayloadSetOut,
    status=201,
    errors=(Conflict,),
)
async def create_payload_set(ctx: Context) -> StoredPayloads:
    """Create a payload set, which scan profiles name; scans prove what it finds as they do for their own.

    `kind` is the proof: `script` (a function named `{{word}}` would run), `arithmetic` (the product of
    `{{a}}` and `{{b}}` shows), `file` (a known file of the server shows), `sql-error` (a database complains).
    `{{value}}` is what stands at the point. Scans in safe mode try only sets that are `safe`: that change
    nothing.
    """
    return await service.create(**ctx.body)


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.PROFILE_WRITE,
    body=PayloadSetUpdate,
    returns=PayloadSetOut,
    errors=(Conflict,),
)
async def update_payload_set(ctx: Context) -> StoredPayloads:
    """Change a payload set; `payloads` replace those before, its kind stays."""
    return await service.update(ctx.uuid("id"), **ctx.body)


@table.route("DELETE", "/{id}", permission=Perm.PROFILE_WRITE, returns=EMPTY)
async def delete_payload_set(ctx: Context) -> None:
    """Delete a payload set; scan profiles that name it go without."""
    await (await service.known(ctx.uuid("id"))).delete()


@table.route(
    "GET", "/{id}/payloads", permission=Perm.PROFILE_READ, returns=raw("text/plain"), errors=(NotFound,)
)
async def payloads(ctx: Context) -> bytes:
    """Return the payloads, one a line."""
    return "".join(f"{payload}\n" for payload in (await service.known(ctx.uuid("id"))).payloads).encode()
