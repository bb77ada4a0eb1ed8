"""What a class of data is, for retention and archives; modules declare theirs through the SDK."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class DataClass:
    """Rows of one table that may go when they are old.

    `age` is the column they are dated by, `where` says which rows may go at all. `children` are (table,
    column) of rows that go with them. `removing` is called in the same transaction, once a temporary table
    `removal` (id) has what is about to go: to keep counts in step, for instance. `default_days` None keeps
    for ever. Classes of the kernel may be `shared`: in the control schema, by `tenant_id`; and
    `removed(kernel, tenant_id, schema)`, called after the commit, removes files that belonged to the rows.
    """

    name: str
    title: str
    table: str
    age: str
    where: str = "true"
    children: tuple[tuple[str, str], ...] = ()
    removing: Callable[[], Awaitable[None]] | None = None
    default_days: int | None = None
    minimum_days: int = 1
    shared: bool = False
    removed: Callable[["Kernel", UUID, str], Awaitable[None]] | None = None
