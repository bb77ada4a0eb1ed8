"""Forms: their fields, what to fill in, and the request that a browser would send."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode, urlsplit, urlunsplit

from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import FORM

BOUNDARY = "----threatweaver-form-7d91b4"
PASSWORD = "Aa1!threatweaver"  # noqa: S105  (what a stranger would type, and nobody's)
CHOSEN = frozenset({"radio", "checkbox"})
PRESSED = frozenset({"submit", "image", "button"})
_BY_KIND = {
    "email": "alex@example.com",
    "url": "https://example.com/",
    "tel": "+12025550123",
    "number": "1",
    "range": "1",
    "date": "2024-05-17",
    "datetime-local": "2024-05-17T10:30",
    "month": "2024-05",
    "week": "2024-W20",
    "time": "10:30",
    "color": "#336699",
    "password": PASSWORD,
}
_BY_NAME = tuple(
    (re.compile(pattern, re.IGNORECASE), value)
    for pattern, value in (
        (r"e-?mail", "alex@example.com"),
        (r"passw|pwd|secret", PASSWORD),
        (r"user(?:name)?$|login|nick", "alex"),
        (r"first.?name|given", "Alex"),
        (r"last.?name|surname|family", "Miller"),
        (r"phone|mobile|fax|^tel", "+12025550123"),
        (r"zip|postal|postcode|plz", "10001"),
        (r"url|website|homepage|link|redirect|callback", "https://example.com/"),
        (r"card|ccn", "4111111111111111"),
        (r"date|birth|dob|^day$|_at$", "2024-05-17"),
        (r"year", "2024"),
        (r"month", "5"),
        (r"(?:^|_)ip(?:$|_)|ipaddr|host", "127.0.0.1"),
        (r"country", "US"),
        (r"city|town", "Springfield"),
        (r"lang|locale", "en"),
        (
            r"(?:^|[_-])(?:id|age)$|[a-z]Id$|^id|num|count|qty|quantity|amount|price|size|limit|offset|page",
            "1",
        ),
    )
)


@dataclass(frozen=True)
class Field:
    """One field; its kind is text, hidden, select, textarea, file, radio, submit and so on."""

    name: str
    kind: str = "text"
    value: str = ""
    """What stands in it before somebody types."""
    options: tuple[str, ...] = ()
    checked: bool = False
    longest: int = 0
    least: str = ""
    """Of numbers and dates, as written."""
    label: str = ""
    """What a button says, or a placeholder."""


@dataclass(frozen=True)
class Form:
    """A form at an absolute address."""

    action: str
    method: str
    fields: tuple[Field, ...] = ()
    encoding: str = FORM
    page: str = ""
    ident: str = ""
    """By which scripts name it."""

    @property
    def passwords(self) -> tuple[Field, ...]:
        """Fields that hide what is typed."""
        return tuple(field for field in self.fields if field.kind == "password")

    @property
    def buttons(self) -> tuple[Field, ...]:
        """Named buttons that send it."""
        return tuple(field for field in self.fields if field.kind in PRESSED and field.name)

    @property
    def words(self) -> str:
        """What it says of itself: its address and its buttons, for whoever has to guess what it does."""
        labels = (f"{field.name} {field.label}" for field in self.fields if field.kind in PRESSED)
        return " ".join([urlsplit(self.action).path, urlsplit(self.action).query, *labels])


def fill_in(field: Field) -> str:
    """Return what stands in a field, else what somebody sensible would put there."""
    if field.options:
        chosen = [field.value, *field.options] if field.value else list(field.options)
        return next((text for text in chosen if text), "")
    if field.value or field.kind == "hidden":
        return field.value
    if field.kind in CHOSEN:
        return "on"
    value = _BY_KIND.get(field.kind) or ("threatweaver" if field.kind == "textarea" else _named(field.name))
    if field.kind in {"number", "range"} and re.fullmatch(r"-?\d{1,18}", field.least):
        value = str(max(int(field.least), 1))
    elif field.kind == "date" and _is_date(field.least):
        value = max(field.least, value)
    return value[: field.longest] if field.longest > 0 else value


def _named(name: str) -> str:
    return next((value for pattern, value in _BY_NAME if pattern.search(name)), "threatweaver")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def pairs_of(
    form: Form, values: Mapping[str, str] | None = None, *, button: Field | None = None
) -> list[tuple[str, str]]:
    """Return name and value of each field that a browser would send; `values` replace what is filled in.

    One radio button of each name is sent, every checkbox, and the button that is pressed.
    """
    values = values or {}
    pairs: list[tuple[str, str]] = []
    radios = _radios(form.fields)
    for field in form.fields:
        if not field.name or field.kind == "reset":
            continue
        if field.kind in PRESSED and field is not button:
            continue
        if field.kind == "radio" and radios[field.name] is not field:
            continue
        pairs.append((field.name, values.get(field.name, fill_in(field))))
    return pairs


def _radios(fields: Iterable[Field]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for field in fields:
        if field.kind == "radio" and (field.name not in found or field.checked):
            found[field.name] = field
    return found


def submit(form: Form, values: Mapping[str, str] | None = None, *, button: Field | None = None) -> Request:
    """Return the request that sends the form; a form that uploads a file is multipart, all others are not."""
    if button is None:
        button = next(iter(form.buttons), None)
    pairs = pairs_of(form, values, button=button)
    headers = (("Referer", form.page),) if form.page else ()
    if form.method == "GET":
        parts = urlsplit(form.action)
        return Request("GET", urlunsplit(parts._replace(query=urlencode(pairs))), headers)
    files = {field.name for field in form.fields if field.kind == "file"}
    if files:
        kind, body = f"multipart/form-data; boundary={BOUNDARY}", _multipart(pairs, files)
    else:
        kind, body = FORM, urlencode(pairs).encode()
    return Request(form.method, form.action, (*headers, ("Content-Type", kind)), body)


def _multipart(pairs: Iterable[tuple[str, str]], files: set[str]) -> bytes:
    lines: list[str] = []
    for name, value in pairs:
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f"--{BOUNDARY}")
        if name in files:
            lines.append(f'Content-Disposition: form-data; name="{quoted}"; filename="note.txt"')
            lines += ["Content-Type: text/plain", "", "threatweaver"]
        else:
            lines += [f'Content-Disposition: form-data; name="{quoted}"', "", value]
    return "\r\n".join([*lines, f"--{BOUNDARY}--", ""]).encode("utf-8", "replace")
