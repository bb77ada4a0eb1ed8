"""Cookies: how well those that make a session are kept from scripts, other sites and plain HTTP."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from threatweaver_appsec.engine.agent import About, Agent, Proof, Safety, Severity, Site, Watcher
from threatweaver_appsec.engine.messages import Exchange, Headers, Response

SESSION_NAME = re.compile(r"sess|(^|[._-])s?sid$|auth|token|jwt|remember|login|identity", re.IGNORECASE)
FOR_SCRIPTS = re.compile(r"csrf|xsrf", re.IGNORECASE)  # read by scripts by design


@dataclass(frozen=True)
class Cookie:
    """One Set-Cookie: attributes by lower-case name."""

    name: str
    value: str
    attributes: dict[str, str]
    line: str

    @property
    def makes_session(self) -> bool:
        """Whether it looks like what a user is known by."""
        return bool(SESSION_NAME.search(self.name)) and not FOR_SCRIPTS.search(self.name)

    @property
    def redacted(self) -> str:
        """The line without the value."""
        return self.line.replace(self.value, "…", 1) if self.value else self.line


def by_cookie(session: Headers) -> bool:
    """Say whether a session is made of cookies alone, which a browser sends along with any request."""
    return bool(session) and all(name.lower() == "cookie" for name, _ in session)


def guard(cookie: Cookie) -> str:
    """Return which requests of other sites a cookie stays away from, as SameSite says it; "" for none."""
    return cookie.attributes.get("samesite", "").lower()


def guards_of(site: Site, session: Headers) -> list[str]:
    """Return the guards of the cookies in a session, as the target was seen to set them."""
    names = dict(session).get("Cookie", "")
    seen = (cookie for op in site.operations for cookie in cookies_in(op.baseline.response))
    return [guard(cookie) for cookie in seen if f"{cookie.name}=" in names]


def cookies_in(response: Response | None) -> Iterator[Cookie]:
    """Yield the cookies that an answer sets; those that it takes away are left out."""
    for header, line in response.headers if response else ():
        if header.lower() != "set-cookie":
            continue
        pair, *rest = line.split(";")
        name, _, value = pair.strip().partition("=")
        attributes = {
            key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in rest)
        }
        gone = attributes.get("max-age", "1").startswith(("0", "-")) or "1970" in attributes.get(
            "expires", ""
        )
        if name and value.strip('"') and not gone:
            yield Cookie(name, value, attributes, line)


def _scripted(cookie: Cookie, secure: bool) -> str:  # noqa: FBT001 - each check is given the same two
    del secure
    return "" if "httponly" in cookie.attributes else "has no HttpOnly: scripts of the page read it"


def _plain(cookie: Cookie, secure: bool) -> str:  # noqa: FBT001
    return (
        "has no Secure: it is sent over plain HTTP, too"
        if secure and "secure" not in cookie.attributes
        else ""
    )


def _cross_site(cookie: Cookie, secure: bool) -> str:  # noqa: FBT001
    site = cookie.attributes.get("samesite", "").lower()
    if site == "none" and secure:
        return "has SameSite=None: requests of other sites carry it"
    return (
        ""
        if site in ("lax", "strict", "none")
        else "says no SameSite: whether other sites may use it is the browser's choice"
    )


def _prefixed(cookie: Cookie, secure: bool) -> str:  # noqa: FBT001
    del secure
    has = cookie.attributes
    if cookie.name.startswith("__Host-") and (
        "secure" not in has or "domain" in has or has.get("path") != "/"
    ):
        return "is named __Host-, and lacks Secure or Path=/, or has a Domain: browsers refuse it"
    if cookie.name.startswith("__Secure-") and "secure" not in has:
        return "is named __Secure- and has no Secure: browsers refuse it"
    return ""


def _of_each(
    lacks: Callable[[Cookie, bool], str], *, sessions_only: bool, severity: Severity
) -> Callable[[Exchange], Iterable[Proof]]:
    def look(exchange: Exchange) -> Iterator[Proof]:
        secure = exchange.request.parts.scheme == "https"
        for cookie in cookies_in(exchange.response):
            if (sessions_only and not cookie.makes_session) or not (says := lacks(cookie, secure)):
                continue
            yield Proof(
                says=f"The cookie {cookie.name} {says}.",
                excerpt=f"Set-Cookie: {cookie.redacted}",
                exchanges=(exchange,),
                severity=severity if cookie.makes_session else Severity.INFO,
                key=cookie.name,
            )

    return look


def _watcher(
    ident: str, title: str, cwe: int, texts: tuple[str, str], look: Callable[[Exchange], Iterable[Proof]]
) -> Watcher:
    about = partial(About, owasp="A05:2021", safety=Safety.PASSIVE, per_origin=True)
    return Watcher(about(ident, title, cwe, Severity.LOW, *texts), look)


AGENTS: tuple[Agent, ...] = (
    _watcher(
        "cookie-httponly",
        "Session cookie can be read by scripts",
        1004,
        ("A script that gets into a page takes the session with it.", "Set HttpOnly on session cookies."),
        _of_each(_scripted, sessions_only=True, severity=Severity.LOW),
    ),
    _watcher(
        "cookie-secure",
        "Cookie is sent over plain HTTP",
        614,
        (
            "A cookie of an HTTPS site is sent over HTTP, too, readable on the way.",
            "Set Secure on every cookie.",
        ),
        _of_each(_plain, sessions_only=False, severity=Severity.LOW),
    ),
    _watcher(
        "cookie-samesite",
        "Session cookie without SameSite",
        1275,
        (
            "Requests that other sites cause may carry the session.",
            "Set SameSite=Lax, or Strict, on session cookies; None only where other sites must use them.",
        ),
        _of_each(_cross_site, sessions_only=True, severity=Severity.INFO),
    ),
    _watcher(
        "cookie-prefix",
        "Cookie breaks the rule of its prefix",
        1275,
        (
            "A name that begins with __Host- or __Secure- promises attributes that the cookie lacks.",
            "Send the attributes that the prefix asks for: Secure, and Path=/ without Domain for __Host-.",
        ),
        _of_each(_prefixed, sessions_only=False, severity=Severity.INFO),
    ),
)
