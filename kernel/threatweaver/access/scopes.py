"""Which rows a grant may be limited to: plugins say, for the kernel knows no asset."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantScope:
    """A kind of set of rows, "asset_group" for instance; `exists` runs in the tenant's transaction.

    Routes declared with `scoped=True` let callers with such a grant pass and find the ids in `ctx.within`.
    Ids are UUIDv7, so that those of two kinds are never the same.
    """

    name: str
    title: str
    exists: Callable[[UUID], Awaitable[bool]]
