"""A target with people of our own: accounts just made stand in where a scan has no two identities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from threatweaver_appsec.engine.accounts import (
    Account,
    fresh,
    login_answer,
    marked,
    register,
    session_from,
    texts,
    writings,
)
from threatweaver_appsec.engine.agent import Identity, Nonce, Operation, Site
from threatweaver_appsec.engine.answers import wearing
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import put

NAMES = ("newcomer", "second newcomer")
MOST_MADE = 8  # kinds of objects that each newcomer makes


@dataclass
class Newcomer:
    """An `agent.Identity` that was made for the test; its session is renewed when it ends."""

    name: str
    account: Account
    session: Headers
    entry: Exchange
    """The login that began it."""

    @property
    def username(self) -> str:
        """What they sign in as."""
        return self.account.username


@dataclass
class Peopled:
    """An `agent.Site` with newcomers instead of the scan's identities."""

    site: Site
    people: dict[str, Newcomer] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """URL where the scan began."""
        return self.site.base

    @property
    def operations(self) -> Sequence[Operation]:
        """What discovery found."""
        return self.site.operations

    @property
    def identities(self) -> Mapping[str, Identity]:
        """The newcomers by name."""
        return self.people

    async def send(self, request: Request, *, identity: str | None = None, follow: bool = False) -> Exchange:
        """Send as a newcomer, or as nobody; a session that has ended is begun anew once."""
        if identity is None:
            return await self.site.send(request, follow=follow)
        person = self.people[identity]
        answer = await self.site.send(wearing(request, person.session), follow=follow)
        if answer.status == 401 and (came := await _entered(self.site, person.account)):
            person.entry, person.session = came
            answer = await self.site.send(wearing(request, person.session), follow=follow)
        return replace(answer, identity=identity)

    async def send_together(
        self, requests: Sequence[Request], *, identity: str | None = None
    ) -> list[Exchange]:
        """Send at the same moment."""
        session = self.people[identity].session if identity else ()
        return await self.site.send_together([wearing(request, session) for request in requests])

    async def called(self, url: str, patience: float) -> bool:
        """Return whether a callback's URL was requested."""
        return await self.site.called(url, patience)

    def entries(self, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
        """Return the logins that began the sessions of some exchanges."""
        worn = {header for exchange in exchanges for header in exchange.request.headers}
        return tuple(person.entry for person in self.people.values() if worn & set(person.session))


async def peopled(site: Site, nonce: Nonce, count: int) -> Peopled | None:
    """Return the target with so many newcomers, None where it lets nobody register and sign in."""
    made = Peopled(site)
    for name in NAMES[:count]:
        account = await register(site, nonce)
        came = await _entered(site, account) if account else None
        if account is None or came is None:
            return None
        entry, session = came
        made.people[name] = Newcomer(name, account, session, entry)
    return made


async def _entered(site: Site, account: Account) -> tuple[Exchange, Headers] | None:
    """Return what a login is answered, and the session that it gives."""
    entry = await login_answer(site, account)
    session = await session_from(site, entry) if entry else ()
    return (entry, session) if entry and session else None


async def furnished(site: Peopled, nonce: Nonce) -> None:
    """Have each newcomer make one object of each kind, so that they own something."""
    for person in site.people.values():
        for op in islice((op for op in writings(site) if op.request.method == "POST"), MOST_MADE):
            request = await fresh(site, op, person.session)
            for point in texts(request):
                request = put(request, point, marked(point, nonce.word(12)))
            await site.send(request, identity=person.name)
