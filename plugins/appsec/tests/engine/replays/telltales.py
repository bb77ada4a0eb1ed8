"""Whether a finding's line reproduces it, as docs/plugins/appsec.md says how to look (Replay)."""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from threatweaver_appsec.engine.agent import Telltale
from threatweaver_appsec.engine.client import ATTRIBUTION, DEFAULTS
from threatweaver_appsec.engine.findings import Finding
from threatweaver_appsec.engine.redact import header_value, redact

END = re.compile(r"\r?\n(\d+\.\d+) s(?:\n|\Z)")
BROKEN = re.compile(r"curl: \((?:52|56)\) .*\n")
"""What curl says of a connection that ends without an answer."""
OWN = frozenset({"date", "content-length", "etag", "last-modified", "age", "expires"})
"""Headers that differ between two equal answers."""
BARE = re.compile(r"</?\w+>")
WORD = re.compile(r"<\w[^>]*>|[^\s<]+|<")
"""A tag with attributes is one word; one without says nothing."""
GONE = re.compile(r"nonce|…|\[redacted\]")
NUMBER = re.compile(r"[0-9a-f]*[0-9][0-9a-f]*")
"""Times, ids and digests: that one stands there is looked at, not which."""


SCANNERS = frozenset(
    NUMBER.sub("#", word)
    for name, value in (*DEFAULTS, (ATTRIBUTION, "scan"))
    for word in (f"{name}:", name, *value.split())
)
"""What the scanner says of itself in each request, where an answer repeats it."""


@dataclass(frozen=True)
class Answer:
    """What a line printed of one answer; `seconds` until it began."""

    status: int
    headers: frozenset[str]
    words: frozenset[str]
    seconds: float


class Garbled(Exception):
    """Answers that came at the same time were told into one another."""


async def run(line: str, environment: Mapping[str, str]) -> list[Answer]:
    """Run a line in a shell and return the answers that it prints."""
    running = await asyncio.create_subprocess_exec(
        "sh", "-c", line, env={"PATH": os.environ["PATH"], **environment}, stdout=-1, stderr=-1
    )
    out, problems = await running.communicate()
    *pieces, rest = END.split(out.decode("utf-8", "replace"))
    assert not rest.strip(), rest
    answers = [_answer(text, float(time)) for text, time in zip(pieces[::2], pieces[1::2], strict=True)]
    broken = len(BROKEN.findall(problems.decode()))
    assert not BROKEN.sub("", problems.decode()).strip(), (line, problems)
    if broken != sum(not answer.status for answer in answers):
        raise Garbled(line)
    return answers


def _answer(text: str, seconds: float) -> Answer:
    if not text.strip():
        return Answer(0, frozenset(), frozenset(), seconds)
    head, _, body = text.lstrip().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    if not first.startswith("HTTP/"):
        raise Garbled(text)
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Answer(int(first.split()[1]), _headers(pairs), _words(redact(body)), seconds)


def recorded(entry: Mapping[str, Any]) -> Answer:
    """Return the answer of an entry of a finding's HAR."""
    answer = entry["response"]
    pairs = [(header["name"], header["value"]) for header in answer["headers"]]
    text = answer["content"]["text"]
    words = _words(text.rpartition(" ")[0] if len(text) >= 4_096 else text)
    return Answer(answer["status"], _headers(pairs), words, entry["time"] / 1_000)


def _headers(pairs: list[tuple[str, str]]) -> frozenset[str]:
    """Names and values, without what varies."""
    said = ((name.lower(), redact(header_value(name, value))) for name, value in pairs)
    return frozenset(f"{name}: {' '.join(sorted(_words(value)))}" for name, value in said if name not in OWN)


def _words(text: str) -> frozenset[str]:
    words = frozenset(
        NUMBER.sub("#", word) for word in WORD.findall(BARE.sub(" ", text)) if not GONE.search(word)
    )
    return words - SCANNERS


def reproduces(finding: Finding, answers: list[Answer], *, called: set[str]) -> bool:
    """Return whether what a line printed is what was recorded; `called` are URLs that were requested."""
    entries = finding.har["log"]["entries"]
    before = [recorded(entry) for entry in entries]
    if len(before) != len(answers):
        return False
    match finding.telltale:
        case Telltale.CALLBACK:
            return finding.excerpt.rpartition(" ")[2] in called
        case Telltale.TIME:
            return _as_slow(before, answers)
        case Telltale.ANSWER:
            new = _made_anew(finding)
            return all(_says(old, now, new) for old, now in zip(before, answers, strict=True))


def _as_slow(before: list[Answer], now: list[Answer]) -> bool:
    """Whether each answer is as much later than the quickest as it was, by half of the greatest delay."""
    old, new = [one.seconds for one in before], [one.seconds for one in now]
    slack = (max(old) - min(old)) / 2
    return all(abs((a - min(old)) - (b - min(new))) < slack for a, b in zip(old, new, strict=True))


def _says(old: Answer, now: Answer, new: frozenset[str]) -> bool:
    words = {word for word in old.words if not any(NUMBER.sub("#", name) in word for name in new)}
    return old.status == now.status and old.headers == now.headers and words <= now.words


def _made_anew(finding: Finding) -> frozenset[str]:
    """What the line does not send again: names that it makes anew."""
    if "TW_NEW" not in finding.curl:
        return frozenset()
    sent = (entry["request"].get("postData", {}).get("text", "") for entry in finding.har["log"]["entries"])
    return frozenset(
        name for text in sent for name in re.findall(r"\w{8,}", text) if name not in finding.curl
    )
