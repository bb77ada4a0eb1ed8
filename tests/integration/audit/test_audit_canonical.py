"""The canonical form of a line: SQL, which writes the hash, and Python, which checks it, say the same."""

import json
from datetime import UTC
from decimal import Decimal

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threatweaver.audit import canonical, export, queries, store
from threatweaver.audit.line import Line

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
NUMBERS = (
    st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.just(Decimal("-0.0"))
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
RELAXED = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def dumped(value):
    """JSON text with numbers as they are."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{dumped(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumped, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


@RELAXED
@given(JSON)
async def test_jsonb_is_printed_alike(database, value):
    async with database.control(read_only=True) as unit:
        printed = await unit.connection.fetchval("SELECT $1::text::jsonb::text", dumped(value))
    assert canonical.jsonb(export.parse(dumped(value))) == printed
    assert canonical.jsonb(export.parse(printed)) == printed


LINES = st.fixed_dictionaries(
    {
        "at": st.datetimes(timezones=st.just(UTC)),
        "actor_id": st.none() | st.uuids(),
        "actor_email": st.none() | TEXT,
        "token_id": st.none() | st.uuids(),
        "target": TEXT,
        "action": TEXT,
        "path": TEXT,
        "status": st.integers(-32768, 32767),
        "address": TEXT,
        "before": st.none() | st.dictionaries(TEXT, JSON, max_size=3),
        "after": JSON,
    }
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one_line(kernel, tenant):
    async with kernel.database.tenant(tenant.schema):
        await store.append(kernel.database, tenant.schema, Line(action="first"))
    return tenant.schema


@RELAXED
@given(LINES)
async def test_lines_have_the_same_form_in_sql_and_in_an_export(database, one_line, columns):
    documents = {
        name: None if columns[name] is None else dumped(columns[name]) for name in ("before", "after")
    }
    values = {**columns, **documents}
    casts = {"at": "timestamptz", "actor_id": "uuid", "token_id": "uuid", "before": "jsonb", "after": "jsonb"}
    casts |= {"status": "smallint"}
    made = ", ".join(
        f"${number}::{casts.get(name, 'text')} AS {name}" for number, name in enumerate(values, start=1)
    )
    async with database.owner(one_line) as unit:
        row = await unit.connection.fetchrow(
            f"""WITH given AS (SELECT {made}), line AS (
                  SELECT jsonb_populate_record(audit_line, to_jsonb(given)) AS line FROM audit_line, given
                  WHERE id = 1)
                SELECT audit_canonical(line) AS form, {queries.WIRE}
                FROM (SELECT (line).*, line FROM line) x""",
            *values.values(),
        )
    exported = export.parse(export.line_json(row))
    assert canonical.canonical(exported).decode() == row["form"]
