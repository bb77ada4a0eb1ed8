"""Path templates: ten thousand generated pages are one, and an endless calendar is one."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

MOST_LITERALS = 60  # siblings that look like words; what comes after is generated
MOST_WORDS = 20  # different words as the value of one parameter
MOST_PLACES = 20_000  # parents that are counted; what comes after is taken as it is
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HASH = re.compile(r"(?=[0-9a-f]*\d)(?:[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d-\d\d(?:-\d\d)?")
_VERSION = re.compile(r"v\d{1,2}(?:\.\d{1,2})?", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,23}")
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w-]{20,}")


@dataclass(frozen=True)
class Shape:
    """What URLs of one kind have in common."""

    path: str
    """Parameters in braces: {n}, {uuid}, {hash}, {date}, {slug}, {any}."""
    query: str = ""
    """Names in order, with the values that are words."""
    generated: bool = False
    """Whether a whole segment is a number, an id or a date: what differs is data, not code."""

    @property
    def key(self) -> str:
        """One text for both."""
        return f"{self.path}?{self.query}" if self.query else self.path


def segment(text: str) -> str:
    """Return a segment's template; the segment itself where it looks like a word."""
    text = unquote(text)[:200]
    for kind, pattern in (("{uuid}", _UUID), ("{date}", _DATE), ("{hash}", _HASH)):
        if pattern.fullmatch(text):
            return kind
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)*", text):
        return "{n}"
    if _VERSION.fullmatch(text):
        return text
    stem, dot, suffix = text.rpartition(".")
    if dot and stem and re.fullmatch(r"[A-Za-z]\w{0,4}", suffix):
        inner = segment(stem)
        return f"{inner}.{suffix}" if inner.startswith("{") else f"{_digits(stem)}.{suffix}"
    if len(re.findall(r"[A-Za-z0-9]+", text)) >= 4 and re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)+", text):
        return "{slug}"
    return "{hash}" if _TOKEN.fullmatch(text) and "-" not in text and not _words(text) else _digits(text)


def _digits(text: str) -> str:
    return re.sub(r"\d+", "{n}", text)


def _words(text: str) -> bool:
    """Whether letters and digits stand apart, as in Chapter00012; in a random token they are mixed."""
    return len(re.findall(r"\d+", text)) <= 2


@dataclass
class Templates:
    """Learns while it is asked which siblings are words and which are too many to be."""

    literals: dict[str, list[str]] = field(default_factory=dict)
    """Parent, or path and parameter: the words seen there, at most one more than are believed."""

    def of(self, url: str) -> Shape:
        """Return the shape of a canonical URL."""
        parts = urlsplit(url)
        path, generated = "", False
        for text in parts.path.split("/")[1:]:
            kind = segment(text)
            if kind == text:
                kind = text if self._believed(f"{path}/", text, MOST_LITERALS) else "{any}"
            generated = generated or kind in {"{n}", "{uuid}", "{hash}", "{date}", "{slug}", "{any}"}
            path = f"{path}/{kind}"
        return Shape(path, self._query(path, parts.query), generated)

    def _query(self, path: str, query: str) -> str:
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            return "{many}"
        shapes = {}
        for name, value in pairs:
            name = _digits(name)[:60]  # noqa: PLW2901  (a0=..&a1=.. are of one kind)
            word = _WORD.fullmatch(value) and self._believed(f"{path}?{name}", value, MOST_WORDS)
            shapes[name] = f"{name}={value}" if word else name
        return "&".join(shapes[name] for name in sorted(shapes))

    def _believed(self, place: str, word: str, most: int) -> bool:
        if place not in self.literals and len(self.literals) >= MOST_PLACES:
            return True
        words = self.literals.setdefault(place, [])
        if word in words:
            return words.index(word) < most
        if len(words) <= most:
            words.append(word)
        return len(words) <= most


def names(url: str) -> tuple[str, ...]:
    """Return the names of a query's parameters in their order, each once."""
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return ()
    return tuple(dict(pairs))
