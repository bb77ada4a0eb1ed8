"""Plain words to the list's own filter: by rules, here, and so that everybody sees what was understood.

"critical unpatched on internet-facing from the last 30 days" is severity=CRITICAL, state=open,reopened,
exposure=internet and a start date, or tag=internet-facing where there is such a tag. What is not understood
is said, and narrows nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

_SEVERITIES = {
    "critical": "CRITICAL",
    "criticals": "CRITICAL",
    "high": "HIGH",
    "medium": "MEDIUM",
    "moderate": "MEDIUM",
    "low": "LOW",
    "info": "INFO",
    "informational": "INFO",
}
_WORSE = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")
_STATES = {
    "open": ("open", "reopened"),
    "active": ("open", "reopened"),
    "unpatched": ("open", "reopened"),
    "unfixed": ("open", "reopened"),
    "unresolved": ("open", "reopened"),
    "reopened": ("reopened",),
    "fixed": ("fixed",),
    "closed": ("fixed",),
    "patched": ("fixed",),
    "resolved": ("fixed",),
    "accepted": ("accepted",),
}
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_FILLING = frozenset(
    """a all and any are assets at by discovered every find findings first for found from give have hosts in
    is issues last list me new of on or our past please seen show since that the this vulnerabilities
    vulnerability vulns were what which with""".split()  # noqa: SIM905 - a text reads better than forty quotes
)
_PERIOD = re.compile(r"\b(?:last|past|previous)\s+(?:(\d{1,4})\s+)?(day|week|month|quarter|year)s?\b")
_SINCE = re.compile(r"\bsince\s+(\d{4}-\d\d-\d\d)\b")
_TODAY = re.compile(r"\b(today|yesterday)\b")
_CVE = re.compile(r"\bcve-\d{4}-\d{4,19}\b")
_QUOTED = re.compile(r"[\"“”]([^\"“”]{1,200})[\"“”]")
_AT_LEAST = re.compile(r"\b(critical|high|medium|low)\s+(?:or|and)\s+(?:above|higher|worse|up)\b")
_EXPOSURES = {
    re.compile(r"\b(?:internet|public)[- ](?:facing|exposed)\b|\bexposed to the internet\b"): "internet",
    re.compile(r"\b(?:in the )?dmz\b"): "dmz",
    re.compile(r"\binternal(?:[- ]only)?\b"): "internal",
    re.compile(r"\bisolated\b|\bair[- ]gapped\b"): "isolated",
}
_WORD = re.compile(r"[\w.:/-]+")


@dataclass(slots=True)
class Understood:
    """Parameters of the list as they are written in a query, and the words that said nothing to us."""

    filter: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def understand(text: str, *, tags: Mapping[str, str], groups: Mapping[str, str], today: date) -> Understood:
    """Return what a question means; tags and groups are names in lower case → value of their parameter."""
    made, left = Understood(), _Left(text)
    if quoted := left.take(_QUOTED):
        made.filter["search"] = quoted.group(1).strip()
    if cve := left.take(_CVE):
        made.filter["cve"] = cve.group().upper()
    if (start := _start(left, today)) is not None:
        made.filter["startDate"] = start.isoformat()
    for parameter, names in (("tag", tags), ("assetGroup", groups)):
        for name in sorted(names, key=len, reverse=True):
            if left.take(re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")):
                made.filter[parameter] = names[name]
                break
    _exposures(left, made)
    _severities(left, made)
    _words(left, made)
    return made


class _Left:
    """What of a text was not understood yet."""

    def __init__(self, text: str) -> None:
        self.text = text.lower()

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.search(self.text)
        if found is not None:
            self.text = f"{self.text[: found.start()]} {self.text[found.end() :]}"
        return found


def _start(left: _Left, today: date) -> date | None:
    if since := left.take(_SINCE):
        try:
            return date.fromisoformat(since.group(1))
        except ValueError:
            return None
    if period := left.take(_PERIOD):
        return today - timedelta(days=int(period.group(1) or 1) * _DAYS[period.group(2)])
    if day := left.take(_TODAY):
        return today - timedelta(days=day.group(1) == "yesterday")
    return None


def _exposures(left: _Left, made: Understood) -> None:
    """Take what is said of the reach of assets, unless a tag or group of that name was meant before."""
    found = [name for pattern, name in _EXPOSURES.items() if left.take(pattern)]
    if found:
        made.filter["exposure"] = ",".join(found)


def _severities(left: _Left, made: Understood) -> None:
    found = set[str]()
    while bound := left.take(_AT_LEAST):
        found |= set(_WORSE[_WORSE.index(bound.group(1).upper()) :])
    words = [word for word in _WORD.findall(left.text) if word in _SEVERITIES]
    found |= {_SEVERITIES[word] for word in words}
    if found:
        made.filter["severity"] = ",".join(name for name in _WORSE if name in found)


def _words(left: _Left, made: Understood) -> None:
    states = dict[str, None]()
    for word in (word.strip(".-:/") for word in _WORD.findall(left.text)):
        if word in _STATES:
            states |= dict.fromkeys(_STATES[word])
        elif word == "unobserved":
            made.filter["unobserved"] = "true"
        elif word and word not in _FILLING and word not in _SEVERITIES and word not in made.ignored:
            made.ignored.append(word)
    if states:
        made.filter["state"] = ",".join(states)


def loaded(made: Understood, schema: Any) -> dict[str, Any]:
    """Return the filter as the list takes it, through the list's own validation."""
    values: dict[str, Any] = schema().load(made.filter)
    return values
