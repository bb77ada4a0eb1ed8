"""What a target answers when there is nothing: many answer 200, and a page that excuses itself."""

import difflib
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.ports import Sender

_MOST = 4_000  # characters that are compared
ALIKE = 0.9
_NAMES = ("tw{}missing", "tw{}missing.php", "tw{}missing/", ".tw{}missing")


@dataclass(frozen=True)
class _Answer:
    status: int
    location: str
    words: tuple[str, ...]


@dataclass
class Missing:
    """Knows the answers to addresses that cannot exist, one for each kind of name."""

    answers: dict[str, _Answer] = field(default_factory=dict)

    async def learn(self, sender: Sender, identity: str | None, folder: str, mark: str) -> None:
        """Ask for what cannot exist in a folder; `mark` is some letters that nothing has in its name."""
        for name in _NAMES:
            url = folder.rstrip("/") + "/" + name.format(mark)
            request = Request("GET", url)
            exchange = await sender.send(request, identity=identity)
            if exchange.response:
                self.answers[_kind(url)] = _answer(exchange)

    def is_like(self, exchange: Exchange) -> bool:
        """Return whether an answer says that there is nothing, by its status or its words."""
        if exchange.response is None or exchange.status in {404, 410, 501}:
            return True
        own = _answer(exchange)
        known = self.answers.get(_kind(exchange.request.url)) or self.answers.get("")
        if known is None or own.status != known.status:
            return False
        if own.location or known.location:
            return own.location == known.location
        if own.words == known.words:
            return True  # as most are, and comparing what is equal takes the matcher longest
        matcher = difflib.SequenceMatcher(None, known.words, own.words, autojunk=False)
        return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _kind(url: str) -> str:
    """Servers treat folders, scripts and hidden files in ways of their own."""
    name = urlsplit(url).path
    if name.endswith("/"):
        return "/"
    last = name.rpartition("/")[2]
    return "." if last.startswith(".") else ".php" if re.search(r"\.(?:php|jsp|aspx?)$", last) else ""


def _answer(exchange: Exchange) -> _Answer:
    """The answer without what names the address that was asked."""
    path = urlsplit(exchange.request.url).path
    name = path.rstrip("/").rpartition("/")[2]
    text = exchange.text[:_MOST]
    for own in {path, name} - {"", "/"}:
        text = text.replace(own, "")
    location = (exchange.response.header("Location") or "") if exchange.response else ""
    for own in {path, name} - {"", "/"}:
        location = location.replace(own, "")
    words = tuple(re.findall(r"\w+|[<>{}]", re.sub(r"\d+", "0", text))[:600])
    return _Answer(exchange.status, location, words)
