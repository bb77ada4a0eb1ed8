"""Stock operations become plain routes in the same table as handwritten ones."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tortoise.fields import JSONField
from tortoise.models import Model

from threatweaver.db.transaction import connection
from threatweaver.http.context import Context
from threatweaver.http.errors import Conflict, NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, Handler, RouteTable, page
from threatweaver.http.schema import camel
from threatweaver.resource.listing import Listing
from threatweaver.resource.spec import Op, Resource


def add_resource(table: RouteTable, spec: Resource, *, name: str) -> None:
    """Add the resource's operations; `name` is what a summary calls one of them, "tag" for instance."""
    listing = _listing(spec)
    one = f"an {name}" if name[0] in "aeiou" else f"a {name}"
    if Op.LIST in spec.operations:
        handler = _titled(_list(spec, listing), f"list_{name}s", f"List {name}s.")
        table.add(
            handler, "GET", permission=spec.read_permission, query=listing.query, returns=page(spec.read)
        )
    if Op.CREATE in spec.operations:
        handler = _titled(_create(spec), f"create_{name}", f"Create {one}.")
        table.add(
            handler,
            "POST",
            permission=spec.write_permission or "",
            body=spec.create,
            returns=spec.read,
            status=201,
            errors=(Conflict,),
        )
    if Op.GET in spec.operations:
        handler = _titled(_get(spec), f"get_{name}", f"Return {one}.")
        table.add(handler, "GET", "/{id}", permission=spec.read_permission, returns=spec.read)
    if Op.UPDATE in spec.operations:
        handler = _titled(_update(spec), f"update_{name}", f"Change {one}.")
        table.add(
            handler,
            "PUT",
            "/{id}",
            permission=spec.write_permission or "",
            body=spec.update,
            returns=spec.read,
            errors=(Conflict,),
        )
    if Op.DELETE in spec.operations:
        handler = _titled(_delete(spec), f"delete_{name}", f"Delete {one}.")
        table.add(handler, "DELETE", "/{id}", permission=spec.write_permission or "", returns=EMPTY)


def _titled(handler: Handler, name: str, summary: str) -> Handler:
    handler.__name__ = name.replace(" ", "_")
    handler.__doc__ = summary
    return handler


def _listing(spec: Resource) -> Listing:
    meta = spec.model._meta  # noqa: SLF001 - Tortoise's documented introspection
    columns = {
        item.data_key or name: meta.fields_db_projection[name] for name, item in spec.read().fields.items()
    }
    return Listing(
        source=f'"{meta.db_table}"',
        columns=columns,
        where=spec.filters,
        sort={camel(name): meta.fields_db_projection[name] for name in spec.sortable},
        default_sort=spec.default_sort,
        objects=frozenset(
            item.data_key or name
            for name, item in spec.read().fields.items()
            if isinstance(meta.fields_map[name], JSONField)
        ),
    )


def _list(spec: Resource, listing: Listing) -> Handler:
    async def handler(ctx: Context) -> Page:
        return await ctx.page(replace(listing, always=spec.rows(ctx)))

    return handler


async def _visible(spec: Resource, ctx: Context) -> Model:
    """Return the row, locked when it is about to be written. Raises NotFound when it is not visible."""
    table = spec.model._meta.db_table  # noqa: SLF001
    seen = await connection().fetchval(
        f'SELECT id FROM "{table}" WHERE id = $1 AND {spec.rows(ctx)}'
        + (" FOR UPDATE" if ctx.route.writes else ""),
        ctx.uuid("id"),
    )
    if seen is None:
        raise NotFound
    return await spec.model.get(id=seen)


def _get(spec: Resource) -> Handler:
    async def handler(ctx: Context) -> Model:
        return await _visible(spec, ctx)

    return handler


def _create(spec: Resource) -> Handler:
    async def handler(ctx: Context) -> Model:
        row = await spec.model.create(**ctx.body)
        await _after(spec.on_create, ctx, row)
        return row

    return handler


def _update(spec: Resource) -> Handler:
    async def handler(ctx: Context) -> Model:
        row = await _visible(spec, ctx)
        await row.update_from_dict(dict(ctx.body)).save()
        await _after(spec.on_update, ctx, row)
        return row

    return handler


def _delete(spec: Resource) -> Handler:
    async def handler(ctx: Context) -> None:
        row = await _visible(spec, ctx)
        await _after(spec.on_delete, ctx, row)
        await row.delete()

    return handler


async def _after(hook: Callable[..., Any] | None, ctx: Context, row: Model) -> None:
    if hook is not None:
        await hook(ctx, row)
