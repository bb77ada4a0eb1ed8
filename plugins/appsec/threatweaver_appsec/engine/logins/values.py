"""Logins that are a value to send along: a token, a cookie, a header."""

from dataclasses import dataclass, field

from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.logins.told import WRONG, Probe, Story, negatives, positive
from threatweaver_appsec.engine.messages import Headers
from threatweaver_appsec.engine.ports import Sender, Session, SignedIn


@dataclass(frozen=True)
class Carried:
    """A value that each request carries. `kind` is bearer, header or cookie."""

    name: str
    kind: str
    value: str = field(repr=False)
    check: Check = field(default_factory=lambda: Check(""))
    key: str = "Authorization"
    """Of a header or a cookie: its name."""
    prefix: str = "Bearer "
    """Of bearer: what stands before the token."""
    username: str | None = None

    def session(self) -> Session:
        """Return what requests carry."""
        if self.kind == "cookie":
            return Session(cookies=((self.key, self.value),), secrets=(self.value,))
        return Session(headers=self._headers(self.value), secrets=(self.value,))

    async def sign_in(self, sender: Sender) -> SignedIn:
        """Check the value, that nobody passes without it, and that a wrong one does not."""
        story = Story((self.value,))
        if not self.value or any(char in self.value for char in "\r\n\0"):
            return story.failed("The value is empty or no line of a header.")
        if not self.check.url:
            return story.failed("There is no place to check whether the value is accepted: name a URL.")
        reason = await positive(story, sender, Probe(self.check, self.name, self._headers(self.value)))
        reason = reason or await negatives(
            story,
            sender,
            (
                ("nobody", Probe(self.check, None)),
                ("a wrong value", Probe(self.check, f"{self.name} (wrong)", self._headers(WRONG))),
            ),
        )
        return story.failed(reason) if reason else story.done(self.session())

    async def alive(self, sender: Sender) -> bool:
        """Return whether the check still shows it."""
        return self.check.shows(await self.check.ask(sender, self.name, self._headers(self.value)))

    def _headers(self, value: str) -> Headers:
        match self.kind:
            case "bearer":
                return (("Authorization", f"{self.prefix}{value}"),)
            case "cookie":
                return (("Cookie", f"{self.key}={value}"),)
            case _:
                return ((self.key, value),)


def bearer(name: str, token: str, check: Check) -> Carried:
    """Return the login that is an API token."""
    return Carried(name, "bearer", token, check)


def cookie(name: str, key: str, value: str, check: Check) -> Carried:
    """Return the login that is a cookie of a session."""
    return Carried(name, "cookie", value, check, key)


def header(name: str, key: str, value: str, check: Check) -> Carried:
    """Return the login that is a header of its own."""
    return Carried(name, "header", value, check, key)
