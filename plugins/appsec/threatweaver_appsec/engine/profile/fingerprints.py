"""The table of fingerprints, and how one is held against an answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from threatweaver_appsec.engine.discover import html
from threatweaver_appsec.engine.messages import Exchange

MOST_TEXT = 300_000
MOST_VERSION = 20


@dataclass(frozen=True)
class Fingerprint:
    """A pattern, and where it is looked for."""

    name: str
    kind: str
    """server, language, framework, library, cms, application; firewall of those in front."""
    where: str
    pattern: re.Pattern[str]


@cache
def table(name: str) -> tuple[Fingerprint, ...]:
    """Return the `fingerprints` or the `firewalls`."""
    data = json.loads((files(__package__) / "technologies.json").read_text())
    rows = (row if len(row) == 4 else [row[0], "firewall", *row[1:]] for row in data[name])
    return tuple(Fingerprint(row[0], row[1], row[2], re.compile(row[3], re.IGNORECASE)) for row in rows)


def found(exchange: Exchange, rows: tuple[Fingerprint, ...]) -> Iterator[tuple[Fingerprint, str]]:
    """Yield each fingerprint that an answer has, with the version that it shows, which may be empty."""
    places = _places(exchange)
    for row in rows:
        for text in places.get(row.where, ()):
            if match := row.pattern.search(text):
                version = next((group for group in match.groups() if group), "")
                yield row, version.rstrip(".")[:MOST_VERSION]
                break


def _places(exchange: Exchange) -> dict[str, list[str]]:
    response = exchange.response
    if response is None:
        return {}
    places: dict[str, list[str]] = {}
    for name, value in response.headers[:200]:
        places.setdefault(f"header:{name.lower()}", []).append(value[:500])
        if name.lower() == "set-cookie":
            places.setdefault("cookie", []).append(value.partition("=")[0].strip()[:200])
    if "html" in response.media_type:
        page = html.read(response, exchange.request.url)
        places["html"] = [response.text[:MOST_TEXT]]
        places["generator"] = [page.generator] if page.generator else []
        places["script"] = list(page.scripts)
    return places
