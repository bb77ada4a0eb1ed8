"""Agents of an operator's own payloads: what they send, with the proof that a weakness of their kind has.

A payload takes `{{value}}`, what stands at the point; `{{word}}`, letters that stand nowhere else; and the
numbers `{{a}}` and `{{b}}`. A set brings no oracle: without one there would be guesses among the findings.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from threatweaver_appsec.engine.agent import About, Attempt, Nonce, PointAgent, Safety, Severity
from threatweaver_appsec.engine.agents.attacks import Oracle, in_request, prints, text_of
from threatweaver_appsec.engine.agents.sql import complains
from threatweaver_appsec.engine.agents.traversal import file_shown
from threatweaver_appsec.engine.agents.xss import runs
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point

MOST_PAYLOADS = 50
"""Of a set; the engine tries at most 60 attacks of an agent at one point."""
PREFIX = "payloads."
_HOLE = re.compile(r"\{\{(value|word|a|b)\}\}")
_SIGN = re.compile(r"[^\w ]")
Values = Mapping[str, str]


@dataclass(frozen=True)
class PayloadKind:
    """How payloads of a kind are proven; `needs` are the placeholders that each of them has."""

    title: str
    cwe: int
    owasp: str
    severity: Severity
    description: str
    remedy: str
    needs: frozenset[str]
    oracle: Callable[[Values, Point], Oracle]


@dataclass(frozen=True)
class PayloadSet:
    """Payloads of one kind; `safe` says that they change nothing."""

    id: str
    name: str
    kind: str
    payloads: tuple[str, ...]
    safe: bool = False


def _script(values: Values, point: Point) -> Oracle:
    return partial(runs, values["word"], point)


def _arithmetic(values: Values, point: Point) -> Oracle:
    del point
    product = str(int(values["a"]) * int(values["b"]))
    return prints(product, f"The answer has {product}: the target multiplied what the value told it to.")


def _file(values: Values, point: Point) -> Oracle:
    del values, point
    return file_shown


def _sql_error(values: Values, point: Point) -> Oracle:
    del values, point
    return complains


KINDS = {
    "script": PayloadKind(
        title="Reflected cross-site scripting",
        cwe=79,
        owasp="A03:2021",
        severity=Severity.HIGH,
        description="A value comes back in a page as script that runs.",
        remedy="Encode values for the place of the page where they stand.",
        needs=frozenset({"word"}),
        oracle=_script,
    ),
    "arithmetic": PayloadKind(
        title="Code injection",
        cwe=94,
        owasp="A03:2021",
        severity=Severity.CRITICAL,
        description="A value is evaluated as a template, an expression or a command.",
        remedy="Never evaluate values; pass them as data.",
        needs=frozenset({"a", "b"}),
        oracle=_arithmetic,
    ),
    "file": PayloadKind(
        title="Path traversal",
        cwe=22,
        owasp="A01:2021",
        severity=Severity.HIGH,
        description="A value leads to a file of the server that nobody is to read.",
        remedy="Choose files by an identifier out of a list.",
        needs=frozenset(),
        oracle=_file,
    ),
    "sql-error": PayloadKind(
        title="SQL injection",
        cwe=89,
        owasp="A03:2021",
        severity=Severity.CRITICAL,
        description="A value becomes part of a SQL statement's text.",
        remedy="Bind values as parameters of a prepared statement.",
        needs=frozenset(),
        oracle=_sql_error,
    ),
}


def lacking(kind: str, payload: str) -> list[str]:
    """Return the placeholders that a payload of a kind needs and does not have."""
    return sorted(KINDS[kind].needs - set(_HOLE.findall(payload)))


def agent_of(given: PayloadSet) -> PointAgent:
    """Return the agent that tries the payloads of a set at each point."""
    kind = KINDS[given.kind]
    about = About(
        id=f"{PREFIX}{given.id}",
        title=f"{kind.title} ({given.name})",
        cwe=kind.cwe,
        severity=kind.severity,
        description=kind.description,
        remedy=kind.remedy,
        owasp=kind.owasp,
        safety=Safety.SAFE if given.safe else Safety.INTRUSIVE,
    )

    def attempts(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
        del baseline
        for payload in given.payloads:
            yield _attempt(given.kind, payload, point, nonce)

    return PointAgent(about, wants=in_request, attempts=attempts)


def _attempt(kind: str, payload: str, point: Point, nonce: Nonce) -> Attempt:
    numbers = {name: str(nonce.number(1_000, 9_999)) for name in ("a", "b")}
    values = {"value": text_of(point, "1"), "word": nonce.word(10), **numbers}
    sent = _filled(payload, values)
    # A name that no file has; for the others the same text without the signs that lead out of a value.
    control = f"{sent}{nonce.word()}" if kind == "file" else _filled(_harmless(payload), values)
    return Attempt((sent,), KINDS[kind].oracle(values, point), (control,))


def _filled(payload: str, values: Values) -> str:
    return _HOLE.sub(lambda hole: values[hole[1]], payload)


def _harmless(payload: str) -> str:
    parts = _HOLE.split(payload)
    return "".join(f"{{{{{part}}}}}" if n % 2 else _SIGN.sub(" ", part) for n, part in enumerate(parts))
