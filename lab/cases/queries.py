"""Injection into query languages other than SQL: MongoDB's, LDAP's, XPath."""

import re
from html import escape
from typing import Any

from aiohttp import web
from lxml import etree

from lab import ldap, mongo
from lab.case import Case, Handler, Parameter
from lab.pages import answer, document, page, query, table

_MEMBER = re.compile(r"(\w+)\[(\$\w+)\]")

_STAFF = etree.XML(
    "<staff><person role='public'><name>Ada</name><room>12</room></person>"
    "<person role='public'><name>Ben</name><room>14</room></person>"
    "<person role='hidden'><name>Zoe</name><room>vault-77</room></person></staff>"
)


async def _signin_vulnerable(request: web.Request) -> web.Response:
    content = await document(request)
    try:
        found = mongo.find({"username": content.get("username"), "password": content.get("password")})
    except ValueError as error:
        return answer({"error": str(error)}, 500)
    return answer({"welcome": found[0]["username"]}) if found else answer({"error": "wrong"}, 401)


async def _signin_safe(request: web.Request) -> web.Response:
    content = await document(request)
    username, password = content.get("username"), content.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        return answer({"error": "texts are expected", "got": [username, password]}, 422)
    found = mongo.find({"username": {"$eq": username}, "password": {"$eq": password}})
    return answer({"welcome": found[0]["username"]}) if found else answer({"error": "wrong"}, 401)


def _nested(request: web.Request) -> dict[str, Any]:
    """Read name[$ne]=x as {"name": {"$ne": "x"}}, as qs for Express and PHP do."""
    read: dict[str, Any] = {}
    for key, value in request.query.items():
        found = _MEMBER.fullmatch(key)
        if found is None:
            read[key] = value
        elif isinstance(read.setdefault(found[1], {}), dict):
            read[found[1]][found[2]] = value
    return read


async def _members_vulnerable(request: web.Request) -> web.Response:
    try:
        found = mongo.find({"username": _nested(request).get("username", "")})
    except ValueError as error:
        return page("Members", f"<p>{escape(str(error))}</p>", status=500)
    return page("Members", table([(user["username"], user["plan"]) for user in found]))


async def _members_safe(request: web.Request) -> web.Response:
    username = query(request, "username")
    found = mongo.find({"username": username})
    rows = [(user["username"], user["plan"]) for user in found]
    return page("Members", f"<p>Looked for {escape(username)}</p>{table(rows)}")


def _phone(*, escaped: bool) -> Handler:
    async def phone(request: web.Request) -> web.Response:
        uid = query(request, "uid")
        value = ldap.escape(uid) if escaped else uid
        try:
            found = ldap.search(f"(&(uid={value})(objectClass=person))")
        except ldap.FilterError as error:
            return page("Phone book", f"<p>ldap.FILTER_ERROR: {escape(str(error))}</p>", status=500)
        return page("Phone book", table([(entry["uid"], entry["phone"]) for entry in found]))

    return phone


async def _rooms_vulnerable(request: web.Request) -> web.Response:
    path = f"//person[@role='public' and name='{query(request, 'name')}']"
    try:
        found = _STAFF.xpath(path)
        rows = [(person.findtext("name"), person.findtext("room")) for person in found]
    except (etree.XPathError, AttributeError, TypeError, ValueError) as error:
        return page("Rooms", f"<p>lxml.etree.XPathEvalError: {escape(str(error))}</p>", status=500)
    return page("Rooms", table(rows))


async def _rooms_safe(request: web.Request) -> web.Response:
    name = "".join(char for char in query(request, "name") if char.isprintable())
    found = _STAFF.xpath("//person[@role='public' and name=$name]", name=name)
    rows = [(person.findtext("name"), person.findtext("room")) for person in found]
    return page("Rooms", f"<p>Rooms of {escape(name)}</p>{table(rows)}")


CASES: tuple[Case, ...] = (
    Case(
        name="nosql-json",
        kind="nosqli",
        cwe=943,
        owasp="A03:2021",
        title="NoSQL operators in a JSON body",
        method="POST",
        path="/api/members/signin",
        parameter=Parameter("password", "json"),
        sample={"username": "alice", "password": "correct-horse-1"},
        api=True,
        description='Members of the body go into a query as they are: {"$ne": ""} is a password.',
        vulnerable=_signin_vulnerable,
        safe=_signin_safe,
    ),
    Case(
        name="nosql-query",
        kind="nosqli",
        cwe=943,
        owasp="A03:2021",
        title="NoSQL operators in the query string",
        method="GET",
        path="/members",
        parameter=Parameter("username", "query"),
        sample={"username": "alice"},
        description="username[$ne]=x becomes an operator.",
        vulnerable=_members_vulnerable,
        safe=_members_safe,
    ),
    Case(
        name="ldap",
        kind="ldapi",
        cwe=90,
        owasp="A03:2021",
        title="LDAP injection",
        method="GET",
        path="/phonebook",
        parameter=Parameter("uid", "query"),
        sample={"uid": "alice"},
        description="A name is pasted into a search filter.",
        vulnerable=_phone(escaped=False),
        safe=_phone(escaped=True),
    ),
    Case(
        name="xpath",
        kind="xpathi",
        cwe=643,
        owasp="A03:2021",
        title="XPath injection",
        method="GET",
        path="/rooms",
        parameter=Parameter("name", "query"),
        sample={"name": "Ada"},
        description="A name is pasted into an XPath expression; errors are shown.",
        vulnerable=_rooms_vulnerable,
        safe=_rooms_safe,
    ),
)
