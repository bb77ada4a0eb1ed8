"""The accounts that a scan signs in with, as answers show them: their ids, lists, and what would end one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml import html

from threatweaver_appsec.engine.accounts import is_id
from threatweaver_appsec.engine.answers import ACCOUNT_KEY, document_of, objects
from threatweaver_appsec.engine.messages import Exchange, Request

MOST_KNOWN = 1_000  # ids, lists and labels of a scan
MOST_ROWS = 50  # of one page that have a name of the account
MOST_TEXT = 400_000  # characters of an answer that are looked at
LONGEST = 60  # characters of a value that says what to do
LEARNED = ("ids", "lists", "ending", "own", "naming", "holding")
ENDS = re.compile(
    r"(?<![a-z])(delet|remov|destroy|eras|purg|wip|truncat|drop|deactivat|disabl|suspend|terminat|bann?|block|lock"
    r"|archiv|anonymi[sz]|revok|expel|kick|expir|invalidat|unset)(e|es|ed|ing)?(?![a-z])"
    r"|(?<![a-z])(close|cancel)[-_ /]*(my|your|own|this)?[-_ /]*(account|profile|membership)(?![a-z])"
)
"""What ends something, in lower case."""
PEOPLE = re.compile(
    r"(?<![a-z])(users?|accounts?|members?|people|persons?|profiles?|customers?|staff|admins|administrators"
    r"|operators?|employees?|identit(?:y|ies)|principals?|players?|patients?|clients?)(?![a-z])"
)
SELF = re.compile(
    r"(?<![a-z])(?:(?:my|your|own|this)[-_ /]*)?(account|profile|membership|me|myself|self)(?![a-z])",
    re.IGNORECASE,
)
NEEDED = re.compile(r"(^|[^a-z])(is[-_]?)?(active|enabled|staff|super_?user|admin)$", re.IGNORECASE)
NUMBERED = re.compile(r"\d{1,18}|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,64}", re.IGNORECASE)


@dataclass
class SeenAccounts:
    """What was seen of the accounts. `look` learns from what their sessions are shown."""

    names: frozenset[str] = frozenset()
    """What they sign in as, in lower case, as far as that is known."""
    anybody: bool = True
    """Whether somebody signs in at all."""
    ids: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    """Paths of pages that list them among others."""
    ending: set[str] = field(default_factory=set)
    """Method and path of forms and links whose label says that they end what they are about."""
    own: set[str] = field(default_factory=set)
    """Those whose label says that it is the account of who is signed in."""
    naming: set[str] = field(default_factory=set)
    """Path and field of forms, and of documents, that show the name as what may be changed."""
    holding: set[str] = field(default_factory=set)
    """Path and field of ticked boxes that let the account in."""

    @classmethod
    def of(cls, logins: Iterable[object]) -> Self:
        """Return what is to be spared for some logins, as far as they say whom they sign in."""
        people = [getattr(login, "username", None) for login in logins]
        names = (name.strip().lower() for name in people if name)
        return cls(frozenset(name for name in names if len(name) > 1), bool(people))

    def record(self) -> dict[str, list[str]]:
        """Return what was learned, as JSON has it."""
        return {name: sorted(getattr(self, name)) for name in LEARNED}

    def known(self, record: Mapping[str, Iterable[str]]) -> None:
        """Know what a record says, too."""
        for name in LEARNED:
            getattr(self, name).update(record.get(name, ()))

    def look(self, exchange: Exchange) -> None:
        """Learn by which ids an answer names the accounts, and what its buttons do."""
        if not self.anybody or exchange.status != 200 or not exchange.identity:
            return
        text = exchange.text[:MOST_TEXT]
        document = document_of(exchange) if len(text) == len(exchange.text) else None
        if document is not None:
            self._document(exchange.request, document)
        elif "<" in text:
            self._page(exchange.request.url, text)

    def _document(self, request: Request, document: Any) -> None:
        people = PEOPLE.search(request.parts.path.lower())
        for found in objects(document):
            named = any(
                isinstance(value, str) and value.lower() in self.names and ACCOUNT_KEY.match(key)
                for key, value in found.items()
            )
            if named and (people or SELF.search(request.parts.path)):
                self._learn(self.ids, *(str(value) for key, value in found.items() if is_id(key)))
                keys = (key for key, value in found.items() if str(value).lower() in self.names)
                self._learn(self.naming, *(f"{request.parts.path} {key}" for key in keys))
                self._learn(self.lists, request.parts.path.rstrip("/"))

    def _page(self, url: str, text: str) -> None:
        lowered = text.lower()
        labels = ENDS.search(lowered)
        if not labels and not any(name in lowered for name in self.names):
            return
        try:
            tree = html.fromstring(text)
        except (ValueError, AssertionError, html.etree.LxmlError):
            return
        if labels:
            self._labels(url, tree)
        rows = (row for element in tree.iter() if self._names(element) for row in _row_of(element))
        path = urlsplit(url).path
        for row, _ in zip(rows, range(MOST_ROWS), strict=False):
            if ids := list(_ids_in(row, url)):
                self._learn(self.lists, path.rstrip("/"))
                self._learn(self.ids, *ids)
        for form in tree.iter("form"):
            self._form(url, form)

    def _form(self, url: str, form: Any) -> None:
        """Learn which fields of a form have the name, and whose id its address has then."""
        boxes = (one for one in form.iter("input") if (one.get("type") or "").lower() != "hidden")
        keys = [one.get("name") or "" for one in boxes if (one.get("value") or "").lower() in self.names]
        if not keys or (form.get("method") or "GET").upper() != "POST":
            return
        try:
            path = urlsplit(urljoin(url, form.get("action") or url)).path
        except ValueError:
            return
        if PEOPLE.search(path.lower()) or SELF.search(path):
            self._learn(self.naming, *(f"{path} {key}" for key in keys))
            ticked = (box.get("name") or "" for box in form.iter("input") if "checked" in box.attrib)
            self._learn(self.holding, *(f"{path} {key}" for key in ticked if NEEDED.search(key)))
            self._learn(self.ids, *(part for part in path.split("/") if NUMBERED.fullmatch(part)))

    def _names(self, element: Any) -> bool:
        """Whether what an element shows is a name of the account, and nothing else."""
        if not isinstance(element.tag, str):
            return False
        return any(
            (piece or "").strip().lower() in self.names for piece in (element.text, element.get("value"))
        )

    def _labels(self, url: str, tree: Any) -> None:
        for form in tree.iter("form"):
            buttons = [one for one in form.iter("button", "input") if _sends(one)]
            if len(buttons) == 1:
                label = (
                    buttons[0].text_content() if buttons[0].tag == "button" else buttons[0].get("value") or ""
                )
                self._label(url, form.get("method") or "GET", form.get("action") or url, label)
        for link in tree.iter("a"):
            self._label(url, "GET", link.get("href") or "", link.text_content())

    def _label(self, url: str, method: str, action: str, label: str) -> None:
        label = " ".join(label.lower().split())
        if len(label) > LONGEST or not ENDS.search(label):
            return
        try:
            path = urlsplit(urljoin(url, action)).path
        except ValueError:
            return
        if method.upper() == "GET" and path == urlsplit(url).path:
            return  # it resets what the page shows
        place = f"{method.upper()} {path}"
        self._learn(self.ending, place)
        if SELF.search(label):
            self._learn(self.own, place)

    def _learn(self, known: set[str], *found: str) -> None:
        if len(known) < MOST_KNOWN:
            known.update(one.lower() if known is self.ids else one for one in found if one)


def _row_of(element: Any) -> Iterator[Any]:
    """Yield the closest row that an element stands in, the link that it is where there is none."""
    outer = next(element.iterancestors("tr", "li", "article"), None)
    if outer is None and element.tag != "a":
        outer = next(element.iterancestors("a"), None)
    yield element if outer is None else outer


def _ids_in(row: Any, url: str) -> Iterator[str]:
    """Yield the ids that a row's links and boxes have, where they are those of people."""
    for link in (one for one in row.iter("a") if one.get("href")):
        try:
            parts = urlsplit(urljoin(url, link.get("href")))
        except ValueError:
            continue
        if PEOPLE.search(parts.path.lower()):
            values = (*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query)))
            yield from (value for value in values if NUMBERED.fullmatch(value))
    for box in row.iter("input", "button"):
        value = box.get("value") or ""
        if NUMBERED.fullmatch(value) and PEOPLE.search(urlsplit(url).path.lower()):
            yield value


def _sends(element: Any) -> bool:
    kind = (element.get("type") or ("submit" if element.tag == "button" else "text")).lower()
    return kind in ("submit", "image")
