"""Tables as the models say them, against those that the migrations made."""

from collections.abc import Iterable, Mapping
from typing import Any

from tortoise.models import Model

from threatweaver.db.transaction import connection

_KINDS = {
    "UUIDField": "uuid",
    "CharField": "character varying",
    "TextField": "text",
    "IntField": "integer",
    "SmallIntField": "smallint",
    "BigIntField": "bigint",
    "BooleanField": "boolean",
    "DatetimeField": "timestamp with time zone",
    "DateField": "date",
    "FloatField": "double precision",
    "JSONField": "jsonb",
    "BinaryField": "bytea",
    "DecimalField": "numeric",
}


async def differences(schema: str, models: Iterable[type[Model]]) -> list[str]:
    """Return where a schema is not what models say; runs in a transaction of the schema's owner."""
    known = await _columns(schema)
    faults = []
    for model in models:
        meta = model._meta  # noqa: SLF001 - Tortoise has no public name for it
        for name, column in meta.fields_db_projection.items():
            fault = _fault(meta.fields_map[name], known.get((meta.db_table, column)))
            if fault:
                faults.append(f"{meta.db_table}.{name} {fault}")
    return faults


async def _columns(schema: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    rows = await connection().fetch(
        """SELECT table_name, column_name, data_type, is_nullable = 'YES' AS nullable,
                  character_maximum_length AS length
           FROM information_schema.columns WHERE table_schema = $1""",
        schema,
    )
    return {(row["table_name"], row["column_name"]): row for row in rows}


def _fault(field: Any, row: Mapping[str, Any] | None) -> str | None:
    if row is None:
        return "is missing"
    kind = _KINDS.get(type(field).__name__)
    if kind is not None and row["data_type"] != kind:
        return f"is {row['data_type']}"
    if row["nullable"] != field.null:
        return f"is {'' if row['nullable'] else 'not '}nullable"
    if type(field).__name__ == "CharField" and row["length"] != field.max_length:
        return f"has {row['length']} characters"
    return None


async def fingerprint(schema: str) -> list[tuple[int, str]]:
    """Return identity and name of everything in a schema that holds or orders rows."""
    rows = await connection().fetch(
        """SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = $1 ORDER BY 1""",
        schema,
    )
    return [(row["oid"], row["relname"]) for row in rows]


async def names(schema: str) -> set[str]:
    """Return the names of the tables and views in a schema."""
    rows = await connection().fetch(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')""",
        schema,
    )
    return {row["relname"] for row in rows}
