"""Cookies of one identity, as a browser keeps them; bounded, since a target writes them."""

import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from threatweaver_appsec.engine.messages import Headers

MOST_COOKIES = 100
LONGEST_COOKIE = 8_192  # characters
MOST_TEXT = 16_384  # characters of all; with more, servers refuse each request


class Jar:
    """Cookies by domain, path and name. `Secure` is kept to no scheme: labs serve such cookies over http."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], tuple[str, bool]] = {}

    def put(self, url: str, name: str, value: str) -> None:
        """Keep a cookie for the whole host of a URL."""
        self._keep((urlsplit(url).hostname or "", "/", name), value, only_host=True)

    def take(self, url: str, headers: Headers) -> None:
        """Keep what the Set-Cookie headers of an answer say."""
        host = urlsplit(url).hostname or ""
        for key, text in headers:
            if key.lower() == "set-cookie" and len(text) <= LONGEST_COOKIE:
                self._take(host, text)

    def pairs(self, url: str) -> dict[str, str]:
        """Return the cookies that a request to a URL carries; those of longer paths win."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path or "/"
        fitting = [
            (len(where), name, value)
            for (domain, where, name), (value, only_host) in self._kept.items()
            if (host == domain or (not only_host and host.endswith(f".{domain}"))) and _within(path, where)
        ]
        return {name: value for _, name, value in sorted(fitting, key=lambda cookie: cookie[0])}

    def values(self) -> set[str]:
        """Return every value, which is a secret."""
        return {value for value, _ in self._kept.values()}

    def _take(self, host: str, text: str) -> None:
        first, *rest = text.split(";")
        name, _, value = first.strip().partition("=")
        said = {key.strip().lower(): word.strip() for key, _, word in (part.partition("=") for part in rest)}
        domain = said.get("domain", "").lstrip(".").lower()
        if domain and host != domain and not host.endswith(f".{domain}"):
            return
        path = said.get("path", "/")
        key = (domain or host, path if path.startswith("/") else "/", name)
        if not name:
            return
        if _over(said):
            self._kept.pop(key, None)
        else:
            self._keep(key, value, only_host=not domain)

    def _keep(self, key: tuple[str, str, str], value: str, *, only_host: bool) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (value, only_host)
        while len(self._kept) > MOST_COOKIES or self._size() > MOST_TEXT:
            del self._kept[next(iter(self._kept))]  # the one that was set first

    def _size(self) -> int:
        return sum(len(name) + len(value) for (_, _, name), (value, _) in self._kept.items())


def _over(said: dict[str, str]) -> bool:
    if age := said.get("max-age"):
        return not age.lstrip("-").isdecimal() or int(age[:12]) <= 0
    if expires := said.get("expires"):
        try:
            return parsedate_to_datetime(expires.replace("-", " ")).timestamp() <= time.time()
        except (ValueError, IndexError, OverflowError):
            return False
    return False


def _within(path: str, where: str) -> bool:
    return path == where or path.startswith(where if where.endswith("/") else f"{where}/")
