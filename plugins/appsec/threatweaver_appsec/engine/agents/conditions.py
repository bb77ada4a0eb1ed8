"""Conditions as proof: what holds is answered in one way, what does not in another, each time it is asked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from threatweaver_appsec.engine.agent import Attempt, Nonce, Proof, Sight
from threatweaver_appsec.engine.agents.attacks import Lead, text_of
from threatweaver_appsec.engine.agents.compare import (
    Features,
    alike,
    features,
    moved,
    news,
    noise,
    told_apart,
)
from threatweaver_appsec.engine.points import Point, Value

# Whether each value's condition holds: an order that nothing has which a page shows in turn.
ORDER = (True, False, False, True)
REFUSALS = frozenset({400, 403, 405, 406, 419, 422, 429})

Write = Callable[[str, str, str], Value]
"""Makes a value of the one that stood there and two words: what it states holds where both are the same."""


@dataclass(frozen=True)
class Condition:
    """A value that states something; `broken` has the same words, and nothing can read a condition in it."""

    write: Write
    broken: Write


def condition(text: str, broken: str) -> Condition:
    """Return the condition of texts with {v}, {a} and {b} for the value and both words."""
    return Condition(lambda v, a, b: text.format(v=v, a=a, b=b), lambda v, a, b: broken.format(v=v, a=a, b=b))


def look(point: Point, nonce: Nonce) -> tuple[Lead, Attempt]:
    """Return what finds out whether other values are answered otherwise, and the lead that it leaves.

    Where they are, a condition that narrows can lose the answer; where they are not, one that widens can win.
    """
    word = nonce.word(7)
    matters = Lead()

    def matter(sight: Sight) -> set[str]:
        answer, before = sight.exchanges[0], text_of(point)
        if not moved(sight, answer, before, word):
            return {"widen"}
        # A page with noise of its own may have moved by no more than that, which two answers that happen to
        # be the same do not tell: then both are tried.
        return {"narrow", "widen"} if _alike(sight, point, word) else {"narrow"}

    return matters, matters.learn((word,), matter)


def conditions(
    point: Point, nonce: Nonce, kinds: Sequence[Condition], says: str, matters: Lead, *, narrows: bool
) -> Iterator[Attempt]:
    """Yield a look and a proof for each kind of condition, where `look` has found it worth it.

    One that narrows is added to the value that was there: the answer stays where it holds, and else is lost.
    One that widens is added to a value that finds nothing: the answer stays where it does not hold.
    """
    way = "narrow" if narrows else "widen"
    value = text_of(point, "1") if narrows else nonce.word(7)
    for kind in kinds:
        known = nonce.word(5)
        true = kind.write(value, known, known)
        promising = Lead()

        def promises(sight: Sight, true: Value = true) -> set[str]:
            if narrows:
                return {"go"} if _alike(sight, point, true) else set()
            found = moved(sight, sight.exchanges[0], text_of(point), true)
            return {"go"} if found and sight.exchanges[0].status not in REFUSALS else set()

        yield matters.only(way, promising.learn((true,), promises))
        proof = _proof(kind, point, value, nonce, says, narrows=narrows)
        yield matters.only(way, promising.only("go", proof))


def _proof(kind: Condition, point: Point, value: str, nonce: Nonce, says: str, *, narrows: bool) -> Attempt:
    values: list[Value] = []
    controls: list[Value] = []
    for holds in ORDER:
        one, other = nonce.word(5), nonce.word(5)
        values.append(kind.write(value, one, one if holds else other))
        controls.append(kind.broken(value, one, one if holds else other))

    def shows(sight: Sight) -> Proof | None:
        if len(sight.exchanges) < len(ORDER) or any(one.response is None for one in sight.exchanges):
            return None
        answers = [
            features(one, *sent, text_of(point))
            for one, *sent in zip(sight.exchanges, values, controls, strict=True)
        ]
        trues = [answer for answer, holds in zip(answers, ORDER, strict=True) if holds]
        falses = [answer for answer, holds in zip(answers, ORDER, strict=True) if not holds]
        mine, others = told_apart(trues, falses)
        before = features(sight.baseline, text_of(point))
        varies = noise(sight, text_of(point))
        like, unlike = (mine, others) if narrows else (others, mine)
        fits = ((like & before) | (unlike - before)) - varies
        strays = ((like - before) | (unlike & before)) - varies
        if len(fits) <= news(varies):  # no more than what comes and goes by itself
            return None
        if len(strays) > max(len(fits) // 3, min(len(fits) - 1, 1)):  # beside many, one may be noise
            return None
        return Proof(
            says=says,
            excerpt=f"Only where it holds: {_some(mine)}. Only where it does not: {_some(others)}.",
            exchanges=sight.exchanges[:2],
            marks=frozenset(fits),
        )

    return Attempt(tuple(values), shows, tuple(controls))


def _alike(sight: Sight, point: Point, sent: Value) -> bool:
    before = text_of(point)
    return alike(
        features(sight.exchanges[0], sent, before), features(sight.baseline, before), noise(sight, before)
    )


def _some(found: Features) -> str:
    return ", ".join(sorted(found)[:8])[:160] or "nothing"
