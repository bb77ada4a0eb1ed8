"""SQL injection where no error is told: by what is found, and by how long it takes."""

import asyncio
import random
import sqlite3
import time

import pytest

from threatweaver_appsec.engine.agents import sql_blind


@pytest.fixture
def open_shop():
    """A function: a database of its own, which one statement keeps busy while it waits."""
    opened = []

    def shop():
        opened.append(_shop())
        return opened[-1]

    yield shop
    for database in opened:
        database.close()


@pytest.fixture
def shop(open_shop):
    return open_shop()


def _shop():
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.create_function("SLEEP", 1, lambda seconds: time.sleep(float(seconds)) or 0)
    database.create_function("pg_sleep", 1, lambda seconds: time.sleep(float(seconds)) or 0)
    database.execute("CREATE TABLE goods (id INTEGER PRIMARY KEY, name TEXT, kind TEXT)")
    database.executemany(
        "INSERT INTO goods (name, kind) VALUES (?, ?)",
        [("lamp", "light"), ("bulb", "light"), ("chair", "seat"), ("sofa", "seat")],
    )
    return database


def silent(database, statement, *, bound=False, shown=True):
    def answer(request):
        value = request.query["q"]
        try:
            rows = database.execute(
                statement.format("?") if bound else statement.format(value), (value,) if bound else ()
            ).fetchall()
        except sqlite3.Error:
            rows = []
        noise = (
            "".join(random.choices("abcdef", k=12)),
            random.choice(("news", "offers", "jobs", "maps", "mail", "games")),
        )
        found = (
            "".join(f"<li>{row[0]} {row[1]} {row[2]}, sold by the piece</li>" for row in rows)
            if shown
            else ("welcome" if rows else "no such user")
        )
        return f"<p>{noise[0]} <b>{noise[1]}</b></p><ul>{found}</ul><p>You asked for {value!r}</p>"

    return answer


NARROWED = (
    ("SELECT * FROM goods WHERE id = {}", "1"),
    ("SELECT * FROM goods WHERE (id = {})", "2"),
    ("SELECT * FROM goods WHERE name = '{}'", "lamp"),
    ("SELECT * FROM goods WHERE (name = '{}') AND 1", "lamp"),
    ('SELECT * FROM goods WHERE name = "{}"', "lamp"),
    ("SELECT * FROM goods WHERE name LIKE '%{}%'", "am"),
)


@pytest.mark.parametrize(("statement", "value"), NARROWED)
async def test_a_condition_that_decides_what_is_found(serve, shop, statement, value):
    target = await serve({"GET /goods": silent(shop, statement)})
    ((_, _, proof),) = await target.attack(sql_blind.AGENTS, f"/goods?q={value}", only="sql-boolean")
    assert "Only where it holds" in proof.excerpt


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM goods WHERE name = 'x' AND kind = '{}'",
        "SELECT * FROM goods WHERE (name = 'x' AND kind = '{}') LIMIT 1",
        'SELECT * FROM goods WHERE name = "x" AND kind = "{}"',
        "SELECT * FROM goods WHERE id = 90 AND kind = {}",
    ],
)
async def test_a_condition_that_opens_what_is_shut(serve, shop, statement):
    target = await serve({"GET /login": silent(shop, statement, shown=False)})
    found = await target.attack(sql_blind.AGENTS, "/login?q=guess", only="sql-bypass")
    assert [point for _, point, _ in found] == ["q"]
    assert await target.attack(sql_blind.AGENTS, "/login?q=guess", only="sql-boolean") == []


async def test_rows_of_the_value_itself(serve, shop):
    for statement in ("SELECT * FROM goods WHERE id = {}", "SELECT * FROM goods WHERE name = '{}'"):
        target = await serve({"GET /goods": silent(shop, statement)})
        ((_, _, proof),) = await target.attack(sql_blind.AGENTS, "/goods?q=77", only="sql-union")
        assert "3 columns" in proof.says


async def test_a_database_that_waits(serve, open_shop):
    async def found(statement):
        target = await serve({"GET /goods": silent(open_shop(), statement)})
        ((_, _, proof),) = await target.attack(sql_blind.AGENTS, "/goods?q=1", only="sql-time")
        assert "MySQL" in proof.says, statement

    await asyncio.gather(
        found("SELECT * FROM goods WHERE id = {}"), found("SELECT * FROM goods WHERE name = '{}'")
    )


@pytest.mark.parametrize("value", ["lamp", "1", "nothing"])
@pytest.mark.parametrize("column", ["id", "name", "kind"])
async def test_bound_values_are_none(serve, shop, value, column):
    target = await serve(
        {"GET /goods": silent(shop, f"SELECT * FROM goods WHERE {column} = {{}}", bound=True)}
    )
    assert await target.attack(sql_blind.AGENTS, f"/goods?q={value}") == []
    assert target.requests <= 60
