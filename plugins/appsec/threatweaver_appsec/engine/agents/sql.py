"""SQL injection that the database itself tells of: a quote too many, and its parser complains."""

from collections.abc import Iterator

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Attempt,
    Nonce,
    PointAgent,
    Proof,
    Safety,
    Severity,
    Sight,
)
from threatweaver_appsec.engine.agents.attacks import excerpt, open_to, text_of
from threatweaver_appsec.engine.agents.sql_messages import message_in, plain
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point

# what ends strings in either quote and cannot stand in a number; then what a value inside an escape, a name
# (ORDER BY), or a LIKE of its own would be broken by
BREAKS = ("'\"", "'", "\\", ")`;")


def complains(sight: Sight) -> Proof | None:
    """Return the proof that a database says in an answer that a statement is none."""
    known = {found[0] for found in [message_in(plain(sight.baseline.text))] if found}
    for exchange in sight.exchanges:
        text = plain(exchange.text)
        found = message_in(text)
        if found and found[0] not in known:
            database, place = found
            return Proof(
                says=f"A quote in the value makes {database} complain about the statement's syntax.",
                excerpt=excerpt(text, *place.span()),
                exchanges=(exchange,),
            )
    return None


def _attempts(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    for broken in BREAKS:
        number = nonce.number(10, 99)
        yield Attempt((f"{value}{number}{broken}",), complains, (f"{value}{number}",))


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="sql-error",
            title="SQL injection",
            cwe=89,
            owasp="A03:2021",
            severity=Severity.CRITICAL,
            safety=Safety.SAFE,
            description="A value becomes part of a SQL statement's text: the database parses it.",
            remedy="Bind values as parameters of a prepared statement; never put them into its text.",
        ),
        wants=open_to,
        attempts=_attempts,
    ),
)
