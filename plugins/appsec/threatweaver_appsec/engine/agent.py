"""What an agent is. The engine sends, repeats and controls; an agent says what to send and what that shows.

A finding exists only after `Confirmation.of` fresh repetitions, `Confirmation.least` of which show it again,
and a control that looks alike and must not show it. An agent is pure: no clock, no randomness but its
nonce's, no I/O but what its `Site` sends.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.points import Point, Value


class Severity(StrEnum):
    """How bad a finding is, in the words of the product."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    INFO = "INFO"


class Safety(IntEnum):
    """What an agent may do to a target; a scan in safe mode stops at `SAFE`."""

    PASSIVE = 0  # looks at what was exchanged anyway
    SAFE = 1  # asks what reads, with values that change nothing
    INTRUSIVE = 2  # may write, delay or log something: forms, time delays, uploads
    DESTRUCTIVE = 3  # may delete, or lock somebody out; only on demand


@dataclass(frozen=True)
class Confirmation:
    """How often an attack is repeated with fresh values, and how often it has to show again."""

    least: int = 2
    of: int = 2


@dataclass(frozen=True)
class About:
    """What an agent looks for. `id` is stable: findings, settings and suppressions name it."""

    id: str
    title: str
    cwe: int
    severity: Severity
    description: str
    remedy: str
    owasp: str
    """Category of OWASP Top 10:2021 or API Security Top 10:2023, as A03:2021 or API1:2023."""
    safety: Safety
    confirmation: Confirmation = Confirmation()
    opt_in: bool = False
    """Runs only when a scan asks for it by name."""
    per_origin: bool = False
    """What a server's configuration or a part of all pages causes: one finding for each origin and key."""


class Nonce(Protocol):
    """Fresh values of one attempt, the same ones at each run of a scan with the same seed."""

    def word(self, length: int = 8) -> str:
        """Return lower-case letters that stand nowhere else."""
        ...

    def number(self, low: int, high: int) -> int:
        """Return a number between both, both included."""
        ...

    def callback(self) -> str | None:
        """Return a URL that only the target can call now, None where the scan has no listener."""
        ...


@dataclass(frozen=True)
class Sight:
    """What an attempt brought: the answer before it, and one answer for each of its values."""

    baseline: Exchange
    exchanges: tuple[Exchange, ...]
    called: tuple[str, ...] = ()
    """Callback URLs that were requested."""
    again: Exchange | None = None
    """The request of the baseline sent once more: what differs between both varies by itself."""


class Telltale(StrEnum):
    """By what a replay shows that it reproduces; docs/plugins/appsec.md says how to look."""

    ANSWER = "answer"  # each answer has the status, and says what, the recorded one did
    TIME = "time"  # some answers take longer than others, as the recorded ones did
    CALLBACK = "callback"  # the target requests the URL that the excerpt names


@dataclass(frozen=True)
class Proof:
    """Why a finding is one: a sentence, the excerpt that shows it, and the exchanges to replay."""

    says: str
    excerpt: str = ""
    exchanges: tuple[Exchange, ...] = ()
    point: Point | None = None
    severity: Severity | None = None
    """Where it differs from the agent's."""
    title: str | None = None
    """Where it says more than the agent's: which header, which component."""
    key: str = ""
    """What tells two findings of an agent at one place apart; empty where there can be one."""
    telltale: Telltale = Telltale.ANSWER
    fresh: tuple[str, ...] = ()
    """Names in the exchanges that can be given once: a replay has to make new ones."""
    forged: tuple[str, ...] = ()
    """Tokens in the exchanges that the agent wrote itself: attacks, and no secrets."""
    together: int = 0
    """How many of the last exchanges were sent at the same moment; 0 is none."""
    marks: frozenset[str] = frozenset()
    """What shows it, where that is found in answers: the same has to show each time, and in no control."""


@dataclass(frozen=True)
class Attempt:
    """Values to put at a point in turn; the oracle over all answers; and what must not show the same."""

    values: tuple[Value, ...]
    shows: Callable[[Sight], Proof | None]
    controls: tuple[Value, ...]
    """As many as values, and like them but for the attack: `shows` has to return None for their answers."""
    patience: float = 0.0
    """Seconds to wait for callbacks."""
    textual: bool = True
    """Whether `shows` looks at what answers say: where that varies by itself, it has to show more often."""


@dataclass(frozen=True)
class PointAgent:
    """Attacks one insertion point at a time.

    `attempts` yields the same attacks in the same order for the same point and baseline, with values from the
    nonce: to confirm, the engine asks again with a fresh nonce, and takes the attack at the same position.
    """

    about: About
    wants: Callable[[Point, Exchange], bool]
    attempts: Callable[[Point, Exchange, Nonce], Iterator[Attempt]]


@dataclass(frozen=True)
class Watcher:
    """Looks at what was exchanged anyway, once each; sends nothing, and needs no confirmation."""

    about: About
    look: Callable[[Exchange], Iterable[Proof]]


class Identity(Protocol):
    """Somebody the scan can be: requests sent as them carry their session."""

    @property
    def name(self) -> str:
        """What the scan calls them."""
        ...

    @property
    def username(self) -> str | None:
        """What they sign in as, where that is known."""
        ...


@dataclass(frozen=True)
class Operation:
    """One thing that the target can be asked, found by discovery."""

    request: Request
    baseline: Exchange
    source: str
    """How it was found: link, form, openapi, graphql, script, har, postman, sitemap, wordlist, seed."""
    page: str = ""
    """URL of the page that has the link or the form."""
    writes: bool = False
    """Whether it is likely to change something: by its method, or by what its document says."""
    template: str = ""
    """Its path with parameters in braces, /users/{id}, where a document says so."""
    needs_login: bool | None = None
    """What its document says; None where none says."""


@dataclass(frozen=True)
class Suspicion:
    """Something a prober saw once: how to see it again, and what is alike and must not show it."""

    shows: Callable[[Nonce], Awaitable[Proof | None]]
    control: Callable[[Nonce], Awaitable[Proof | None]]
    operation: Operation | None = None


class Site(Protocol):
    """The target as a prober sees it."""

    @property
    def base(self) -> str:
        """URL where the scan began, without a slash at its end."""
        ...

    @property
    def operations(self) -> Sequence[Operation]:
        """What discovery found, in its order."""
        ...

    @property
    def identities(self) -> Mapping[str, Identity]:
        """Whom the scan can be, by name; the first is the one that it crawled as."""
        ...

    async def send(self, request: Request, *, identity: str | None = None, follow: bool = False) -> Exchange:
        """Send within scope and budget as an identity, or as nobody; follow redirects in scope when asked."""
        ...

    async def send_together(
        self, requests: Sequence[Request], *, identity: str | None = None
    ) -> list[Exchange]:
        """Send at the same moment, for races."""
        ...

    async def called(self, url: str, patience: float) -> bool:
        """Return whether a callback's URL was requested within so many seconds."""
        ...


class Probe(Protocol):
    """Yields what it suspects, having looked at the whole site or at one operation."""

    def __call__(self, site: Site, nonce: Nonce, /) -> AsyncIterator[Suspicion]:
        """Look, and yield what is to be confirmed."""
        ...


@dataclass(frozen=True)
class Prober:
    """Looks at the whole target in its own way: two identities, races, tokens, files that are left there."""

    about: About
    probe: Probe
    needs: frozenset[str] = field(default_factory=frozenset)
    """Of "login", "two_identities", "callback": without them it is left out, and the coverage says so."""


Agent = PointAgent | Watcher | Prober
