"""Re-encryption: every sealed column, in small transactions; it can stop anywhere and be run again."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from threatweaver.db.transaction import CONTROL, Database, connection
from threatweaver.secrets.box import SecretBox, SecretUnreadable
from threatweaver.secrets.columns import COLUMNS, SealedColumn
from threatweaver.tenancy import across

_BATCH = 1000


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a pass did: texts sealed anew, and texts that no key of the ring opens."""

    resealed: int = 0
    unreadable: int = 0


async def everything(database: Database, box: SecretBox) -> Outcome:
    """Seal every text of the deployment with the key that seals now."""
    outcome = Outcome()
    async for column, schema in places(database):
        await _column(database, box, column, schema, outcome)
    return outcome


async def usage(database: Database) -> dict[str, int]:
    """Return how many sealed texts each key id holds."""
    counts: dict[str, int] = {}
    for (table, kind), columns in groupby(COLUMNS, lambda item: (item.table, item.schema)):
        schemas = [CONTROL] if kind == CONTROL else await across.having(database, table)
        texts = ", ".join(f"({item.column})" for item in columns)
        select = f"""SELECT split_part(held.text, '.', 1) AS key, count(*) AS count
                     FROM {{schema}}.{table} CROSS JOIN LATERAL (VALUES {texts}) AS held (text)
                     WHERE held.text <> '' GROUP BY 1"""
        for row in await across.fetch(database, schemas, select):
            counts[row["key"]] = counts.get(row["key"], 0) + row["count"]
    return counts


async def places(database: Database) -> AsyncIterator[tuple[SealedColumn, str]]:
    """Yield each sealed column with each schema that has it."""
    for column in COLUMNS:
        for schema in [CONTROL] if column.schema == CONTROL else await across.having(database, column.table):
            yield column, schema


def scope(database: Database, schema: str) -> AbstractAsyncContextManager[Any]:
    """Open a transaction in control or as a tenant."""
    return database.control() if schema == CONTROL else database.tenant(schema)


async def _column(
    database: Database, box: SecretBox, column: SealedColumn, schema: str, outcome: Outcome
) -> None:
    last = ""
    while True:
        async with scope(database, schema):
            rows = await connection().fetch(
                f"""SELECT {column.key}::text AS key, {column.column} AS sealed FROM {column.table}
                    WHERE {column.key}::text > $1 AND {column.column} <> ''
                      AND split_part({column.column}, '.', 1) <> $2
                    ORDER BY {column.key}::text LIMIT {_BATCH} FOR UPDATE""",
                last,
                box.sealing(),
            )
            if not rows:
                return
            anew = {row["key"]: _anew(box, column.purpose_of(row["key"]), row["sealed"]) for row in rows}
            good = {key: text for key, text in anew.items() if text is not None}
            await connection().execute(
                f"""UPDATE {column.table} t SET {column.column} = v.text
                    FROM unnest($1::text[], $2::text[]) AS v (key, text)
                    WHERE t.{column.key}::text = v.key""",
                list(good),
                list(good.values()),
            )
        outcome.resealed += len(good)
        outcome.unreadable += len(rows) - len(good)
        last = rows[-1]["key"]


def _anew(box: SecretBox, purpose: str, sealed: str) -> str | None:
    try:
        return box.seal(box.open(sealed, purpose=purpose), purpose=purpose)
    except SecretUnreadable:
        return None
