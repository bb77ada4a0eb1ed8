"""Where a login sends the browser: seen with credentials that are right, for wrong ones lead back to it."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice

from threatweaver_appsec.engine.accounts import (
    ANTI_FORGERY,
    PASSWORD,
    USER,
    filled,
    fresh,
    key_of,
    logins,
    takes_mail,
)
from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Operation,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.agents.attacks import numeric
from threatweaver_appsec.engine.agents.redirects import TOLD, host_of, targets
from threatweaver_appsec.engine.credentials import somebody
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.points import Point, Where, points_of, put

MOST_LOGINS = 3
SHAPES = ("https://{0}/", "//{0}/", "/\\{0}/")


async def _logins(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    found: set[tuple[str, str]] = set()
    taking = ((op, points) for op in logins(site) if (points := tuple(_onward(op.request))))
    for op, points in islice(taking, MOST_LOGINS):
        for point in points:
            place = op.request.parts.path, point.name
            if place not in found and (shape := await _taken(site, op, point, nonce)):
                found.add(place)
                again = partial(_sends, site, op, point)
                yield Suspicion(partial(again, shape), partial(again, "/{0}"), op)


def _onward(request: Request) -> Iterator[Point]:
    """Yield the points of a login that may say where it leads."""
    for point in points_of(request):
        key = key_of(point)
        if point.where not in (Where.QUERY, Where.FORM, Where.JSON) or takes_mail(point) or numeric(point):
            continue
        if TOLD.search(key) and not any(one.search(key) for one in (PASSWORD, USER, ANTI_FORGERY)):
            yield point


async def _taken(site: Site, op: Operation, point: Point, nonce: Nonce) -> str:
    """Return the shape of an address that a login leads to, empty where it leads to none."""
    for shape in SHAPES:
        answer, host = await _answer(site, op, point, shape, nonce)
        places = [place for place, _ in targets(answer.response)] if answer and answer.response else []
        if answer and any(host_of(place, answer.request.url) == host for place in places):
            return shape
        if not places:
            break  # it leads nowhere, or does not let anybody in
    return ""


async def _sends(site: Site, op: Operation, point: Point, shape: str, nonce: Nonce) -> Proof | None:
    """Show that a login leads to the host that a value named."""
    answer, host = await _answer(site, op, point, shape, nonce)
    for place, by in targets(answer.response) if answer and answer.response else ():
        if answer and host_of(place, answer.request.url) == host:
            return Proof(
                says=f"After the login {by} sends the browser to {host}, which {key_of(point)} named.",
                excerpt=place[:300],
                exchanges=(answer,),
                point=point,
            )
    return None


async def _answer(
    site: Site, op: Operation, point: Point, shape: str, nonce: Nonce
) -> tuple[Exchange | None, str]:
    """Sign in with an address there; return the answer, and the host of the address."""
    host = f"{nonce.word(10)}.example"
    account = await somebody(site, nonce)
    if account is None:
        return None, host
    request = filled(await fresh(site, op), account.username, account.password, account.email)
    return await site.send(put(request, point, shape.format(host))), host


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="login-redirect",
            title="Login leads to other sites",
            cwe=601,
            owasp="A01:2021",
            severity=Severity.MEDIUM,
            safety=Safety.INTRUSIVE,
            description="Who signs in by somebody else's link is sent to any site by the real login, "
            "and takes what is there for this one.",
            remedy="Lead to paths of this site only, or to those of a list.",
        ),
        _logins,
    ),
)
