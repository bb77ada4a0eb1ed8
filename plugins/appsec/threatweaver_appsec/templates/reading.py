"""Reads a template: the useful subset of Nuclei's YAML, everything else refused by its name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

LONGEST = 20_000
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,55}\Z")
_SEVERITIES = ("info", "low", "medium", "high", "critical")
_PARTS = ("body", "header", "all")
_BASE = "{{BaseURL}}"


class TemplateWrong(Exception):
    """A template is not one of the subset; the message says why."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on an answer: words in a part of it, or its status."""

    kind: str
    part: str
    words: tuple[str, ...]
    statuses: tuple[int, ...]
    every: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and when its answer shows the weakness. `path` is below the target's base."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str
    matchers: tuple[Matcher, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it was read."""

    key: str
    name: str
    severity: str
    description: str
    remedy: str
    cwe: int
    asks: tuple[Ask, ...]


def read(text: str) -> Template:
    """Return a template. Raises TemplateWrong."""
    if len(text) > LONGEST:
        raise TemplateWrong(f"It is longer than {LONGEST} characters.")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise TemplateWrong("Aliases are not taken.")
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TemplateWrong(f"It is no YAML: {str(error).splitlines()[0][:200]}") from None
    top = _mapping(document, "the template", {"id", "info", "http", "requests"})
    info = _mapping(top.get("info"), "info", None)
    key, severity = str(top.get("id", "")), str(info.get("severity", "")).lower()
    if not _KEY.match(key):
        raise TemplateWrong("id must be of lower case letters, digits and hyphens.")
    if severity not in _SEVERITIES:
        raise TemplateWrong(f"info.severity must be one of {', '.join(_SEVERITIES)}.")
    asked = top.get("http", top.get("requests"))
    if not isinstance(asked, list) or not 1 <= len(asked) <= 10:
        raise TemplateWrong("http must be a list of 1 to 10 requests.")
    return Template(
        key=key,
        name=_line(info.get("name"), "info.name"),
        severity=severity.upper(),
        description=str(info.get("description", ""))[:5000],
        remedy=str(info.get("remediation", ""))[:5000],
        cwe=_cwe(info.get("classification")),
        asks=tuple(ask for item in asked for ask in _asks(item)),
    )


def _asks(item: Any) -> list[Ask]:
    known = {"method", "path", "headers", "body", "matchers", "matchers-condition"}
    said = _mapping(item, "http", known)
    method = str(said.get("method", "GET")).upper()
    if method not in {"GET", "HEAD", "POST", "OPTIONS"}:
        raise TemplateWrong("method must be GET, HEAD, POST or OPTIONS.")
    paths = said.get("path")
    if not isinstance(paths, list) or not 1 <= len(paths) <= 50:
        raise TemplateWrong("path must be a list of 1 to 50 paths.")
    headers = _mapping(said.get("headers", {}), "headers", None)
    matchers = said.get("matchers")
    if not isinstance(matchers, list) or not 1 <= len(matchers) <= 20:
        raise TemplateWrong("matchers must be a list of 1 to 20 matchers.")
    return [
        Ask(
            method,
            _path(path),
            tuple((_line(name, "headers"), _line(value, "headers")) for name, value in headers.items()),
            str(said.get("body", "")),
            tuple(map(_matcher, matchers)),
            _every(said.get("matchers-condition", "or")),
        )
        for path in paths
    ]


def _path(value: Any) -> str:
    text = str(value)
    path = text.removeprefix(_BASE)
    if (
        not text.startswith(_BASE)
        or not path.startswith("/")
        or "{{" in path
        or re.search(r"[\x00-\x20\x7f]", path)
    ):
        raise TemplateWrong(f"path must be {_BASE}/…, without other variables.")
    return path


def _matcher(item: Any) -> Matcher:
    said = _mapping(item, "matchers", {"type", "part", "words", "status", "condition", "negative"})
    kind, part = said.get("type"), said.get("part", "body")
    if kind not in {"word", "status"}:
        raise TemplateWrong(f"matchers of type {str(kind)[:30]} are not taken; word and status are.")
    if part not in _PARTS:
        raise TemplateWrong(f"part must be one of {', '.join(_PARTS)}.")
    values = said.get("words" if kind == "word" else "status")
    if not isinstance(values, list) or not 1 <= len(values) <= 50:
        raise TemplateWrong("words or status must be a list of 1 to 50.")
    words = tuple(str(value) for value in values) if kind == "word" else ()
    if kind == "status" and not all(type(value) is int and 100 <= value <= 599 for value in values):
        raise TemplateWrong("status must be numbers from 100 to 599.")
    if kind == "word" and not all(3 <= len(word) <= 1000 for word in words):
        raise TemplateWrong("words must have 3 to 1000 characters.")
    statuses = tuple(values) if kind == "status" else ()
    return Matcher(
        kind, part, words, statuses, _every(said.get("condition", "or")), bool(said.get("negative"))
    )


def _every(value: Any) -> bool:
    if value not in {"and", "or"}:
        raise TemplateWrong("a condition must be and, or or.")
    return bool(value == "and")


def _cwe(value: Any) -> int:
    said = value.get("cwe-id", "") if isinstance(value, Mapping) else ""
    found = re.search(r"[0-9]{1,5}", str(said))
    return int(found[0]) if found else 1035


def _line(value: Any, what: str) -> str:
    text = str(value or "")
    if not 1 <= len(text) <= 200 or re.search(r"[\x00-\x1f\x7f]", text):
        raise TemplateWrong(f"{what} must be a line of 1 to 200 characters.")
    return text


def _mapping(value: Any, what: str, known: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise TemplateWrong(f"{what} must be a mapping.")
    unknown = sorted(set(value) - known) if known is not None else []
    if unknown:
        raise TemplateWrong(f"{what}: {unknown[0][:50]} is not taken.")
    return value
