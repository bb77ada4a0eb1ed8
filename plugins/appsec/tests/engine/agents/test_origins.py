"""Headers that are trusted, caches that keep what they caused, and files that were left."""

import json
import re

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import caches, files, graphql, origins


def allowing(trusts, *, credentials=True):
    async def me(request):
        headers, origin = {}, request.headers.get("Origin")
        if origin and trusts(origin):
            headers["Access-Control-Allow-Origin"] = origin
            if credentials:
                headers["Access-Control-Allow-Credentials"] = "true"
        return web.json_response({"user": "ann" if request.headers.get("Cookie") else None}, headers=headers)

    return me


@pytest.mark.parametrize(
    ("trusts", "credentials", "key"),
    [
        (lambda origin: True, True, "any origin"),
        (lambda origin: True, False, None),
        (
            lambda origin: origin.startswith("http://127.0.0.1"),
            True,
            "any host that begins with the target's name",
        ),
        (lambda origin: origin.endswith("127.0.0.1"), True, "any host that ends with the target's name"),
        (lambda origin: origin == "null", True, "the origin null"),
        (lambda origin: origin == "https://partner.example", True, None),
    ],
)
async def test_origins_that_may_read(site_of, probe, person, trusts, credentials, key):
    handlers = {"GET /me": allowing(trusts, credentials=credentials)}
    site = await site_of(handlers, person("first", "ann", (("Cookie", "s=1"),)))
    await site.find("GET", "/me")
    found = await probe(origins.AGENTS, "cors", site)
    assert [(proof.key, proof.severity) for proof in found] == ([(key, "HIGH")] if key else [])


def page_of(make):
    async def page(request):
        name = request.headers.get("X-Forwarded-Host", request.host)
        return web.Response(text=make(name), content_type="text/html")

    return page


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (lambda name: f'<a href="http://{name}/cart">Cart</a>', 1),
        (lambda name: f"<p>You asked {name}</p>", 0),
        (lambda name: '<a href="/cart">Cart</a>', 0),
    ],
)
async def test_a_name_that_links_are_made_of(site_of, probe, make, count):
    site = await site_of({"GET /": page_of(make)})
    await site.find("GET", "/")
    assert len(await probe(origins.AGENTS, "host-header", site)) == count


class Cache:
    """A cache before an application: keyed by address, and by the header only when it is told so."""

    def __init__(self, *, keyed=False, stores=True, by_name=True):
        self.keyed, self.stores, self.by_name, self.kept = keyed, stores, by_name, {}

    async def page(self, request):
        name = request.headers.get("X-Forwarded-Host", "shop.test")
        return self.answer(
            (request.path_qs, name if self.keyed else ""), f"<script src=//{name}/a.js></script>"
        )

    async def own(self, request):
        key = (
            request.path_qs,
            "" if self.by_name and request.path.endswith(".css") else request.headers.get("Cookie"),
        )
        if not request.headers.get("Cookie") and key not in self.kept:
            raise web.HTTPUnauthorized
        return self.answer(key, "<p>Hello ann</p>")

    def answer(self, key, text):
        text = self.kept.setdefault(key, text) if self.stores else text
        return web.Response(text=text, content_type="text/html")


@pytest.mark.parametrize(("options", "count"), [({}, 1), ({"keyed": True}, 0), ({"stores": False}, 0)])
async def test_a_cache_keeps_what_a_header_caused(site_of, probe, options, count):
    site = await site_of({"GET /": Cache(**options).page})
    await site.find("GET", "/")
    assert len(await probe(caches.AGENTS, "cache-poisoning", site)) == count
    asked = [exchange.request.url for exchange in site.sent if exchange.request.headers]
    assert all("cb=" in url for url in asked)


@pytest.mark.parametrize(("by_name", "count"), [(True, 1), (False, 0)])
async def test_a_cache_keeps_a_page_of_somebody(site_of, probe, person, by_name, count):
    cache = Cache(by_name=by_name)
    site = await site_of({"GET /me{any:.*}": cache.own}, person("first", "ann", (("Cookie", "s=1"),)))
    await site.find("GET", "/me")
    assert len(await probe(caches.AGENTS, "cache-deception", site)) == count


def serving(path, body, content_type="text/plain"):
    async def file(request):
        return web.Response(body=body, content_type=content_type)

    return {f"GET {path}": file}


@pytest.mark.parametrize(
    ("ident", "path", "body", "count"),
    [
        ("repository-exposed", "/.git/HEAD", b"ref: refs/heads/main\n", 1),
        ("repository-exposed", "/.git/HEAD", b"<html>Not found</html>", 0),
        ("configuration-exposed", "/.env", b"# app\nDEBUG=1\nSECRET_KEY=hunter2hunter2\n", 1),
        ("configuration-exposed", "/.env", b"Welcome to the shop = nice\n", 0),
        ("backup-exposed", "/backup.zip", b"PK\x03\x04rest", 1),
        ("backup-exposed", "/dump.sql", b"-- MySQL dump 10\nCREATE TABLE x;", 1),
        ("console-exposed", "/actuator/env", b'{"propertySources": [{"name": "x"}]}', 1),
        ("console-exposed", "/metrics", b'{"metrics": []}', 0),
        ("source-copy", "/cart.php.bak", b"<?php\necho 1;", 1),
        ("source-copy", "/cart.php.bak", b"<html><?php in a lesson</html>", 0),
    ],
)
async def test_files_are_known_by_their_format(site_of, probe, ident, path, body, count):
    site = await site_of(serving(path, body) | serving("/cart.php", b"a page"))
    await site.find("GET", "/cart.php")
    found = await probe(files.AGENTS, ident, site)
    assert len(found) == count
    assert all("hunter2" not in proof.excerpt for proof in found)


async def test_a_repository_is_told_once(site_of, probe):
    head = serving("/.git/HEAD", b"ref: refs/heads/main\n")
    site = await site_of(serving("/.git/config", b"[core]\n\tbare = false\n") | head)
    (proof,) = await probe(files.AGENTS, "repository-exposed", site)
    assert proof.exchanges[0].request.parts.path == "/.git/config"


@pytest.mark.parametrize(
    "body", [b"<html>Nothing here</html>", b"ref: refs/heads/main\n", b"PK\x03\x04", b"A=1\nB=2\n"]
)
async def test_a_server_that_answers_everything_alike_has_no_files(site_of, probe, body):
    site = await site_of(serving("/{any:.*}", body))
    await site.find("GET", "/a.php")
    for agent in files.AGENTS:
        assert await probe(files.AGENTS, agent.about.id, site) == []


class Graph:
    """A GraphQL endpoint as far as its manners go."""

    def __init__(self, *, open_one):
        self.open = open_one

    async def answer(self, request):
        if request.content_type != "application/json":
            sent = await request.post()
            if not self.open or "query" not in sent:
                raise web.HTTPUnsupportedMediaType
            return web.json_response({"data": {"__typename": "Query"}})
        sent = json.loads(await request.read())
        if isinstance(sent, list):
            return web.json_response(
                [self.one(part["query"]) for part in sent] if self.open else {"errors": ["no"]}
            )
        return web.json_response(self.one(sent["query"]))

    def one(self, query):
        if alias := re.fullmatch(r"query\{(\w+:)?__typename\}", query):
            return {"data": {(alias[1] or "__typename:")[:-1]: "Query"}}
        if "__schema" in query and self.open:
            return {"data": {"__schema": {"types": [{"name": "Query", "fields": []}, {"name": "User"}]}}}
        if "ofType" in query and self.open:
            return {"data": {"__type": {"fields": [{"type": {"ofType": None}}]}}}
        return {"errors": [{"message": "Cannot query"}]}


@pytest.mark.parametrize(
    "ident", ["graphql-introspection", "graphql-batching", "graphql-depth", "graphql-csrf"]
)
async def test_manners_of_graphql(site_of, probe, person, ident):
    ann = person("first", "ann", (("Cookie", "s=1"),))
    for open_one in (True, False):
        site = await site_of({"POST /graphql": Graph(open_one=open_one).answer}, ann)
        assert len(await probe(graphql.AGENTS, ident, site)) == int(open_one)


async def test_suggestions_matter_where_introspection_is_off(site_of, probe):
    async def answer(request):
        query = json.loads(await request.read())["query"]
        if query == "query{__typename}":
            return web.json_response({"data": {"__typename": "Query"}})
        hint = ' Did you mean "__typename"?' if "__typenam" in query else ""
        return web.json_response({"errors": [{"message": f"Cannot query field.{hint}"}]}, status=400)

    site = await site_of({"POST /api/graphql": answer})
    assert len(await probe(graphql.AGENTS, "graphql-suggestions", site)) == 1
