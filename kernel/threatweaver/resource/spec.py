"""What a stock resource is: data, no base class, no override points (docs/adr/0006)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from tortoise.models import Model

from threatweaver.http.context import Context
from threatweaver.http.schema import Schema
from threatweaver.resource.listing import Where


class Op(Flag):
    """The five stock operations."""

    LIST = auto()
    GET = auto()
    CREATE = auto()
    UPDATE = auto()
    DELETE = auto()
    READ = LIST | GET
    WRITE = CREATE | UPDATE | DELETE
    ALL = READ | WRITE


Hook = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Stock operations on one model.

    `rows` limits what a caller may see, for every operation alike, as a SQL condition. `on_create(ctx,
    row)`, `on_update(ctx, row)`, `on_delete(ctx, row)` are service functions that run in the same
    transaction after the write; whoever needs an `if` drops the operation and writes a handler.
    """

    model: type[Model]
    operations: Op
    read: type[Schema]
    create: type[Schema] | None = None
    update: type[Schema] | None = None
    read_permission: str
    write_permission: str | None = None
    filters: tuple[Where, ...] = ()
    sortable: tuple[str, ...] = ("created_at",)
    default_sort: str = "-createdAt"
    rows: Callable[[Context], str] = lambda _: "true"
    on_create: Hook | None = None
    on_update: Hook | None = None
    on_delete: Hook | None = None

    def __post_init__(self) -> None:
        known = set(self.model._meta.fields_map)  # noqa: SLF001 - Tortoise's documented introspection
        for name in (*self.read().fields, *self.sortable):
            if name not in known:
                raise ValueError(f"{self.model.__name__} has no column {name}")
        for name in self.sortable:
            if self.model._meta.fields_map[name].null:  # noqa: SLF001 - see above
                raise ValueError(f"{self.model.__name__}: a list cannot be walked along the nullable {name}")
        for operation, schema in ((Op.CREATE, self.create), (Op.UPDATE, self.update)):
            if (operation in self.operations) != (schema is not None):
                raise ValueError(f"{self.model.__name__}: {operation.name} and its schema go together")
        if self.operations & Op.WRITE and self.write_permission is None:
            raise ValueError(f"{self.model.__name__}: writes need a permission")
