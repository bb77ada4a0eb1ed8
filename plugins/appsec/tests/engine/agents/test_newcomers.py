"""Accounts of our own stand in where a scan has nobody signed in."""

import json

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents.newcomers import AGENTS

JSON = (("Content-Type", "application/json"),)


class Diary:
    """Whoever registers writes entries; whose one is may be asked. Sessions end after 9 requests."""

    def __init__(self, *, asks):
        self.asks, self.users, self.tokens, self.entries = asks, {}, {}, []

    def handlers(self):
        return {
            "POST /register": self.register,
            "POST /login": self.login,
            "GET /entries": self.every,
            "POST /entries": self.add,
            "GET /entries/{id}": self.one,
        }

    async def register(self, request):
        sent = await request.json()
        self.users[sent["username"]] = sent["password"]
        return web.json_response({}, status=201)

    async def login(self, request):
        sent = await request.json()
        if self.users.get(sent["username"]) != sent["password"]:
            raise web.HTTPUnauthorized
        token = f"token-number-{len(self.tokens):06d}"
        self.tokens[token] = [sent["username"], 9]
        return web.json_response({"token": token})

    def who(self, request):
        session = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if session is None or session[1] == 0:
            raise web.HTTPUnauthorized
        session[1] -= 1
        return session[0]

    async def add(self, request):
        self.entries.append({"owner": self.who(request), "text": (await request.json())["text"]})
        return web.json_response({"id": len(self.entries)}, status=201)

    async def every(self, request):
        name = self.who(request)
        mine = [{"id": at} for at, entry in enumerate(self.entries, 1) if entry["owner"] == name]
        return web.json_response({"entries": mine})

    async def one(self, request):
        name, at = self.who(request), request.match_info["id"]
        entry = self.entries[int(at) - 1] if at.isdigit() and 0 < int(at) <= len(self.entries) else None
        if entry is None or (self.asks and entry["owner"] != name):
            raise web.HTTPNotFound
        return web.json_response(entry)


@pytest.mark.parametrize(("asks", "count"), [(False, 1), (True, 0)])
async def test_newcomers_read_what_is_each_others(site_of, probe, asks, count):
    site = await site_of(Diary(asks=asks).handlers())
    body = json.dumps({"username": "x", "password": "y"}).encode()
    await site.find("POST", "/register", headers=JSON, body=body)
    await site.find("POST", "/login", headers=JSON, body=body)
    await site.find("GET", "/entries")
    await site.find("POST", "/entries", headers=JSON, body=b'{"text": "x"}')
    await site.find("GET", "/entries/1", template="/entries/{id}")
    assert len(await probe(AGENTS, "bola-read-newcomers", site)) == count


async def test_identities_of_the_scan_are_not_stood_in_for(site_of, probe, person):
    site = await site_of(Diary(asks=False).handlers(), person("first", "ann"), person("second", "bob"))
    await site.find("POST", "/register", headers=JSON, body=b'{"username": "x", "password": "y"}')
    assert await probe(AGENTS, "bola-read-newcomers", site) == []
    assert site.sent == []
