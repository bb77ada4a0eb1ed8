"""The accounts that a scan signs in with: which requests are left out, since they would not survive them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from threatweaver_appsec.engine.accounts import EMAIL
from threatweaver_appsec.engine.answers import leaves
from threatweaver_appsec.engine.credentials import signs_in
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import FORM
from threatweaver_appsec.engine.seen_accounts import (
    ENDS,
    LONGEST,
    MOST_TEXT,
    NEEDED,
    NUMBERED,
    PEOPLE,
    SELF,
    SeenAccounts,
)

SPARED = "spares the account that the scan signs in with"
EVERYWHERE = re.compile(
    r"(log|sign)[-_ ]?(out|off)[-_ /]*(of)?[-_ /]*(all|every|other)"
    r"|(all|every|other)[-_ /]*(sessions?|devices?|tokens?)[-_ /]*(end|kill|destroy|revoke|log[-_ ]?out)"
    r"|(end|kill|destroy|revoke|close|expire|invalidate|terminate|delete|clear)[-_ /]*(all|every|other)?"
    r"[-_ /]*(my|your)?[-_ /]*(sessions|devices|tokens)(?![a-z])"
    r"|(?<![a-z])(sessions|devices|tokens)[-_ /]*(end|kill|destroy|revoke|clear)[-_ /]*(all|every|other)"
)
"""What signs somebody out wherever they are."""
ALL = re.compile(r"all|every|across", re.IGNORECASE)
TRUE = frozenset({"1", "true", "yes", "on", "y", "t", "checked", "active"})
UNTICKED = frozenset({"", "0", "false", "off"})
FALSE = UNTICKED | {"no", "none", "null"}
BARRED = re.compile(
    r"(^|[^a-z])(is[-_]?)?(disabled|locked|blocked|banned|deleted|suspended|archived|inactive)$",
    re.IGNORECASE,
)
NAMED = re.compile(r"(^|[/_-])(user_?name|login|uname)$", re.IGNORECASE)


@dataclass
class Spared(SeenAccounts):
    """Decides what is left out by what was seen of the accounts."""

    def refusal(self, request: Request, *, own: bool) -> str | None:
        """Return why a request is left out, None where it may be sent; `own` as one of the accounts."""
        if not self.anybody or signs_in(request):
            return None
        said = _Said(request)
        why = None
        if own and EVERYWHERE.search(said.words):
            why = "would sign it out everywhere"
        elif said.ends or f"{request.method} {said.path}" in self.ending:
            why = "would end it" if self._is_about(said) or (own and self._is_own(said)) else None
        elif "reset" in said.words and self._is_at(said):
            why = "would reset it"
        elif said.writes and (self._is_about(said) or (own and said.is_self)):
            why = self._change(said)
        return f"{SPARED}: {why}" if why else None

    def _is_about(self, said: "_Said") -> bool:
        """Whether a request names an account: by a name anywhere, by an id where people are, or by a list."""
        values = {value.lower() for value in (*said.segments, *said.values)}
        if values & self.names:
            return True
        if not PEOPLE.search(said.path.lower()):
            return False
        if values & self.ids:
            return True
        if said.path.rstrip("/") not in self.lists or not said.ends:
            return False
        others = any(NUMBERED.fullmatch(value) for value in said.values)
        return not others or any(ALL.search(key) and value.lower() not in FALSE for key, value in said.pairs)

    def _is_at(self, said: "_Said") -> bool:
        """Whether a request's path is an account's."""
        segments = {segment.lower() for segment in said.segments}
        return bool(PEOPLE.search(said.path.lower()) and segments & (self.names | self.ids))

    def _is_own(self, said: "_Said") -> bool:
        """Whether who sends a request that ends something is what it ends."""
        return said.is_self or f"{said.request.method} {said.path}" in self.own

    def _change(self, said: "_Said") -> str | None:
        """Say what a request would set so that nobody could sign in any more."""
        sent = {key for key, _ in said.pairs}
        if said.request.method != "PATCH":
            for place in self.holding:  # a box that is not sent is one without its tick
                path, _, key = place.partition(" ")
                if path == said.path and key not in sent:
                    return f"would lock it ({key[:40]})"
        for key, value in said.pairs:
            lowered = value.strip().lower()
            if lowered not in self.names and self._is_name(said, key):
                return f"would rename it ({key[:40]})"
            if (NEEDED.search(key) and lowered not in TRUE) or (BARRED.search(key) and lowered not in FALSE):
                return f"would lock it ({key[:40]})"
        return None

    def _is_name(self, said: "_Said", key: str) -> bool:
        """Whether a field is what the account signs in with: it stood there, or the path is the account's."""
        if f"{said.path} {key}" in self.naming:
            return True
        last = said.segments[-1].lower() if said.segments else ""
        whole = said.request.method != "POST" and bool(SELF.fullmatch(last) or last in self.ids | self.names)
        by_mail = any("@" in name for name in self.names)
        return whole and bool(NAMED.search(key) or (by_mail and EMAIL.search(key)))


class _Said:
    """A request in its words."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.path = request.parts.path
        self.segments = tuple(unquote(part) for part in self.path.split("/") if part)
        self.pairs = tuple(_pairs(request))
        self.values = tuple(value for _, value in self.pairs)
        told = (
            f"{key}={value}"
            for key, value in self.pairs
            if len(value) <= LONGEST and value.lower() not in UNTICKED
        )
        self.words = " ".join((_split(unquote(self.path)), *(_split(text) for text in told)))
        self.ends = request.method == "DELETE" or bool(ENDS.search(self.words))
        self.writes = request.method in ("POST", "PUT", "PATCH")
        # .../account/delete, DELETE /me: nothing else is named that it could be about
        self.is_self = bool(SELF.search(self.words)) and not any(
            NUMBERED.fullmatch(value) for value in (*self.segments, *self.values)
        )


def _split(text: str) -> str:
    """Lower case, the words of camelCase apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()


def _pairs(request: Request) -> Iterator[tuple[str, str]]:
    yield from parse_qsl(request.parts.query, keep_blank_values=True)
    body = request.body[:MOST_TEXT].decode("utf-8", "replace")
    if request.media_type == FORM:
        yield from parse_qsl(body, keep_blank_values=True)
    elif request.media_type.startswith("multipart/"):
        yield from re.findall(r'name="([^"]{1,100})"\r?\n\r?\n([^\r\n]{0,200})\r?\n', body)
    elif "json" in request.media_type:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return
        for path, value in leaves(document):
            yield "/".join(path), value if isinstance(value, str) else json.dumps(value)
