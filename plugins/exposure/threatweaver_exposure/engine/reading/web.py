"""What the reports of web scanners share: sites, ports, their spellings of time, links within HTML."""

import html
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any

from threatweaver.reports import UNDATED, Asset, ReportError, ReportFault
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.words import cvss, first, host_and_port, links, score

_MOST_HOSTS = 200_000
_NAME = 255  # characters, the most that a host's name has
_MOMENT = 64  # characters of a time or a duration
_LINK = re.compile(r"https?://[^\s\"'<>]+")
_ZONE_NAME = re.compile(r" [A-Z]{2,5}(?= \d{4}$)", re.ASCII)  # in "Sat Sep 13 22:39:44 CEST 2014"
_ABBREVIATED = re.compile(r"(?<=[^\W\d])\.")  # in "Fr., 30 Sep. 2022 08:40:35"
_STAMP = re.compile(
    r"(\d{1,4})[/-](\d{1,2})[/-](\d{1,4}),? (\d{1,2}):(\d\d)(?::(\d\d))?"
    r"(?: ([AP])M)?(?: \(UTC([+-]\d\d:\d\d)?\))?",
    re.ASCII,
)
_DURATION = re.compile(r"(?:(\d{1,4})\.)?(\d{1,2}):(\d\d):(\d\d)(?:\.\d+)?", re.ASCII)


class Sites:
    """The hosts that a report names, each an asset, numbered in the order in which they come."""

    def __init__(self, started_at: datetime | None = None, finished_at: datetime | None = UNDATED) -> None:
        self.started_at = started_at
        self.finished_at = finished_at
        self._assets: dict[str, Asset] = {}

    def seen(self, url: object, *addresses: object) -> Iterator[Asset]:
        """Yield the asset of a URL or host that comes for the first time; addresses are its own."""
        if _host(url) not in self._assets:
            yield self.stated(url, *addresses)

    def stated(self, url: object, *addresses: object) -> Asset:
        """Return the asset of a URL or host, known or new, with the times as they are known now."""
        host = _host(url)
        if host not in self._assets:
            if len(self._assets) >= _MOST_HOSTS:
                raise ReportError(ReportFault.LIMIT, f"the report names more than {_MOST_HOSTS} hosts")
            self._assets[host] = _asset(len(self._assets), host, addresses)
        return self._dated(self._assets[host])

    def number(self, url: object) -> int:
        """Return the number of an asset that was seen."""
        return self._assets[_host(url)].number

    def again(self) -> Iterator[Asset]:
        """Yield every asset once more, with the times as they are known now."""
        return map(self._dated, self._assets.values())

    def _dated(self, asset: Asset) -> Asset:
        return asset._replace(started_at=self.started_at, finished_at=self.finished_at)


def _asset(number: int, host: str, addresses: Iterable[object]) -> Asset:
    stated = (str(address or "").strip() for address in addresses)
    values = dict.fromkeys(filter(None, (host, *(address for address in stated if _kind(address) == "ip"))))
    return Asset(number, next(iter(values), ""), tuple((_kind(value), value) for value in values))


def _host(url: object) -> str:
    return host_and_port(first(url))[0].strip().rstrip(".")[:_NAME]


def _kind(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        return "fqdn"
    return "ip"


def at(url: object) -> dict[str, Any]:
    """Return the members of a finding that say on which port a URL is served."""
    scheme, separator, _ = str(url or "").partition("://")
    return served(host_and_port(url)[1], scheme.lower() if separator and scheme.isalpha() else "")


def served(port: int, service: str = "") -> dict[str, Any]:
    """Return the members of a finding on a port of TCP; 0 is the host as a whole."""
    return {"port": port, "protocol": "tcp" if port else "", "service": service[:32]}


def rule(*ids: object) -> str:
    """Return the first of these ids of a check that says something, at most 200 characters."""
    said = (str(value).strip()[:200] for value in ids if isinstance(value, str | int))
    return next(filter(None, said), "unknown")


def rated(*vectors: object, cvss2: object = None, cvss3: object = None) -> dict[str, Any]:
    """Return the CVSS members of a Definition: what its vectors say, unless the report states a score."""
    stated = {"cvss2_score": score(cvss2), "cvss3_score": score(cvss3)}
    return cvss(*vectors) | {name: value for name, value in stated.items() if value is not None}


def hrefs(*texts: object) -> tuple[str, ...]:
    """Return the links within texts that may be HTML, each once."""
    found = (link.rstrip(".,;") for text in texts for link in _LINK.findall(str(text or "")))
    return links([html.unescape(link) for link in found])


def read_moment(value: object) -> datetime | None:
    """Read a time in any spelling of web scanners; one without a zone is taken as UTC."""
    text = str(value or "")[:_MOMENT].strip()
    return read_time(_ZONE_NAME.sub("", text)) or _stamp(text) or _mail(text)


def _stamp(text: str) -> datetime | None:
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    one, two, three, hour, minute, second, half, offset = found.groups(default="")
    if len(one) == 4:
        year, month, day = one, two, three
    elif int(two) > 12 or (offset and int(one) <= 12):
        # Netsparker Standard, which alone writes its zone, puts the month first; others put the day first.
        year, month, day = three, one, two
    else:
        year, month, day = three, two, one
    if half:
        hour = str(int(hour) % 12 + (12 if half == "P" else 0))
    return read_time(f"{year:0>4}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute}:{second or '00'}{offset}")


def _mail(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(_ABBREVIATED.sub("", text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return read_time(moment.isoformat())


def read_duration(value: object) -> timedelta | None:
    """Read a duration as .NET writes it: `1.02:03:04.5678`."""
    found = _DURATION.fullmatch(str(value or "")[:_MOMENT].strip())
    if found is None:
        return None
    days, hours, minutes, seconds = map(int, found.groups(default="0"))
    return timedelta(days, seconds, hours=hours, minutes=minutes)
