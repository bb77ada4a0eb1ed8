"""People of a tenant, and API tokens of theirs, for the tests of access."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Person:
    """Somebody with their headers."""

    id: str
    email: str
    headers: dict


@pytest.fixture
def call(client):
    """A function: (status, body) of a request."""

    async def made(method, path, headers=None, body=None, **options):
        if body is not None:
            options["json"] = body
        async with client.request(method, f"/api{path}", headers=headers, **options) as answer:
            text = await answer.read()
            return answer.status, await answer.json() if text else None

    return made


@pytest.fixture
def person(as_role, tenant, call):
    """A function: a new person with this role."""

    async def made(role="viewer", *, of=None):
        headers = await as_role(role, of or tenant)
        _, me = await call("GET", "/auth/me", headers)
        return Person(me["id"], me["email"], headers)

    return made


@pytest.fixture
def token_of(call):
    """A function: (headers with a new API token of a person, the token's body)."""

    async def made(owner, scopes, **options):
        body = {"name": "ci", "scopes": scopes, **options}
        status, answer = await call("POST", "/tokens", owner.headers, body)
        assert status == 201, answer
        return {"X-API-Key": answer["data"]["secret"]}, answer["data"]

    return made


@pytest.fixture
def change(kernel):
    """A function: write columns of a row of the control schema, and let this process notice at once."""

    async def made(model, changes, **which):
        async with kernel.database.control():
            assert await model.filter(**which).update(**changes) == 1
        kernel.identifier.forget()

    return made
