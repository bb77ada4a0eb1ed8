"""What the pipeline asks of logins, profiling and discovery, and the client that they send through."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.messages import Exchange, Headers, Request


class Sender(Protocol):
    """Sends within scope, rate and budget. The name of an identity has a jar, made when it is first named.

    A refused, broken or late answer is an exchange with a fault; nothing is raised.
    """

    async def send(self, request: Request, *, identity: str | None = None, follow: bool = False) -> Exchange:
        """Send as an identity, or as nobody without any cookie; follow redirects in scope when asked."""
        ...

    async def send_together(
        self, requests: Sequence[Request], *, identity: str | None = None
    ) -> list[Exchange]:
        """Send at the same moment, for races."""
        ...

    def refusal(self, request: Request) -> str | None:
        """Return why a request would not be sent, None where it would; the name is not resolved for this."""
        ...


@dataclass(frozen=True)
class Session:
    """What each request of an identity carries beside the cookies that its answers set."""

    headers: Headers = ()
    cookies: tuple[tuple[str, str], ...] = ()
    """Put into the jar of the identity, for the host of the scan's base."""
    secrets: tuple[str, ...] = ()
    """What else must not stand in anything stored: passwords, seeds of TOTP."""


@dataclass(frozen=True)
class Step:
    """One step of a login, told to the user."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True)
class SignedIn:
    """What came of a login. `ok` is proven both ways: signed in, and wrong credentials are refused."""

    ok: bool
    steps: tuple[Step, ...]
    session: Session = Session()
    reason: str = ""
    """Why it is not ok, in a sentence without secrets."""


class Login(Protocol):
    """How one identity signs in. It is an `agent.Identity` as well."""

    @property
    def name(self) -> str:
        """What the scan calls the identity: pass it to `Sender.send` to send as them."""
        ...

    @property
    def username(self) -> str | None:
        """What they sign in as, where that is known."""
        ...

    async def sign_in(self, sender: Sender) -> SignedIn:
        """Sign in with an empty jar; wrong credentials are tried under another name, so in another jar."""
        ...

    async def alive(self, sender: Sender) -> bool:
        """Return whether the session still stands, at the cost of one or two requests."""
        ...


@dataclass(frozen=True)
class Skipped:
    """Something that was seen and not tested."""

    what: str
    """URL, operation, document or agent."""
    why: str


@dataclass(frozen=True)
class Profile:
    """What the target is made of, as far as it shows."""

    technologies: tuple[tuple[str, str], ...] = ()
    """Name and version, which is empty where it does not show."""
    waf: str = ""
    """Name of the firewall in front of it; empty where none shows."""


class Look(Protocol):
    """Finds out what the target is made of."""

    async def __call__(self, sender: Sender, base: str, identity: str | None) -> Profile:
        """Look at a few answers."""
        ...


class Discover(Protocol):
    """Finds what the target can be asked, each operation once, in the same order at each run."""

    def __call__(self, sender: Sender, base: str, identity: str | None) -> AsyncIterator[Operation | Skipped]:
        """Yield as it is found; the pipeline may stop to listen at any time."""
        ...
