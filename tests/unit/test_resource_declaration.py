"""Resource and Listing: a wrong declaration is a ValueError when the module is imported."""

import pytest
from marshmallow import fields
from tortoise import fields as columns
from tortoise.models import Model

from threatweaver.http.schema import Schema
from threatweaver.resource.listing import Listing, any_of, eq, search
from threatweaver.resource.spec import Op, Resource


class Thing(Model):
    id = columns.UUIDField(primary_key=True)
    name = columns.CharField(max_length=10)
    finished_at = columns.DatetimeField(null=True)
    created_at = columns.DatetimeField()

    class Meta:
        table = "thing"


class ThingOut(Schema):
    id = fields.UUID()
    name = fields.String()


class ThingIn(Schema):
    name = fields.String()


def resource(**changes):
    parts = {
        "model": Thing,
        "operations": Op.READ,
        "read": ThingOut,
        "read_permission": "a:thing:read",
        "write_permission": "a:thing:write",
        "create": ThingIn,
        "update": ThingIn,
    }
    parts |= {"create": None, "update": None} if changes.get("operations", Op.READ) == Op.READ else {}
    return Resource(**{**parts, **changes})


def test_good_declarations():
    resource()
    resource(operations=Op.ALL)
    resource(operations=Op.READ | Op.DELETE, create=None, update=None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"read": type("Out", (Schema,), {"secret": fields.String()})}, "Thing has no column secret"),
        ({"sortable": ("size",)}, "Thing has no column size"),
        ({"sortable": ("created_at", "finished_at")}, "nullable finished_at"),
        ({"create": ThingIn}, "CREATE and its schema go together"),
        ({"update": ThingIn}, "UPDATE and its schema go together"),
        ({"operations": Op.ALL, "create": None}, "CREATE and its schema go together"),
        ({"operations": Op.ALL, "write_permission": None}, "writes need a permission"),
    ],
)
def test_mistakes(changes, message):
    with pytest.raises(ValueError, match=message):
        resource(**changes)


def listing(**changes):
    parts = {
        "source": "thing",
        "columns": {"id": "id"},
        "sort": {"name": "name", "createdAt": "created_at"},
        "default_sort": "-createdAt",
    }
    return Listing(**{**parts, **changes})


@pytest.mark.parametrize("name", ["page", "limit", "cursor", "sort"])
def test_a_filter_must_not_take_a_reserved_name(name):
    with pytest.raises(ValueError, match="filter names clash"):
        listing(where=(eq(name, fields.String()),))


def test_filters_have_different_names():
    with pytest.raises(ValueError, match="filter names clash"):
        listing(where=(eq("name", fields.String()), any_of("name", fields.String())))


def test_the_default_order_is_one_of_the_orders():
    with pytest.raises(ValueError, match="default sort -size is not in sort"):
        listing(default_sort="-size")


def test_conditions_bind_every_value():
    made = listing(where=(eq("name", fields.String()), search("name", "note")), always="owner = 1")
    where, values = made.conditions({"name": "x'; DROP TABLE thing", "search": "%a%"})
    assert where == "owner = 1 AND name = $1 AND (name ILIKE $2 OR note ILIKE $2)"
    assert values == ["x'; DROP TABLE thing", "%a%"]
    assert listing().conditions({}) == ("true", [])


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("a", "%a%"),
        ("50%", "%50\\%%"),
        ("a_b", "%a\\_b%"),
        ("c:\\x", "%c:\\\\x%"),
        ("%" * 200, "%" + "\\%" * 200 + "%"),
    ],
)
def test_search_text_is_literal(text, pattern):
    query = listing(where=(search("name"),)).query()
    assert query.load({"search": text})["search"] == pattern


@pytest.mark.parametrize("text", ["", "x" * 201, "a\x00b"])
def test_search_text_has_1_to_200_characters(text):
    assert "search" in listing(where=(search("name"),)).query().validate({"search": text})


@pytest.mark.parametrize(
    "query",
    [
        {"page": "0"},
        {"page": "1000001"},
        {"page": "1" * 31},
        {"page": "1" * 5000},
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "abc"},
        {"limit": "1.5"},
        {"limit": ""},
        {"sort": "size"},
        {"sort": "name; DROP TABLE thing"},
        {"sort": "--name"},
        {"cursor": ""},
        {"cursor": "x" * 2001},
        {"unknown": "1"},
    ],
    ids=lambda query: next(iter(query)) + str(len(next(iter(query.values())))),
)
def test_paging_is_bounded(query):
    assert list(listing().query().validate(query)) == list(query)
