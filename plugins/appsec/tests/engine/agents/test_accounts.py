"""Accounts: what one user does to another's, and what a client sets that it should not."""

import json

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import assignment, takeover

JSON = (("Content-Type", "application/json"),)


class Users:
    """An API of accounts with a flag for each mistake."""

    def __init__(self, *mistakes):
        self.mistakes = mistakes
        self.users = {}

    def handlers(self):
        return {
            "POST /users/register": self.register,
            "POST /users/login": self.login,
            "GET /users/{name}": self.profile,
            "PUT /users/{name}/password": self.password,
            "PUT /users/{name}/email": self.email,
            "DELETE /users/{name}": self.delete,
        }

    def caller(self, request):
        name = request.headers.get("Authorization", "").removeprefix("Bearer token-of-user-")
        if name not in self.users:
            raise web.HTTPUnauthorized
        return name

    def target(self, request, mistake):
        """The account that is changed: the caller's own unless the mistake is made."""
        caller, named = self.caller(request), request.match_info["name"]
        if mistake in self.mistakes:
            return named
        if named != caller:
            raise web.HTTPForbidden
        return caller

    async def register(self, request):
        sent = await request.json()
        if sent["name"] in self.users:
            return web.json_response({"error": "taken"}, status=409)
        role = sent.get("role", "user") if "assignment" in self.mistakes else "user"
        self.users[sent["name"]] = {"password": sent["password"], "email": sent["email"], "role": role}
        return web.json_response({"status": "ok"}, status=201)

    async def login(self, request):
        sent = await request.json()
        if self.users.get(sent["name"], {}).get("password") != sent["password"]:
            return web.json_response({"error": "wrong"}, status=401)
        return web.json_response({"token": f"token-of-user-{sent['name']}"})

    async def profile(self, request):
        self.caller(request)
        user = self.users.get(request.match_info["name"])
        if not user:
            raise web.HTTPNotFound
        return web.json_response(
            {"name": request.match_info["name"], "email": user["email"], "role": user["role"]}
        )

    async def password(self, request):
        name = self.target(request, "password")
        self.users[name]["password"] = (await request.json())["password"]
        return web.Response(status=204)

    async def email(self, request):
        name = self.target(request, "email")
        self.users[name]["email"] = (await request.json())["email"]
        return web.Response(status=204)

    async def delete(self, request):
        self.users.pop(self.target(request, "delete"), None)
        return web.json_response({"status": "ok"})


async def site_with(site_of, *mistakes):
    site = await site_of(Users(*mistakes).handlers())
    account = {"name": "ann", "email": "ann@example.com", "password": "x"}

    def body(*keys):
        return {"headers": JSON, "body": json.dumps({key: account[key] for key in keys}).encode()}

    await site.find("POST", "/users/register", **body("name", "email", "password"))
    await site.find("POST", "/users/login", **body("name", "password"))
    await site.find("GET", "/users/ann", template="/users/{name}")
    await site.find("PUT", "/users/ann/password", template="/users/{name}/password", **body("password"))
    await site.find("PUT", "/users/ann/email", template="/users/{name}/email", **body("email"))
    await site.find("DELETE", "/users/ann", template="/users/{name}")
    return site


@pytest.mark.parametrize(
    ("agents", "ident", "mistake"),
    [
        (takeover.AGENTS, "password-of-others", "password"),
        (takeover.AGENTS, "bola-write", "email"),
        (takeover.AGENTS, "delete-of-others", "delete"),
        (assignment.AGENTS, "mass-assignment", "assignment"),
    ],
)
async def test_each_mistake_is_shown_by_accounts_of_our_own(site_of, probe, agents, ident, mistake):
    others = {"password", "email", "delete", "assignment"} - {mistake}
    assert len(await probe(agents, ident, await site_with(site_of, mistake))) == 1
    assert await probe(agents, ident, await site_with(site_of, *others)) == []


async def test_nobody_real_is_touched(site_of, probe):
    site = await site_with(site_of, "password", "email", "delete")
    for ident in ("password-of-others", "bola-write", "delete-of-others"):
        await probe(takeover.AGENTS, ident, site)
    written = [exchange.request.url for exchange in site.sent if exchange.request.method in ("PUT", "DELETE")]
    assert written
    assert not any("/users/ann" in url for url in written)


class Notes:
    """Notes of a signed-in user; a client may set the text, and by mistake whether it is approved."""

    def __init__(self, takes):
        self.takes, self.notes = takes, []

    async def add(self, request):
        sent = await request.json()
        note = {"id": len(self.notes) + 1, "text": sent["text"], "approved": False}
        self.notes.append(note | {key: sent[key] for key in self.takes if key in sent})
        return web.json_response(self.notes[-1], status=201)


@pytest.mark.parametrize(("takes", "found"), [(("approved",), ["approved"]), (("id",), []), ((), [])])
async def test_a_field_of_the_answer_is_sent_along(site_of, probe, person, takes, found):
    site = await site_of(
        {"POST /notes": Notes(takes).add}, person("first", "ann", (("Authorization", "Bearer a"),))
    )
    await site.find("POST", "/notes", headers=JSON, body=b'{"text": "hello"}')
    assert [proof.key for proof in await probe(assignment.AGENTS, "mass-assignment", site)] == found
