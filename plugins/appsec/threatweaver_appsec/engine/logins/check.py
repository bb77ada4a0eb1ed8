"""Whether somebody is signed in: a place that shows it, and must not show it to anybody else."""

import re
from dataclasses import dataclass, replace

from threatweaver_appsec.engine.discover import html
from threatweaver_appsec.engine.discover.leads import leaves
from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.ports import Sender

_MOST = 200_000  # characters that a pattern is looked for in
_WAYS = re.compile(r"(?:href|action)\s{0,3}=\s{0,3}[\"']?[^\"'<>\s]{1,200}[\"'\s>]", re.IGNORECASE)
_ACCOUNT = re.compile(r"profile|account|settings|dashboard|passw|pwd|/me\b|log[-_ ]?out", re.IGNORECASE)
_SIGN_IN = re.compile(r"log[-_ ]?in|sign[-_ ]?in|auth|sso|session/new", re.IGNORECASE)


class CheckError(ValueError):
    """A pattern of a check is no regular expression, or is too long."""


@dataclass(frozen=True)
class Check:
    """A place to look at, and what shows there. Without a pattern, any success without a password field."""

    url: str
    signed_in: str = ""
    """Regular expression that the signed-in answer matches."""
    signed_out: str = ""
    """Regular expression that it must not match."""
    username: str = ""
    """Shows there, in a check that was found and not told."""

    def __post_init__(self) -> None:
        for pattern in (self.signed_in, self.signed_out):
            try:
                re.compile(pattern)
            except re.error as error:
                raise CheckError(f"{pattern[:60]} is no regular expression: {error}") from error
            if len(pattern) > 500:
                raise CheckError("a pattern has at most 500 characters")

    def request(self, headers: Headers = ()) -> Request:
        """Return the request that asks the place."""
        return Request("GET", self.url, headers)

    async def ask(self, sender: Sender, identity: str | None, headers: Headers = ()) -> Exchange:
        """Look, following redirects: an application sends those who are not signed in elsewhere."""
        return await sender.send(self.request(headers), identity=identity, follow=True)

    def shows(self, exchange: Exchange) -> bool:
        """Return whether an answer shows somebody signed in."""
        return self.why_not(exchange) is None

    def why_not(self, exchange: Exchange) -> str | None:
        """Return what is missing in an answer, None where it shows somebody signed in."""
        if exchange.response is None:
            return f"no answer ({exchange.fault.value if exchange.fault else 'nothing came'})"
        text = exchange.text[:_MOST]
        if self.signed_out and re.search(self.signed_out, text):
            return "the signed-out pattern shows"
        if self.signed_in:
            return None if re.search(self.signed_in, text) else "the signed-in pattern does not show"
        return self._guessed(exchange, text)

    def _guessed(self, exchange: Exchange, text: str) -> str | None:
        signs = {
            f"status {exchange.status}": exchange.status >= 400,
            "a page that asks for a password": asks_password(exchange),
            "neither the name nor a way to sign out": bool(self.username)
            and self.username.lower() not in text.lower()
            and not offers_leaving(exchange),
            "sent to where one signs in": exchange.request.url != self.url
            and bool(_SIGN_IN.search(exchange.request.parts.path)),
        }
        return next((why for why, holds in signs.items() if holds), None)


def asks_password(exchange: Exchange) -> bool:
    """Return whether an answer is a page with a form that has one password field: where one signs in."""
    response = exchange.response
    if response is None or "html" not in response.media_type:
        return False
    return any(len(form.passwords) == 1 for form in html.read(response, exchange.request.url).forms)


def offers_leaving(exchange: Exchange) -> bool:
    """Return whether an answer has a link or a form to sign out."""
    response = exchange.response
    if response is None or "html" not in response.media_type:
        return False
    page = html.read(response, exchange.request.url)
    return any(leaves(link.url, link.text) for link in page.links) or any(
        leaves(form.action, form.words) for form in page.forms
    )


async def find(sender: Sender, identity: str, places: list[str], username: str | None) -> Check | None:
    """Return a check that holds for the identity and not for nobody: of the places the first that tells.

    A place tells where nobody is refused, or where only the identity sees the way to sign out or its name.
    """
    for place in dict.fromkeys(places):
        url = canonical(place)
        if url is None or sender.refusal(Request("GET", url)):
            continue
        own = await Check(url).ask(sender, identity)
        if own.response is None or own.status >= 400:
            continue
        nobody = await Check(url).ask(sender, None)
        plain, named = Check(url), Check(url, username=username or "\0")
        for check in (plain, named):
            if check.shows(own) and not check.shows(nobody):
                return replace(check)
        own_too = await Check(url).ask(sender, identity)
        if way := _way_of(own, own_too, nobody):
            return Check(url, signed_in=re.escape(way))
    return None


def _way_of(own: Exchange, own_too: Exchange, nobody: Exchange) -> str | None:
    """Return a link or form that the identity is always shown and nobody is not, rather one to an account."""
    pages = [set(_WAYS.findall(answer.text[:_MOST])) for answer in (own, own_too, nobody)]
    ways = [way for way in sorted((pages[0] & pages[1]) - pages[2]) if way not in nobody.text[:_MOST]]
    return next((way for way in ways if _ACCOUNT.search(way)), next(iter(ways), None))
