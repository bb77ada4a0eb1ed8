"""Logins: names that answers or times give away, passwords without limit or strength, resets that tell."""

import asyncio
import json

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import enumeration, limits

JSON = (("Content-Type", "application/json"),)


class Login:
    """A login with one mistake, or with none."""

    def __init__(self, mistake=""):
        self.mistake, self.users, self.failed = (
            mistake,
            {"admin": "admin"} if mistake == "default" else {},
            {},
        )

    async def register(self, request):
        sent = await request.json()
        if len(sent["password"]) < 8 and self.mistake != "weak":
            return web.json_response({"error": "too short"}, status=400)
        self.users[sent["username"]] = sent["password"]
        return web.json_response({"status": "ok"})

    async def login(self, request):
        sent = await request.json()
        name = sent["username"]
        if self.failed.get(name, 0) >= 10 and self.mistake != "unlimited":
            return web.json_response({"error": "wait"}, status=429)
        if name in self.users and self.mistake == "slow":
            await asyncio.sleep(0.06)
        if self.users.get(name) == sent["password"]:
            return web.json_response({"token": f"a-token-of-{name}-0000"})
        self.failed[name] = self.failed.get(name, 0) + 1
        known = name in self.users and self.mistake == "message"
        return web.json_response(
            {"error": f"{name}: {'wrong password' if known else 'wrong name or password'}"}
        )

    async def forgot(self, request):
        sent = await request.json()
        told = self.mistake == "told" and sent["username"] in self.users
        return web.json_response({"status": "sent"} | ({"reset_token": "483920"} if told else {}))


async def site_with(site_of, mistake):
    login = Login(mistake)
    site = await site_of(
        {"POST /register": login.register, "POST /login": login.login, "POST /forgot": login.forgot}
    )
    body = {"headers": JSON, "body": json.dumps({"username": "x", "password": "y"}).encode()}
    await site.find("POST", "/register", **body)
    await site.find("POST", "/login", **body)
    await site.find("POST", "/forgot", headers=JSON, body=b'{"username": "x"}')
    return site


@pytest.mark.parametrize(
    ("agents", "ident", "mistake"),
    [
        (enumeration.AGENTS, "user-enumeration", "message"),
        (enumeration.AGENTS, "user-enumeration-timing", "slow"),
        (limits.AGENTS, "login-rate-limit", "unlimited"),
        (limits.AGENTS, "weak-password-policy", "weak"),
        (limits.AGENTS, "default-credentials", "default"),
        (limits.AGENTS, "reset-told", "told"),
    ],
)
async def test_each_mistake_is_found_and_a_good_login_is_none(site_of, probe, agents, ident, mistake):
    assert len(await probe(agents, ident, await site_with(site_of, mistake))) == 1
    assert await probe(agents, ident, await site_with(site_of, "")) == []


async def test_a_name_that_an_identity_has_serves_where_nobody_can_register(site_of, probe, person):
    login = Login("message")
    login.users["ann"] = "secret"
    site = await site_of({"POST /login": login.login}, person("first", "ann"))
    await site.find("POST", "/login", headers=JSON, body=b'{"username": "x", "password": "y"}')
    [proof] = await probe(enumeration.AGENTS, "user-enumeration", site)
    assert "wrong password" in proof.says
