"""LDAP search filters over entries in memory: enough of RFC 4515 to be injected into."""

import re
from collections.abc import Callable, Mapping

Entry = Mapping[str, str]
Filter = Callable[[Entry], bool]

ENTRIES: tuple[Entry, ...] = (
    {"uid": "alice", "objectClass": "person", "mail": "alice@example.com", "phone": "100-alice"},
    {"uid": "bob", "objectClass": "person", "mail": "bob@example.com", "phone": "200-bob"},
    {"uid": "svc-backup", "objectClass": "account", "mail": "backup@example.com", "phone": "999-hidden"},
)


class FilterError(ValueError):
    """A filter that is none."""


def search(text: str) -> list[Entry]:
    """Return the entries that a filter matches; raises FilterError. What follows it is ignored."""
    if len(text) > 2000:
        raise FilterError("Bad search filter (-7): too long")
    match, _ = _parse(text, 0)
    return [entry for entry in ENTRIES if match(entry)]


def escape(value: str) -> str:
    r"""Return a value that stands for itself in a filter: `*` as \2a and so on."""
    return "".join(f"\\{ord(char):02x}" if char in "\\*()\0" else char for char in value)


def _parse(text: str, at: int) -> tuple[Filter, int]:
    """Parse one filter in parentheses; return it and where it ends."""
    if at >= len(text) or text[at] != "(":
        raise FilterError(f"Bad search filter (-7): '(' expected at {at}")
    if text[at + 1 : at + 2] in {"&", "|", "!"}:
        operator, at = text[at + 1], at + 2
        parts: list[Filter] = []
        while text[at : at + 1] == "(":
            part, at = _parse(text, at)
            parts.append(part)
        if text[at : at + 1] != ")":
            raise FilterError(f"Bad search filter (-7): ')' expected at {at}")
        return _combine(operator, parts), at + 1
    found = re.compile(r"\(([\w-]+)=([^()]*)\)").match(text, at)
    if found is None:
        raise FilterError(f"Bad search filter (-7): no item at {at}")
    return _item(found[1], found[2]), found.end()


def _combine(operator: str, parts: list[Filter]) -> Filter:
    if operator == "&":
        return lambda entry: all(part(entry) for part in parts)
    if operator == "|":
        return lambda entry: any(part(entry) for part in parts)
    return lambda entry: not any(part(entry) for part in parts)


def _item(name: str, value: str) -> Filter:
    parts = [re.escape(_decode(part)) for part in value.split("*")]
    pattern = re.compile(".*".join(parts), re.DOTALL | re.IGNORECASE)
    return lambda entry: name in entry and bool(pattern.fullmatch(entry[name]))


def _decode(part: str) -> str:
    return re.sub(r"\\([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), part)
