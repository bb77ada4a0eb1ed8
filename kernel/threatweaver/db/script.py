"""What migrations make of a schema, remembered from the first of its kind that this process migrated.

Tenants are alike: those that have had the same migrations need the same statements, on a new schema as on an
upgrade of thousands.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from threatweaver.db.transaction import connection

_TABLE = "tortoise_migrations"
_ASIDE = ("SAVEPOINT", "RELEASE")  # around each migration; a schema is migrated in one piece


@dataclass(slots=True)
class Script:
    """The statements of all migrations in their order, and the names that were written down."""

    statements: list[str] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)
    whole: bool = True

    def add(self, query: str, values: tuple[Any, ...]) -> None:
        """Take one statement; values other than a migration's name make the script unusable."""
        if f'INTO "{_TABLE}"' in query:
            self.applied.append((values[0], values[1]))
        elif _TABLE not in query and not query.startswith(_ASIDE):
            self.statements.append(query)
            self.whole = self.whole and not values

    async def run(self) -> None:
        """Make the current schema what the migrations would make of it."""
        if self.statements:
            await connection().execute(";\n".join(self.statements))
        await connection().executemany(
            f"INSERT INTO {_TABLE} (app, name, applied_at) VALUES ($1, $2, clock_timestamp())", self.applied
        )


@asynccontextmanager
async def recorded() -> AsyncIterator[Script]:
    """Write down what is said to the database while the block lasts."""
    script = Script()
    with connection().query_logger(lambda said: script.add(said.query, said.args)):
        yield script
        await asyncio.sleep(0)  # asyncpg tells of a query in the loop's next turn
