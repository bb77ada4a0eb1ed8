"""Every figure has the members that are documented, and no others."""

import pytest
from marshmallow import fields

from threatweaver_exposure.backlog import routes as backlog
from threatweaver_exposure.sla import routes as sla

READS = [route for table in (backlog.table, sla.table) for route in table.routes if route.method == "GET"]


def fits(value, schema):
    """Compare the members of an object, and of the objects in it, with a schema."""
    known = {field.data_key: field for field in schema.fields.values()}
    assert set(value) == set(known)
    for name, field in known.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            for part in value[name] if isinstance(field, fields.List) else [value[name]]:
                fits(part, inner.schema)


@pytest.mark.parametrize("route", READS, ids=lambda route: route.path)
async def test_members(stock, route):
    body = await stock.get(route.path)
    for row in body["data"] if set(body) == {"data"} else [body]:
        fits(row, route.returns.schema())
    if "data" in body:
        assert body["data"]
