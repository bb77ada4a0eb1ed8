"""Whether answers are alike once what varies by itself is left out: times, tokens, the value itself.

Noise need not be known to be told apart: what every answer to one kind of value has, and no answer to the
other kind, is there because of the value.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

from threatweaver_appsec.engine.agent import Sight
from threatweaver_appsec.engine.answers import NOISE
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Value

MOST = 200_000  # characters that are compared
WORD = re.compile(r"[^\W_]+|<[/!]?[a-z][\w-]*", re.IGNORECASE)

Features = frozenset[str]


def without(text: str, value: Value) -> str:
    """Return a text without a value, however it was written there."""
    if not isinstance(value, str):
        value = json.dumps(value)
    if len(value) < 3:
        return text
    forms = {
        value,
        html.escape(value),
        html.escape(value, quote=False),
        html.escape(value).replace("&#x27;", "&#39;"),
        html.escape(value).replace("&#x27;", "&#039;").replace("&quot;", "&#34;"),
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        json.dumps(value)[1:-1],
        value.replace("'", "\\'"),
        value.strip(),
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "")
    return text


def features(exchange: Exchange, *values: Value) -> Features:
    """Return what an answer consists of: status, where it leads, words, and numbers of its elements.

    Values that were sent are left out, and so is what varies from answer to answer in any application.
    """
    if exchange.response is None:
        return frozenset({f"fault:{exchange.fault}"})
    text, location = exchange.text[:MOST], exchange.response.header("Location") or ""
    for value in values:
        text, location = without(text, value), without(location, value)
    text, location = NOISE.sub("", text), NOISE.sub("", location)
    words = Counter(WORD.findall(text))
    short = {value for value in values if isinstance(value, str)}  # too short to be taken out within words
    found = {word for word in words if not word.startswith("<")} - short
    found |= {f"{word}x{count}" for word, count in words.items() if word.startswith("<")}
    found |= {f"to:{location}", f"status:{exchange.status}"}
    return frozenset(found)


def alike(one: Features, other: Features, varies: Features = frozenset()) -> bool:
    """Whether two answers say nearly the same; `varies` is what differed between two to one request.

    One word for another is not counted: many pages have a number of their own.
    """
    left = (one ^ other) - varies
    return len(left) <= max(2, 0.02 * len(one | other)) + news(varies)


def news(varies: Features) -> int:
    """Return how much a further answer brings that no other had: half of what differs between two."""
    return len(varies) // 2


def noise(sight: Sight, value: Value) -> Features:
    """Return what differs between two answers to the request that an attack begins with."""
    return features(sight.baseline, value) ^ features(sight.again or sight.baseline, value)


def moved(sight: Sight, answer: Exchange, before: Value, sent: Value) -> bool:
    """Whether an answer to another value has or lacks more than varies by itself."""
    return differ(features(answer, sent, before), features(sight.baseline, before), noise(sight, before))


def differ(one: Features, other: Features, varies: Features) -> bool:
    """Whether two answers differ by more than varies by itself."""
    return len((one ^ other) - varies) > news(varies)


def told_apart(one: Sequence[Features], other: Sequence[Features]) -> tuple[Features, Features]:
    """Return what all of one kind have and none of the other, and the reverse."""
    mine, others = frozenset.intersection(*one), frozenset.intersection(*other)
    return mine - frozenset.union(*other), others - frozenset.union(*one)
