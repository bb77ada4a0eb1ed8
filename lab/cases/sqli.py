"""SQL injection: text put together against values bound, in each place where a request carries a value."""

import secrets
import sqlite3
from contextlib import suppress
from html import escape

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.pages import answer, cookie, document, form, page, query, table
from lab.world import world


def _number(text: str) -> int:
    """Safe twins answer odd numbers with an error of their own: 500 without a word about SQL."""
    try:
        return int(text)
    except ValueError:
        raise web.HTTPInternalServerError(text="Something went wrong. Our team has been told.") from None


async def _item_vulnerable(request: web.Request) -> web.Response:
    try:
        rows = await world(request).sql(f"SELECT name, price FROM products WHERE id = {query(request, 'id')}")
    except sqlite3.Error as error:
        body = f"<pre>sqlite3.{type(error).__name__}: {escape(str(error))}</pre>"
        return page("Database error", body, status=500)
    return page("Item", table(rows))


async def _item_safe(request: web.Request) -> web.Response:
    number = _number(query(request, "id"))
    rows = await world(request).sql("SELECT name, price FROM products WHERE id = ?", (number,))
    return page("Item", table(rows))


def _stock(*, bound: bool) -> Handler:
    async def stock(request: web.Request) -> web.Response:
        item = query(request, "item")
        try:
            if bound:
                rows = await world(request).sql("SELECT 1 FROM products WHERE name = ?", (item,))
            else:
                rows = await world(request).sql(f"SELECT 1 FROM products WHERE name = '{item}'")
        except sqlite3.Error:
            rows = []
        words = "<p>In stock, sent within two days.</p>" if rows else "<p>Not available.</p>"
        return page("Stock", f"<p>You asked for {escape(item)}.</p>{words}")

    return stock


async def _subscribe_vulnerable(request: web.Request) -> web.Response:
    email = await form(request, "email")
    with suppress(sqlite3.Error):  # the visitor learns nothing but how long it took
        await world(request).sql(f"SELECT count(*) FROM subscribers WHERE email = '{email}'")
    return page("Newsletter", "<p>Thank you.</p>")


async def _subscribe_safe(request: web.Request) -> web.Response:
    email = await form(request, "email")
    # A wait that is random, and no one's: a trap for one measurement taken alone.
    await world(request).sql("SELECT sleep(?)", (secrets.randbelow(500) / 1000,))
    await world(request).sql("SELECT count(*) FROM subscribers WHERE email = ?", (email,))
    return page("Newsletter", "<p>Thank you.</p>")


async def _search_vulnerable(request: web.Request) -> web.Response:
    try:
        rows = await world(request).sql(
            f"SELECT name, price FROM products WHERE name LIKE '%{query(request, 'q')}%'"
        )
    except sqlite3.Error:
        rows = []
    return page("Search", table(rows))


async def _search_safe(request: web.Request) -> web.Response:
    text = query(request, "q")
    rows = await world(request).sql("SELECT name, price FROM products WHERE name LIKE ?", (f"%{text}%",))
    return page("Search", f"<p>Results for {escape(text)}</p>{table(rows)}")


async def _nickname(request: web.Request) -> web.Response:
    """Store without fault in both twins; what counts is how it is used later."""
    nickname = await form(request, "nickname")
    statement = "INSERT INTO nicknames (nickname) VALUES (?) RETURNING id"
    rows = await world(request).sql(statement, (nickname,))
    links = (
        f'<a href="/community/card?id={rows[0][0]}">Your card</a> <a href="/community/card">The latest</a>'
    )
    return page("Saved", links)


def _card(*, bound: bool) -> Handler:
    async def card(request: web.Request) -> web.Response:
        number = query(request, "id")
        stored = await world(request).sql(
            "SELECT nickname FROM nicknames WHERE id=? OR (? = '' AND id = (SELECT max(id) FROM nicknames))",
            (number, number),
        )
        nickname = str(stored[0][0]) if stored else ""
        try:
            if bound:
                statement = "SELECT count(*) FROM nicknames WHERE nickname = ?"
                rows = await world(request).sql(statement, (nickname,))
            else:
                statement = f"SELECT count(*) FROM nicknames WHERE nickname = '{nickname}'"
                rows = await world(request).sql(statement)
        except sqlite3.Error as error:
            return page("Error", f"<p>sqlite3.OperationalError: {escape(str(error))}</p>", status=500)
        return page("Card", f"<p>{escape(nickname)} is used by {rows[0][0]}.</p>")

    return card


async def _find_vulnerable(request: web.Request) -> web.Response:
    name = (await document(request)).get("name", "")
    try:
        rows = await world(request).sql(f"SELECT name, price FROM products WHERE name = '{name}'")
    except sqlite3.Error as error:
        return answer({"error": f"sqlite3.OperationalError: {error}"}, 500)
    return answer({"products": rows, "trace": secrets.token_hex(8)})


async def _find_safe(request: web.Request) -> web.Response:
    name = (await document(request)).get("name", "")
    if not isinstance(name, str):
        return answer({"error": "name is not a text"}, 400)
    rows = await world(request).sql("SELECT name, price FROM products WHERE name = ?", (name,))
    return answer({"asked": name, "products": rows, "trace": secrets.token_hex(8)})


async def _visits_vulnerable(request: web.Request) -> web.Response:
    agent = request.headers.get("User-Agent", "")
    try:
        await world(request).sql(f"INSERT INTO visits VALUES ('{agent}')")
    except sqlite3.Error as error:
        return page("Visits", f"<p>sqlite3.OperationalError: {escape(str(error))}</p>", status=500)
    return page("Visits", "<p>Counted.</p>")


async def _visits_safe(request: web.Request) -> web.Response:
    agent = request.headers.get("User-Agent", "")
    await world(request).sql("INSERT INTO visits VALUES (?)", (agent,))
    return page("Visits", f"<p>Counted {escape(agent)}.</p>")


def _recent(*, bound: bool) -> Handler:
    async def recent(request: web.Request) -> web.Response:
        last = cookie(request, "last_item") or "Lamp"
        try:
            if bound:
                statement = "SELECT name, price FROM products WHERE name = ?"
                rows = await world(request).sql(statement, (last,))
            else:
                rows = await world(request).sql(f"SELECT name, price FROM products WHERE name = '{last}'")
        except sqlite3.Error:
            rows = []
        response = page("Seen last", table(rows) if rows else "<p>Nothing yet.</p>")
        if "last_item" not in request.cookies:
            response.set_cookie("last_item", "Lamp", httponly=True, samesite="Lax")
        return response

    return recent


CASES: tuple[Case, ...] = (
    Case(
        name="sqli-error",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="SQL injection that shows the database's error",
        method="GET",
        path="/catalog/item",
        parameter=Parameter("id", "query"),
        sample={"id": "1"},
        description="A number is pasted into a statement; errors are shown.",
        vulnerable=_item_vulnerable,
        safe=_item_safe,
    ),
    Case(
        name="sqli-boolean",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="Blind SQL injection, true or false",
        method="GET",
        path="/catalog/stock",
        parameter=Parameter("item", "query"),
        sample={"item": "Lamp"},
        description="One of two sentences, and errors look like the second.",
        vulnerable=_stock(bound=False),
        safe=_stock(bound=True),
    ),
    Case(
        name="sqli-time",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="Blind SQL injection, by time alone",
        method="POST",
        path="/newsletter/subscribe",
        parameter=Parameter("email", "form"),
        sample={"email": "reader@example.com"},
        description="Always the same answer; the database has sleep(seconds).",
        vulnerable=_subscribe_vulnerable,
        safe=_subscribe_safe,
    ),
    Case(
        name="sqli-union",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="SQL injection whose rows are shown",
        method="GET",
        path="/catalog/search",
        parameter=Parameter("q", "query"),
        sample={"q": "Lamp"},
        description="Two columns of any table can be read with UNION.",
        vulnerable=_search_vulnerable,
        safe=_search_safe,
    ),
    Case(
        name="sqli-second-order",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="SQL injection through a stored value",
        method="POST",
        path="/community/nickname",
        parameter=Parameter("nickname", "form"),
        sample={"nickname": "Robin"},
        description="Stored bound, pasted into a statement by /community/card.",
        vulnerable=_nickname,
        safe=_nickname,
        more=(
            Route(
                method="GET", path="/community/card", vulnerable=_card(bound=False), safe=_card(bound=True)
            ),
        ),
    ),
    Case(
        name="sqli-json",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="SQL injection in a JSON body",
        method="POST",
        path="/api/products/find",
        parameter=Parameter("name", "json"),
        sample={"name": "Lamp"},
        description="A member of the body is pasted into a statement.",
        vulnerable=_find_vulnerable,
        safe=_find_safe,
        api=True,
    ),
    Case(
        name="sqli-header",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="SQL injection in a header",
        method="GET",
        path="/visits",
        parameter=Parameter("User-Agent", "header"),
        sample={},
        description="The browser's name is pasted into an INSERT.",
        vulnerable=_visits_vulnerable,
        safe=_visits_safe,
    ),
    Case(
        name="sqli-cookie",
        kind="sqli",
        cwe=89,
        owasp="A03:2021",
        title="SQL injection in a cookie",
        method="GET",
        path="/catalog/recent",
        parameter=Parameter("last_item", "cookie"),
        sample={"last_item": "Lamp"},
        description="The item seen last is pasted into a statement; errors show nothing.",
        vulnerable=_recent(bound=False),
        safe=_recent(bound=True),
    ),
)
