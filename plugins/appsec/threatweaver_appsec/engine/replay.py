"""Exchanges as a line of curl that runs.

The line has placeholders where somebody signs in: `TW_COOKIE='sid=...' TW_TOKEN='...'`, exported before it
is run, are the Cookie header and the token of the identity that the finding names. Where it needs two, they
are TW_TOKEN_ALICE and TW_TOKEN_BOB. What an earlier answer of the line gave (a session, a token), it takes
from there, and what can be given once (a name to register) it makes anew.
"""

import base64
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from threatweaver_appsec.engine.accounts import is_id
from threatweaver_appsec.engine.agent import Proof
from threatweaver_appsec.engine.answers import document_of, leaves
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.points import Point, Where
from threatweaver_appsec.engine.redact import GONE, HEADERS

COOKIE, TOKEN = "$TW_COOKIE", "$TW_TOKEN"
LONGEST_SENT = 65_536  # bytes of a body that the line sends; one that is longer is not written down
MOST_EXCHANGES = 6
SHORTEST_TAKEN = 12  # characters of what is taken from an answer; less may stand somewhere by chance
NEW = r"n$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"  # a name that nobody has
SECONDS = r"'\n%{time_starttransfer} s\n'"  # behind each answer: when it began
HIDDEN = re.compile(r"<input\b[^<>]{0,2000}>", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True)
class Writer:
    """Writes requests for a shell; what has to be filled in becomes a variable."""

    point: Point | None
    secrets: frozenset[str]
    forged: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    """By the text that they stand for."""
    identity: str = ""
    """What the names of whoever signs in end with."""

    def line(self, request: Request) -> str:
        """Return the command that sends a request."""
        words = ["curl", "-sS", "-i", "-k", "--path-as-is", "-g", "--max-time", "60", "-w", SECONDS]
        words += ["-I"] if request.method == "HEAD" else ["-X", _shell(request.method)]
        words.append(self._quote(request.url))
        for name, value in request.headers:
            if _TOKEN.fullmatch(name):  # another one is none; curl reads a file where it begins with @
                words += ["-H", self._header(name, value)]
        start = ""
        if request.body:
            if not request.media_type:
                words += ["-H", "'Content-Type:'"]
            start, more = self._body(request.body[:LONGEST_SENT])
            words += more
        return start + " ".join(words)

    def _body(self, body: bytes) -> tuple[str, list[str]]:
        """Return what stands before curl, and its words: what is no text for a terminal comes in base64."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = "\0"
        if _is_plain(text):
            return "", ["--data-raw", self._quote(text)]
        for secret in self.secrets:
            body = body.replace(secret.encode(), GONE.encode())
        return f"echo {base64.b64encode(body).decode()} | base64 -d | ", ["--data-binary", "@-"]

    def _header(self, name: str, value: str) -> str:
        lower, point = name.lower(), self.point
        attacked = point is not None and point.where is Where.HEADER and point.name.lower() == lower
        if lower == "cookie" and not attacked:
            return self._cookie(value)
        if attacked or self._knows(value) or (lower not in HEADERS and value not in self.secrets):
            return self._quote(f"{name}: {value}" if value else f"{name};")
        scheme, space, _ = value.partition(" ")
        return _shell(f"{name}: {scheme} " if space else f"{name}: ") + f'"{TOKEN}{self.identity}"'

    def _cookie(self, value: str) -> str:
        """The cookie that is attacked as it was sent; the others are the identity's."""
        point = self.point
        pairs = [pair.strip() for pair in value.split(";") if pair.strip()]
        here = point.name if point and point.where is Where.COOKIE else None
        kept = [pair for pair in pairs if pair.partition("=")[0] == here or self._knows(pair)]
        rest = f'"{COOKIE}{self.identity}"' if len(kept) < len(pairs) else ""
        text = "Cookie: " + "; ".join(kept)
        return self._quote(f"{text}; " if kept and rest else text) + rest

    def _knows(self, value: str) -> bool:
        known = (text for text in (*self.forged, *self.variables) if not _is_short(text))
        return any(text in value for text in known)

    def _quote(self, text: str) -> str:
        """The text for a shell; a secret in it becomes a variable."""
        # What the agent wrote itself is no secret, though somebody may have the same.
        written = [one for one in self.forged if one in text]
        secrets = [one for one in self.secrets if not any(one in other for other in written)]
        variables = dict.fromkeys(secrets, TOKEN + self.identity) | self.variables
        for secret in sorted(variables, key=len, reverse=True):
            if _stands(secret, text):
                parts = (self._quote(part) if part else "" for part in re.split(_pattern(secret), text))
                return f'"{variables[secret]}"'.join(parts)
        return _shell(text)


def curl(
    exchanges: Sequence[Exchange],
    point: Point | None = None,
    secrets: frozenset[str] = frozenset(),
    proof: Proof | None = None,
) -> str:
    """Return one line that sends the requests again in turn, the attacked value as it was."""
    shown = exchanges[-MOST_EXCHANGES:]
    fresh, forged, together = (proof.fresh, proof.forged, proof.together) if proof else ((), (), 0)
    several = len({exchange.identity for exchange in shown if exchange.identity}) > 1
    variables = {word: f"${{TW_NEW{number}}}" for number, word in enumerate(fresh, 1)}
    steps = [f"TW_NEW{number}={NEW}" for number, _ in enumerate(fresh, 1)]
    for number, exchange in enumerate(shown, 1):
        own = _ending(exchange.identity) if several and exchange.identity else ""
        step = Writer(point, secrets, forged, variables, own).line(exchange.request)
        taken = _taken(exchange, shown[number:])
        if taken:
            steps += [f'TW_ANSWER{number}="$({step})"', f"printf '%s\\n' \"$TW_ANSWER{number}\""]
            for value, script in taken.items():
                name = f"TW_GOT{len(variables) + 1}"
                steps.append(f'{name}="$(printf %s "$TW_ANSWER{number}" | sed -n {script} | head -n 1)"')
                variables[value] = f"${{{name}}}"
        else:
            steps.append(step)
    if together:
        # Each answer is written at once, or two that come at the same time are told into one another.
        at_once = [
            f'{{ TW_ANSWER="$({step})"; printf \'%s\\n\' "$TW_ANSWER"; }}' for step in steps[-together:]
        ]
        steps = [*steps[:-together], f"{' & '.join(at_once)} & wait"]
    return "; ".join(steps)


def _taken(exchange: Exchange, later: Sequence[Exchange]) -> dict[str, str]:
    """Return what later requests carry of an answer, and the script for sed that takes it from there."""
    sent = [text for one in later for text in _texts(one.request)]
    return {
        text: _shell(script)
        for text, script in _given(exchange)
        if any(_stands(text, one) for one in sent) and (len(text) >= SHORTEST_TAKEN or _is_short(text))
    }


def _given(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Yield what an answer gives with the script that finds it there: cookies, hidden fields, texts, ids."""
    for name, value in exchange.response.headers if exchange.response else ():
        if name.lower() == "set-cookie":
            key, _, text = value.partition(";")[0].partition("=")
            yield text, rf"s/^set-cookie: *{_literal(key)}=\([^;]*\).*/\1/Ip"
    for tag in HIDDEN.findall(exchange.text[:LONGEST_SENT]):
        called, holds = (re.search(rf"""\b{word}=["']([^"']+)""", tag) for word in ("name", "value"))
        if called and holds and called.start() < holds.start():
            name = _literal(called[1])
            yield holds[1], rf"""s/.*<input[^>]*name=["']{name}["'][^>]*value=["']\([^"']*\).*/\1/p"""
    for path, leaf in leaves(document_of(exchange)):
        if path and isinstance(leaf, str) and not _is_short(leaf):
            yield leaf, rf's/.*"{_literal(path[-1])}": *"\([^"]*\)".*/\1/p'
        elif path and isinstance(leaf, int) and not isinstance(leaf, bool) and is_id(path[-1]):
            yield str(leaf), rf's/.*"{_literal(path[-1])}": *\([0-9]*\).*/\1/p'


def _is_short(text: str) -> bool:
    """Whether a text is a number that may stand anywhere by chance: it is meant where it stands alone."""
    return text.isdecimal() and len(text) < SHORTEST_TAKEN


def _stands(text: str, within: str) -> bool:
    return text in within and bool(re.search(_pattern(text), within))


def _pattern(text: str) -> str:
    alone = rf"(?<![\w.:-]){text}(?![\w.:-])"  # no part of an address, a name or another number
    return alone if _is_short(text) else re.escape(text)


def _texts(request: Request) -> tuple[str, ...]:
    return (*(value for _, value in request.headers), request.url, request.body.decode("latin-1"))


def _literal(name: str) -> str:
    """Return a name for sed: what it may take for a pattern is any character."""
    return re.sub(r"[^\w-]", ".", name)


def _ending(identity: str) -> str:
    """Return how the variables of an identity end where there are several."""
    return "_" + re.sub(r"[^A-Za-z0-9]", "_", identity).upper()


def _shell(text: str) -> str:
    """One word for a shell, without anything that a terminal obeys."""
    if _is_plain(text):
        return shlex.quote(text)
    return f'"$(echo {base64.b64encode(text.encode("utf-8", "replace")).decode()} | base64 -d)"'


def _is_plain(text: str) -> bool:
    """Whether a terminal obeys nothing of a text: who pastes the line runs curl, and nothing else."""
    return all(char.isprintable() or char == "\n" for char in text)
