"""The login that is recorded steps: requests in turn, with values taken out of the answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.logins.told import WRONG, Probe, Story, negatives, positive
from threatweaver_appsec.engine.logins.totp import Totp
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import FORM
from threatweaver_appsec.engine.ports import Sender, Session, SignedIn

MOST_STEPS = 30
_MOST_TEXT = 500_000
_HOLE = re.compile(r"\{\{\s*([\w-]{1,60})\s*\}\}")


@dataclass(frozen=True)
class Extract:
    """A value to take out of an answer: by a JSON pointer; else what stands between two texts, or what a
    pattern's first group matches, in a header or the body; else the whole header.
    """

    name: str
    pattern: str = ""
    pointer: str = ""
    header: str = ""
    before: str = ""
    after: str = ""

    def of(self, exchange: Exchange) -> str | None:
        """Return the value, None where it is not there."""
        if exchange.response is None:
            return None
        if self.pointer:
            return _pointed(exchange.text[:_MOST_TEXT], self.pointer)
        text = exchange.text[:_MOST_TEXT]
        if self.header:
            text = exchange.response.header(self.header) or ""
        if self.before or self.after:
            return _between(text, self.before, self.after)
        if not self.pattern:
            return text if self.header else None
        try:
            found = re.search(self.pattern[:500], text)
        except re.error:
            return None
        return (found.group(1) if found.re.groups else found.group(0)) if found else None


@dataclass(frozen=True)
class Recorded:
    """One request. {{username}}, {{password}}, {{totp}} and what was taken out before are put in, encoded."""

    method: str
    url: str
    headers: Headers = ()
    body: str = ""
    extracts: tuple[Extract, ...] = ()
    status: int = 0
    """That it has to be answered with; any below 400 where it is 0."""

    def request(self, values: Mapping[str, str]) -> Request | None:
        """Return the request with its values, None where its URL is none."""
        url = canonical(_put(self.url, values, "query"))
        kind = next((value for name, value in self.headers if name.lower() == "content-type"), "")
        how = "json" if "json" in kind else "query" if kind.startswith(FORM) else "plain"
        headers = tuple(
            (name, re.sub(r"[\r\n\0]", "", _put(value, values, "plain"))) for name, value in self.headers
        )
        body = _put(self.body, values, how).encode("utf-8", "replace")
        return Request(self.method.upper(), url, headers, body) if url else None


@dataclass
class RecordedLogin:
    """Steps, and headers that the session carries: they may name what was taken out."""

    name: str
    steps: tuple[Recorded, ...]
    check: Check
    user: str | None = None
    password: str = field(default="", repr=False)
    totp: Totp | None = None
    carries: Headers = ()
    """As Authorization: Bearer {{token}}."""
    held: Headers = field(default=(), repr=False)

    @property
    def username(self) -> str | None:
        """What it signs in as."""
        return self.user

    async def sign_in(self, sender: Sender) -> SignedIn:
        """Send the steps in turn; prove it; and send them with a wrong password, which has to fail."""
        story = Story((self.password, self.totp.seed if self.totp else ""))
        if len(self.steps) > MOST_STEPS:
            return story.failed(f"There are more than {MOST_STEPS} steps.")
        values = await self._play(story, sender, self.name, self.password)
        if isinstance(values, str):
            return story.failed(values)
        headers = self._carried(values)
        reason = await positive(story, sender, Probe(self.check, self.name, headers))
        reason = reason or await negatives(story, sender, (("nobody", Probe(self.check, None)),))
        reason = reason or await self._wrong(story, sender)
        if reason:
            return story.failed(reason)
        self.held = headers
        return story.done(Session(headers=headers, secrets=tuple(filter(None, story.secrets))))

    async def alive(self, sender: Sender) -> bool:
        """Return whether the check still shows it."""
        return self.check.shows(await self.check.ask(sender, self.name, self.held))

    async def _wrong(self, story: Story, sender: Sender) -> str | None:
        if not any("{{password}}" in _tight(step.body + step.url) for step in self.steps):
            return "No step puts in {{password}}: that wrong credentials fail cannot be shown."
        wrong = f"{self.name} (wrong)"
        values = await self._play(story, sender, wrong, WRONG)
        if isinstance(values, str):
            return None  # a step was refused, as it has to be
        probe = Probe(self.check, wrong, self._carried(values))
        return await negatives(story, sender, (("who has a wrong password", probe),))

    def _carried(self, values: Mapping[str, str]) -> Headers:
        return tuple(
            (name, re.sub(r"[\r\n\0]", "", _put(value, values, "plain"))) for name, value in self.carries
        )

    async def _play(self, story: Story, sender: Sender, identity: str, password: str) -> dict[str, str] | str:
        """Return the values at the end, or why it did not come to one."""
        negative = password == WRONG
        values = {"username": self.user or "", "password": password}
        for number, step in enumerate(self.steps, 1):
            if self.totp and "{{totp}}" in _tight(step.body + step.url):
                try:
                    values["totp"] = self.totp.code()
                except ValueError:
                    return "The seed of the one-time codes is not in base32."
            request = step.request(values)
            if request is None:
                return f"Step {number} has no URL."
            exchange = await sender.send(request, identity=identity, follow=step.status == 0)
            fits = exchange.status == step.status if step.status else 0 < exchange.status < 400
            note = "with a wrong password" if negative else ""
            story.asked(f"Step {number}", exchange, ok=fits or negative, note=note)
            if not fits:
                return f"Step {number} was answered with {exchange.status or exchange.fault or 'nothing'}."
            taken = {extract.name: extract.of(exchange) for extract in step.extracts}
            if missing := [name for name, value in taken.items() if value is None]:
                story.tell(f"Step {number}: take {missing[0]}", ok=negative, detail="it is not there")
                return f"Step {number}: the answer has no {missing[0]}."
            kept = {name: value[:16_000] for name, value in taken.items() if value is not None}
            values |= kept
            story.secrets = (*story.secrets, *(value for value in kept.values() if len(value) >= 6))
        return values


def _tight(text: str) -> str:
    return re.sub(r"\{\{\s*([\w-]{1,60})\s*\}\}", r"{{\1}}", text)


def _put(text: str, values: Mapping[str, str], how: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match.group(1), "")
        return (
            quote(found, safe="") if how == "query" else json.dumps(found)[1:-1] if how == "json" else found
        )

    return _HOLE.sub(value, text)


def _between(text: str, before: str, after: str) -> str | None:
    start = text.find(before)
    if start < 0:
        return None
    start += len(before)
    end = text.find(after, start) if after else len(text)
    return text[start:end] if end >= 0 else None


def _pointed(text: str, pointer: str) -> str | None:
    try:
        node: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for part in pointer.lstrip("/").split("/")[:50]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and key.isascii() and key.isdigit() and len(key) < 6:
            node = node[int(key)] if int(key) < len(node) else None
        else:
            return None
    return node if isinstance(node, str) else str(node) if isinstance(node, int | float) else None
