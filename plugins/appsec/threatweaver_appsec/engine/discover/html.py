"""HTML as a browser would read it: links, forms, frames, scripts, comments. The document is hostile."""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from threatweaver_appsec.engine.discover.forms import Field, Form
from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.messages import Response
from threatweaver_appsec.engine.points import FORM

MOST_BYTES = 2_000_000
MOST_LINKS = 20_000
MOST_FORMS = 200
MOST_FIELDS = 300
MOST_OPTIONS = 50
MOST_TEXT = 400_000  # of scripts that stand in the page
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*(?:url\s*=)?\s*['\"]?([^'\"]+)", re.IGNORECASE)
_LOOKS = re.compile(r"style|icon|preload|dns|preconnect", re.IGNORECASE)  # of a page, not of what it asks
_GOES = re.compile(
    r"(?:location(?:\.href)?\s*=|location\.(?:assign|replace)\(|window\.open\()\s*['\"]([^'\"<>\s]{1,500})"
)
_LINKS = {  # element: attributes that name another document
    "a": ("href",),
    "area": ("href",),
    "frame": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "img": ("src",),
    "source": ("src",),
    "video": ("src",),
    "audio": ("src",),
    "track": ("src",),
}
_ASKS = ("data-href", "data-url", "data-src", "data-action", "hx-get", "formaction", "longdesc", "ping")
_WRITES = {"hx-post": "POST", "hx-put": "PUT", "hx-patch": "PATCH", "hx-delete": "DELETE"}
_FIELDS = ("input", "select", "textarea", "button")


@dataclass(frozen=True)
class Link:
    """An absolute URL, and what the page writes on it."""

    url: str
    text: str = ""


@dataclass(frozen=True)
class Page:
    """What a document refers to, each thing once and in its order, all URLs absolute."""

    url: str
    title: str = ""
    generator: str = ""
    links: tuple[Link, ...] = ()
    forms: tuple[Form, ...] = ()
    scripts: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    """Text of the scripts in the page, and of its handlers."""
    comments: tuple[str, ...] = ()


def read(response: Response, url: str) -> Page:
    """Read a response's body, whatever it says that it is."""
    body = response.body[:MOST_BYTES]
    meta = _META.search(body[:2_048])
    if meta and "charset=" not in (response.header("Content-Type") or "").lower():
        try:
            return parse(body.decode(meta.group(1).decode(), errors="replace"), url)
        except (LookupError, ValueError):
            pass
    return parse(response.text[:MOST_BYTES], url)


def parse(text: str, url: str) -> Page:
    """Read a document found at a URL; what is broken or beyond a bound is left out."""
    parser = lxml_html.HTMLParser(encoding="utf-8", recover=True, no_network=True, huge_tree=False)
    data = text[:MOST_BYTES].replace("\0", "").encode("utf-8", "replace")
    try:
        root = lxml_html.document_fromstring(data or b"<html/>", parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return Page(url)
    return _Reader(url).read(root)


class _Reader:
    """Goes through the elements once, in document order, without recursion."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.base = url
        self.title = ""
        self.generator = ""
        self.links: dict[str, str] = {}
        self.read_urls: dict[str, str | None] = {}
        self.forms: list[tuple[Any, list[Field]]] = []
        self.others: list[Form] = []
        self.scripts: dict[str, None] = {}
        self.inline: list[str] = []
        self.room = MOST_TEXT
        self.comments: list[str] = []

    def read(self, root: Any) -> Page:
        base = next((element.get("href") for element in root.iter("base") if element.get("href")), None)
        self.base = (canonical(base, self.url) if base else None) or self.url
        owners: dict[str, list[Field]] = {}
        inside: dict[Any, list[Field]] = {}
        for element in root.iter():
            if not isinstance(element.tag, str):
                if element.tag is etree.Comment and len(self.comments) < 100:
                    self.comments.append((element.text or "")[:2_000])
                continue
            self._element(element)
            if element.tag == "form" and len(self.forms) < MOST_FORMS:
                inside[element] = []
                self.forms.append((element, inside[element]))
                if element.get("id"):
                    owners[element.get("id")] = inside[element]
        self._fields(root, owners, inside)
        forms = (self._form(element, fields) for element, fields in self.forms)
        return Page(
            self.url,
            self.title,
            self.generator,
            tuple(Link(url, text) for url, text in self.links.items()),
            (*(form for form in forms if form), *self.others[:MOST_FORMS]),
            tuple(self.scripts),
            tuple(self.inline),
            tuple(self.comments),
        )

    def _element(self, element: Any) -> None:
        tag = element.tag
        for name in _LINKS.get(tag, ()):
            self._link(element.get(name), _text(element) if tag == "a" else "")
        self._attributes(element)
        self._head(element, tag)

    def _attributes(self, element: Any) -> None:
        for name, value in element.items():
            if name in _ASKS:
                self._link(value, _text(element))
            elif name in _WRITES and (action := canonical(value, self.base)):
                self.others.append(Form(action, _WRITES[name], page=self.url))
            elif name.startswith("on"):
                self._keep(value)
                for found in _GOES.findall(value[:2_000]):
                    self._link(found, _text(element))

    def _head(self, element: Any, tag: str) -> None:
        match tag:
            case "script":
                self._script(element)
            case "link" if not _LOOKS.search(element.get("rel") or ""):
                self._link(element.get("href"))
            case "meta":
                self._meta(element)
            case "title" if not self.title:
                self.title = _text(element)

    def _link(self, value: str | None, text: str = "") -> None:
        if value and len(self.links) < MOST_LINKS and not value.lstrip().startswith("#"):
            if value not in self.read_urls and len(self.read_urls) < 3 * MOST_LINKS:
                self.read_urls[value] = canonical(value, self.base)
            url = self.read_urls.get(value)
            if url and (url not in self.links or not self.links[url]):
                self.links[url] = text

    def _script(self, element: Any) -> None:
        source = element.get("src")
        if source:
            url = canonical(source, self.base)
            if url and len(self.scripts) < 200:
                self.scripts[url] = None
        else:
            self._keep(element.text or "")

    def _keep(self, text: str) -> None:
        if text.strip() and self.room > 0:
            self.inline.append(text[: self.room])
            self.room -= len(text)

    def _meta(self, element: Any) -> None:
        content = element.get("content") or ""
        if (element.get("http-equiv") or "").lower() == "refresh":
            found = _REFRESH.match(content[:2_000])
            self._link(found.group(1) if found else None)
        elif (element.get("name") or "").lower() == "generator":
            self.generator = content[:200]

    def _fields(self, root: Any, owners: dict[str, list[Field]], inside: dict[Any, list[Field]]) -> None:
        """Give each field to the form that it names or stands in: the form of its closest start."""
        owner: list[Field] | None = None
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if element.tag == "form":
                owner = inside.get(element) if event == "start" else None
            elif event == "start" and element.tag in _FIELDS and element.get("disabled") is None:
                named = owners.get(element.get("form") or "")
                fields = named if named is not None else owner
                if fields is not None and len(fields) < MOST_FIELDS:
                    fields.append(_field(element))

    def _form(self, element: Any, fields: list[Field]) -> Form | None:
        action = canonical(element.get("action") or self.url, self.base)
        method = (element.get("method") or "GET").strip().upper()
        if action is None:
            return None
        encoding = (element.get("enctype") or FORM).strip().lower()
        method = method if method in {"GET", "POST"} else "GET"
        return Form(action, method, tuple(fields), encoding, self.url, (element.get("id") or "")[:80])


def _field(element: Any) -> Field:
    name = (element.get("name") or "")[:200]
    kind = {"select": "select", "textarea": "textarea", "button": "submit"}.get(
        element.tag, (element.get("type") or "text").strip().lower()
    )
    if element.tag == "button" and (element.get("type") or "submit").lower() != "submit":
        kind = "reset"  # it does not send
    value: str = (element.get("value") or "")[:5_000]
    options: tuple[str, ...] = ()
    if element.tag == "select":
        value, options = _options(element)
    elif element.tag == "textarea":
        value = (element.text or "").strip()[:5_000]
    return Field(
        name,
        kind,
        value,
        options,
        checked=element.get("checked") is not None,
        longest=_number(element.get("maxlength")),
        least=(element.get("min") or "")[:20],
        label=(
            _text(element)
            if element.tag == "button"
            else element.get("value") or element.get("placeholder") or ""
        )[:100],
    )


def _options(element: Any) -> tuple[str, tuple[str, ...]]:
    values: list[str] = []
    chosen = ""
    for option in element.iter("option"):
        value = option.get("value")
        value = (_text(option) if value is None else value)[:500]
        if option.get("selected") is not None and not chosen:
            chosen = value
        values.append(value)
        if len(values) >= MOST_OPTIONS:
            break
    return chosen, tuple(values)


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else 0


def _text(element: Any, most: int = 100) -> str:
    """The words inside an element, as far as they are needed; not more of its tree than that is looked at."""
    words: list[str] = []
    for node in islice(element.iter(), 30):
        if isinstance(node.tag, str):
            words.append((node.text or "")[:500])
        if node is not element:
            words.append((node.tail or "")[:500])
    return " ".join("".join(words).split())[:most]
