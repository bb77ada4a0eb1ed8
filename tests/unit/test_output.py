"""Output: every type a row can carry, and what is refused."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import orjson
import pytest
from asyncpg.pgproto import pgproto
from marshmallow import fields

from threatweaver.http import output
from threatweaver.http.output import Page
from threatweaver.http.schema import Schema

_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (UUID(_ID), f'"{_ID}"'),
        (pgproto.UUID(_ID), f'"{_ID}"'),
        (Decimal("9.8"), "9.8"),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), '"2024-01-02T03:04:05Z"'),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), '"2024-01-02T03:04:05+02:00"'),
        (date(2024, 1, 2), '"2024-01-02"'),
        ({"b", "a"}, '["a","b"]'),
        (frozenset({2, 1}), "[1,2]"),
        ({1: "x"}, '{"1":"x"}'),
        (float("nan"), "null"),
        (orjson.Fragment(b'{"a":1}'), '{"a":1}'),
    ],
)
def test_types(value, text):
    assert output.dumps(value).decode() == text


@pytest.mark.parametrize("value", [object(), b"bytes", 1j, 2**70])
def test_a_type_nobody_declared_is_a_defect(value):
    with pytest.raises(TypeError):
        output.dumps({"value": value})


@pytest.mark.parametrize(("total", "pages"), [(0, 0), (1, 1), (50, 1), (51, 2), (10**9, 2 * 10**7)])
def test_meta_counts_pages(total, pages):
    page = Page(rows=[], total=total, page=1, limit=50)
    assert page.meta() == {
        "total": total,
        "page": 1,
        "limit": 50,
        "totalPages": pages,
        "nextCursor": None,
    }


def test_a_dataclass_shows_what_the_schema_names_and_no_more():
    class PersonOut(Schema):
        first_name = fields.String()

    @dataclass
    class Person:
        first_name: str
        password_hash: str

    assert output.plain(Person("Ada", "secret"), PersonOut) == {"firstName": "Ada"}
