"""Other languages of queries, in interpreters as small as they can be, and lxml's own XPath."""

import json
import sqlite3

import pytest
from aiohttp import web
from lxml import etree

from threatweaver_appsec.engine.agents import queries

USERS = ({"name": "ann", "secret": "a1"}, {"name": "bob", "secret": "b2"})
DOCUMENT = etree.fromstring(
    "<users><user id='1'><name>ann</name></user><user id='2'><name>bob</name></user></users>"
)
JSON = (("Content-Type", "application/json"),)


def matches(value, wanted):
    """MongoDB's way to compare: an object with operators, or a value."""
    if not isinstance(wanted, dict):
        return value == wanted
    known = {"$ne": lambda one: value != one, "$eq": lambda one: value == one, "$gt": lambda one: value > one}
    for operator in wanted:
        if operator.startswith("$") and operator not in known:
            raise ValueError(f"unknown operator: {operator}")
    return wanted and all(
        operator in known and known[operator](operand) for operator, operand in wanted.items()
    )


def mongo(*, told, strict=False):
    async def answer(request):
        wanted = (await request.json())["name"]
        if strict and not isinstance(wanted, str):
            return web.json_response({"error": "name must be text"}, status=400)
        try:
            found = [user for user in USERS if matches(user["name"], wanted)]
        except ValueError as error:
            return web.json_response(
                {"error": f"MongoServerError: {error}" if told else "failed"}, status=500
            )
        return web.json_response({"found": bool(found)})

    return answer


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("name", ["ann", "nobody"])
async def test_an_operator_in_place_of_a_value_is_found(serve, told, name):
    target = await serve({"POST /login": mongo(told=told)})
    body = json.dumps({"name": name}).encode()
    found = await target.attack(queries.AGENTS, "/login", method="POST", body=body, headers=JSON)
    assert [(agent, point) for agent, point, _ in found] == [("nosql", "/name")]


async def test_a_value_that_must_be_text_is_none(serve):
    target = await serve({"POST /login": mongo(told=True, strict=True)})
    body = json.dumps({"name": "ann"}).encode()
    assert await target.attack(queries.AGENTS, "/login", method="POST", body=body, headers=JSON) == []


def xpath(expression, *, told=False):
    def answer(request):
        try:
            found = DOCUMENT.xpath(expression.format(request.query["q"]))
        except etree.XPathError as error:
            return f"<p>lxml.etree.{type(error).__name__}: {error}</p>" if told else "<p>nobody</p>"
        return f"<p>{found[0].findtext('name') if found else 'nobody'}</p>"

    return answer


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("expression", "value"),
    [("//user[name='{}']", "ann"), ('//user[name="{}"]', "bob"), ("//user[@id={}]", "2")],
)
async def test_a_path_that_the_value_changes_is_found(serve, expression, value, told):
    target = await serve({"GET /": xpath(expression, told=told)})
    found = await target.attack(queries.AGENTS, f"/?q={value}")
    assert [(agent, point) for agent, point, _ in found] == [("xpath", "q")]


async def test_a_variable_of_a_path_is_none(serve):
    def answer(request):
        found = DOCUMENT.xpath("//user[name=$name]", name=request.query["q"])
        return f"<p>{found[0].findtext('name') if found else 'nobody'}</p>"

    target = await serve({"GET /": answer})
    assert await target.attack(queries.AGENTS, "/?q=ann") == []


def directory(*, told, encoded=False):
    """Answers (&(cn=VALUE)(objectClass=person)), reading the filter by its parentheses."""

    def answer(request):
        value = request.query["cn"]
        if encoded:
            value = "".join(f"\\{ord(char):02x}" if char in "()*\\\0" else char for char in value)
        try:
            rest, holds = read(f"(&(cn={value})(objectClass=person))")
        except ValueError:
            return "<p>LDAPInvalidFilterError: malformed filter</p>" if told else "<p>nobody</p>"
        return "<p>ann is here</p>" if holds and not rest else "<p>nobody</p>"

    return answer


def read(text):
    """Return what is left of a text after its first filter, and whether that holds for ann, a person."""
    if not text.startswith("("):
        raise ValueError(text)
    if text[1] in "&|!":
        mark, text, held = text[1], text[2:], []
        while text.startswith("("):
            text, one = read(text)
            held.append(one)
        if not text.startswith(")"):
            raise ValueError(text)
        return text[1:], {"&": all(held), "|": any(held), "!": not any(held)}[mark]
    inside, end, rest = text[1:].partition(")")
    name, equal, value = inside.partition("=")
    if not end or not equal or "(" in inside:
        raise ValueError(text)
    known = {"cn": "ann", "objectClass": "person"}
    return rest, name in known and value in ("*", known[name])


async def test_a_name_that_was_taken_before_is_no_filter(serve):
    """A registration keeps what it is sent by one attack, and what looks names up finds it at the next."""
    known = {"ann", "ann)(objectClass=*", "ann)(uid=*"}
    target = await serve(
        {"GET /": lambda request: "ann is here" if request.query["cn"] in known else "nobody"}
    )
    assert await target.attack(queries.AGENTS, "/?cn=ann") == []


async def test_a_condition_of_xpath_is_none_of_sql(serve):
    """SQL has concat, too: what follows a condition that both have would be told as both."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.create_function("concat", 2, lambda one, two: f"{one}{two}")
    database.executescript("CREATE TABLE users (name); INSERT INTO users VALUES ('ann')")

    def answer(request):
        try:
            rows = database.execute(f"SELECT name FROM users WHERE name = '{request.query['q']}'").fetchall()
        except sqlite3.Error:
            rows = []
        return f"<p>{rows[0][0] if rows else 'nobody'}</p>"

    target = await serve({"GET /": answer})
    assert await target.attack(queries.AGENTS, "/?q=ann") == []


@pytest.mark.parametrize("told", [True, False])
async def test_a_filter_that_the_value_changes_is_found(serve, told):
    target = await serve({"GET /": directory(told=told)})
    found = await target.attack(queries.AGENTS, "/?cn=ann")
    assert [(agent, point) for agent, point, _ in found] == [("ldap", "cn")]


async def test_an_encoded_value_of_a_filter_is_none(serve):
    target = await serve({"GET /": directory(told=True, encoded=True)})
    assert await target.attack(queries.AGENTS, "/?cn=ann") == []


@pytest.mark.parametrize(
    "text",
    [
        "re.error: unbalanced parenthesis at position 3",
        "Invalid filter",
        "Invalid expression",
        "CastError: Cast to string failed for value",
        "SyntaxError: Unexpected token",
    ],
)
def test_what_others_say_of_odd_values_is_no_proof(text):
    assert not any(pattern.search(text) for pattern in (queries.MONGO, queries.LDAP, queries.XPATH))
