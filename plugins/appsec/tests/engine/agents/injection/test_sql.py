"""SQL injection against SQLite as applications use it, and against those that bind."""

import sqlite3

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import sql
from threatweaver_appsec.engine.agents.sql_messages import message_in, plain


@pytest.fixture
def shop():
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT, kind TEXT)")
    database.executemany(
        "INSERT INTO goods (name, kind) VALUES (?, ?)",
        [("lamp", "light"), ("bulb", "light"), ("chair", "seat"), ("sofa", "seat")],
    )
    yield database
    database.close()


def asking(database, statement, *, told=True, bound=False):
    """Return a handler that puts the value into a statement, or binds it."""

    def answer(request):
        value = next(iter(request.query.values()), "")
        try:
            rows = database.execute(
                statement.format("?") if bound else statement.format(value), (value,) if bound else ()
            ).fetchall()
        except sqlite3.Error as error:
            text = f"<pre>sqlite3.{type(error).__name__}: {error}</pre>" if told else "Something went wrong"
            return web.Response(status=500, text=text, content_type="text/html")
        return "<ul>" + "".join(f"<li>{row[1]}</li>" for row in rows) + "</ul>"

    return answer


STATEMENTS = (
    ("SELECT * FROM goods WHERE id = {}", "1"),
    ("SELECT * FROM goods WHERE name = '{}'", "lamp"),
    ('SELECT * FROM goods WHERE name = "{}"', "lamp"),
    ("SELECT * FROM goods WHERE (name LIKE '%{}%')", "a"),
    ("SELECT * FROM goods ORDER BY {}", "name"),
)


BOUND = [text.replace("'{}'", "{}").replace('"{}"', "{}") for text, _ in STATEMENTS[:3]]


@pytest.mark.parametrize(("statement", "value"), STATEMENTS)
async def test_a_database_that_complains_is_heard(serve, shop, statement, value):
    target = await serve({"GET /goods": asking(shop, statement)})
    ((agent, point, proof),) = await target.attack(sql.AGENTS, f"/goods?q={value}")
    assert (agent, point) == ("sql-error", "q")
    assert "SQLite" in proof.says
    assert "sqlite3.OperationalError" in proof.excerpt
    assert target.requests <= 12


@pytest.mark.parametrize("statement", BOUND)
async def test_a_bound_value_is_no_injection(serve, shop, statement):
    target = await serve({"GET /goods": asking(shop, statement, bound=True)})
    assert await target.attack(sql.AGENTS, "/goods?q=lamp") == []


async def test_a_page_about_errors_is_no_error(serve):
    def manual(request):
        told = "You have an error in your SQL syntax; check the manual" if request.query.get("q") else "none"
        return f'<p>Common messages: {told}; near "x": syntax error</p>'

    target = await serve({"GET /manual": manual})
    assert await target.attack(sql.AGENTS, "/manual?q=errors") == []


@pytest.mark.parametrize(
    ("text", "database"),
    [
        ("You have an error in your SQL syntax; check the manual", "MySQL"),
        ("PG::SyntaxError: ERROR:  syntax error at or near &quot;'&quot;", "PostgreSQL"),
        ("Unclosed quotation mark after the character string ''.", "SQL Server"),
        ("ORA-01756: quoted string not properly terminated", "Oracle"),
        ('{"error": "SQLITE_ERROR: near \\"\'\\": syntax error"}', "SQLite"),
        ("Syntax error: Encountered &quot;x&quot; at line 1, column 5.", "Derby"),
    ],
)
def test_what_databases_say(text, database):
    assert message_in(plain(text))[0] == database


@pytest.mark.parametrize(
    "text",
    [
        'invalid input syntax for type integer: "1\'"',
        "Conversion failed when converting the varchar value",
        "Data truncation: Incorrect integer value",
        'fts5: syntax error near "\'"',
        "500 Internal Server Error",
        "SyntaxError: Unexpected token ' in JSON at position 3",
    ],
)
def test_what_is_said_of_bound_values_is_no_proof(text):
    assert message_in(plain(text)) is None
