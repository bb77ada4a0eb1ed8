"""What the conformance suite cannot know to ask: a write that its own handler refuses leaves no line."""

import pytest

from threatweaver.ids import uuid7


@pytest.fixture
def log_of(kernel, tenant):
    """A function: the tenant's log."""

    async def lines():
        async with kernel.database.tenant(tenant.schema, read_only=True) as unit:
            return [tuple(row) for row in await unit.connection.fetch("SELECT * FROM audit_line ORDER BY id")]

    return lines


async def test_a_write_that_fails_inside_its_handler_leaves_none(client, admin, log_of):
    name = uuid7().hex
    async with client.post("/api/tags", json={"name": name}, headers=admin) as answer:
        assert answer.status == 201
    before = await log_of()
    assert before
    async with client.post("/api/tags", json={"name": name}, headers=admin) as answer:
        assert answer.status == 409
    async with client.put(f"/api/tags/{uuid7()}", json={"name": "x"}, headers=admin) as answer:
        assert answer.status == 404
    headers = {**admin, "X-Filename": "x.nessus", "Content-Type": "application/xml"}
    async with client.post("/api/imports", data=b"no report", headers=headers) as answer:
        assert answer.status == 422
    assert await log_of() == before
