"""What attacks at a point have in common: its value as text, whether it is worth one, giving up early."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from threatweaver_appsec.engine.agent import Attempt, Proof, Sight, Telltale
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point, Value, Where

# whose value is checked against the session, or opens it: another one tests nothing but that
GUARDS = re.compile(
    r"csrf|xsrf|^_?_?(request)?verificationtoken$|^_token$|authenticity|^__(viewstate|event|request)|nonce"
    r"|^(php|j|asp(\.net)?_?|express\.)?_?sess(ion)?_?id|connect\.sid|^sid$|recaptcha",
    re.IGNORECASE,
)
BUTTONS = re.compile(r"^(submit|button|btn\w*|commit|go|send)$", re.IGNORECASE)
STATIC = re.compile(r"\.\w{2,5}$")
VERSION = re.compile(r"^(api|rest|v\d+(\.\d+)*|graphql)$", re.IGNORECASE)
NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


def text_of(point: Point, default: str = "") -> str:
    """Return what stands at a point as text; the default where that is nothing."""
    value = point.value
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return default
    return str(value)


def numeric(point: Point) -> bool:
    """Whether a number stands at a point."""
    return bool(NUMBER.match(text_of(point)))


def open_to(point: Point, baseline: Exchange) -> bool:
    """Whether a point's value may matter: no token of a session, no button, no fixed part of a path."""
    if point.where is Where.PATH:
        return _is_variable(point, baseline)
    name = point.name.rpartition("/")[2]
    return not GUARDS.search(name) and not BUTTONS.match(name)


def in_request(point: Point, baseline: Exchange) -> bool:
    """Like `open_to`, and no header: what costs many requests is for values that applications read."""
    return point.where is not Where.HEADER and open_to(point, baseline)


def _is_variable(point: Point, baseline: Exchange) -> bool:
    """Whether a path's segment looks like a value: digits in it, or the last word before data."""
    text = text_of(point)
    if STATIC.search(text) or VERSION.match(text):
        return False
    if len(text) >= 20 or any(char.isdigit() for char in text) or not text.replace("-", "").isidentifier():
        return True
    parts = baseline.request.parts
    last = point.name == str(len(parts.path.split("/")) - 1) and not parts.query
    return last and baseline.response is not None and "json" in baseline.response.media_type


@dataclass
class Lead:
    """What an attempt learned for the later ones of its run: whether they are worth their requests.

    Attempts that are not become empty ones, so that each attack keeps its position. To confirm, the engine
    asks for one position without having sent what stands before it: nothing is known then, and all are there.
    """

    known: set[str] | None = None
    """Names of what is worth it; None as long as nothing was learned."""

    def learn(self, values: tuple[Value, ...], look: Callable[[Sight], set[str]]) -> Attempt:
        """Return an attempt that shows nothing itself, and keeps what its answers say is worth trying."""

        def shows(sight: Sight) -> None:
            self.known = look(sight)

        return Attempt(values, shows, values)

    def only(self, name: str, attempt: Attempt) -> Attempt:
        """Return the attempt where it is worth it, else an empty one."""
        return self.any_of((name,), attempt)

    def any_of(self, names: Iterable[str], attempt: Attempt) -> Attempt:
        """Return the attempt where one of these is worth it, else an empty one."""
        return attempt if self.known is None or not self.known.isdisjoint(names) else NOTHING


def _nothing(_: Sight) -> Proof | None:
    return None


NOTHING = Attempt((), _nothing, ())


def excerpt(text: str, start: int, end: int, around: int = 120) -> str:
    """Return a part of a text with a bit of what stands around it."""
    return text[max(0, start - around) : end + around]


Oracle = Callable[[Sight], Proof | None]


def prints(expected: str, says: str) -> Oracle:
    """Return an oracle: an answer has what only working something out can have put there."""

    def shows(sight: Sight) -> Proof | None:
        if expected in sight.baseline.text:
            return None
        for exchange in sight.exchanges:
            at = exchange.text.find(expected)
            if at >= 0:
                found = excerpt(exchange.text, at, at + len(expected))
                return Proof(says=says, excerpt=found, exchanges=(exchange,))
        return None

    return shows


def calls(value: Value, url: str, control: Value, says: str, patience: float = 4.0) -> Attempt:
    """Return an attempt that makes the target fetch a callback's URL."""

    def shows(sight: Sight) -> Proof | None:
        if url not in sight.called:
            return None
        return Proof(
            says=says,
            excerpt=f"The target requested {url}",
            exchanges=sight.exchanges,
            telltale=Telltale.CALLBACK,
        )

    return Attempt((value,), shows, (control,), patience, textual=False)
