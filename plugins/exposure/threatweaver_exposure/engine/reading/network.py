"""What reports on hosts have in common: names, addresses, ports, and rows that say the same again."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from ipaddress import ip_address

from threatweaver.reports import UNDATED, Asset

Identifiers = tuple[tuple[str, str], ...]


def known_by(*hosts: object, **others: object) -> Identifiers:
    """Return identifiers: `hosts` are names or addresses, and `others` have a kind; blank ones go."""
    found = [(_kind(text), text) for text in map(_text, hosts) if text]
    found += [(kind, text) for kind, value in others.items() if (text := _text(value))]
    return tuple(dict.fromkeys(found))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _kind(text: str) -> str:
    try:
        ip_address(text)
    except ValueError:
        return "fqdn" if "." in text else "hostname"
    return "ip"


class Hosts:
    """The assets of a report that names one with each finding."""

    def __init__(self) -> None:
        self._known: dict[Identifiers, Asset] = {}
        self._seen: dict[Identifiers, datetime] = {}

    def meet(
        self, identifiers: Identifiers, *, system: str | None = None, seen: datetime | None = None
    ) -> tuple[int, tuple[Asset, ...]]:
        """Return the number of a host, and its Asset if it is new."""
        if seen is not None:
            self._seen[identifiers] = max(seen, self._seen.get(identifiers, seen))
        known = self._known.get(identifiers)
        if known is not None:
            return known.number, ()
        name = identifiers[0][1][:1_000] if identifiers else ""
        asset = Asset(len(self._known), name, identifiers, system or None, finished_at=seen or UNDATED)
        self._known[identifiers] = asset
        return asset.number, (asset,)

    def seen_later(self) -> Iterator[Asset]:
        """Yield the hosts again that were seen later than when we met them: at the end of the report."""
        for identifiers, seen in self._seen.items():
            known = self._known[identifiers]
            if known.finished_at != seen:
                yield known._replace(finished_at=seen)


class Checks:
    """The CVEs of each check so far: a table may name each in a row of its own."""

    def __init__(self) -> None:
        self._cves: dict[str, tuple[str, ...]] = {}

    def news(self, check: str, named: Iterable[str] = ()) -> tuple[str, ...] | None:
        """Return all CVEs of a check if it is new or these are not all known, else None."""
        known = self._cves.get(check)
        cves = tuple(dict.fromkeys((*(known or ()), *named)))
        if known is not None and len(cves) == len(known):
            return None
        self._cves[check] = cves
        return cves
