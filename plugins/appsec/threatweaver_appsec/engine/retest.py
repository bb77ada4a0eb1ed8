"""Whether a finding is still there: its own agent looks again at its own place, and nothing else is sent."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from secrets import token_hex

from threatweaver_appsec.engine.accounts import register, registrations
from threatweaver_appsec.engine.agent import Agent, Operation, PointAgent, Prober, Telltale, Watcher
from threatweaver_appsec.engine.confirm import Limited, Trial, Watching, probed
from threatweaver_appsec.engine.credentials import keeping, password_of, sets_password
from threatweaver_appsec.engine.findings import Finding, Hit, fingerprint
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.newcomers import NAMES
from threatweaver_appsec.engine.pace import OVERLOADED
from threatweaver_appsec.engine.places import name_of
from threatweaver_appsec.engine.points import Point, points_of
from threatweaver_appsec.engine.redact import GONE
from threatweaver_appsec.engine.site import Ended, Target, place_of
from threatweaver_appsec.engine.tickets import Tickets

LONGEST = 60.0  # seconds
LOOKS = 3  # until what shows by time is closed: it may be a busy target that hides it


class Still(StrEnum):
    """What a retest says."""

    OPEN = "open"
    CLOSED = "closed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Retest:
    """The answer; `hit` proves that it is open."""

    state: Still
    says: str
    seconds: float = 0.0
    hit: Hit | None = None


async def retest(finding: Finding, target: Target, agents: Iterable[Agent]) -> Retest:
    """Look again. `target` has whoever is signed in, and for probers the operations that the scan knew."""
    began = time.monotonic()
    target = replace(target, seed=token_hex(8))  # what the last retest made, names or caches, is taken
    try:
        async with asyncio.timeout(LONGEST):
            answer = await _again(finding, target, agents)
    except TimeoutError:
        answer = Retest(Still.INCONCLUSIVE, f"it took longer than {LONGEST:.0f} seconds")
    except Limited as limited:
        answer = Retest(Still.INCONCLUSIVE, str(limited))
    except Ended as end:
        answer = Retest(Still.INCONCLUSIVE, f"nothing more could be sent: {end}")
    except Exception as error:  # noqa: BLE001 - an agent that fails says nothing about the target
        answer = Retest(Still.INCONCLUSIVE, f"the agent failed: {type(error).__name__}"[:300])
    return replace(answer, seconds=round(time.monotonic() - began, 2))


async def _again(finding: Finding, target: Target, agents: Iterable[Agent]) -> Retest:
    agent = next((one for one in agents if one.about.id == finding.agent), None)
    request = _asked(finding, target)
    if agent is None or request is None:
        unknown = "it sets a password, and that of the identity is not known"
        gone = f"there is no agent {finding.agent} any more"
        return Retest(Still.INCONCLUSIVE, unknown if agent else gone)
    whole = await target.send(request, identity=target.identity if finding.identity else None)
    if whole.response is None:
        return Retest(Still.INCONCLUSIVE, f"the target does not answer: {whole.fault}")
    operation = Operation(request, whole, "retest", template=_template(finding))
    for _ in range(LOOKS if finding.telltale is Telltale.TIME else 1):
        if hit := await _hit(agent, finding, target, operation):
            return Retest(Still.OPEN, hit.proof.says, hit=hit)
    if doubt := _doubt(finding, whole) or await _nobody_new(finding, target):
        return Retest(Still.INCONCLUSIVE, doubt)
    return Retest(Still.CLOSED, "it does not show any more")


async def _hit(agent: Agent, finding: Finding, target: Target, operation: Operation) -> Hit | None:
    match agent:
        case PointAgent():
            return await _attacked(agent, finding, target, operation)
        case Prober():
            return await _probed(agent, finding, target, operation)
        case Watcher():
            return _seen(agent, finding, target, operation.baseline)


def _asked(finding: Finding, target: Target) -> Request | None:
    """The finding's request with the identity's own password, which no finding keeps; None without it."""
    own = password_of(target.identities.get(target.identity or ""))
    lost = not own and sets_password(finding.request) and GONE.encode() in finding.request.body
    return None if lost else keeping(finding.request, own)


async def _attacked(agent: PointAgent, finding: Finding, target: Target, operation: Operation) -> Hit | None:
    """The attack that was confirmed; the others only where the place answers another way now."""
    if finding.point is None:
        return None
    point = _point(finding.point, operation)
    tickets = Tickets()
    first, second = await tickets.twice(target, operation)
    trial = Trial(target.by(agent.about.id), agent, operation, point, first, second, tickets)
    return await trial.confirm(finding.attempt) or await trial.run()


async def _probed(agent: Prober, finding: Finding, target: Target, operation: Operation) -> Hit | None:
    known = target if target.operations else replace(target, operations=_known(finding, operation))
    async for hit in probed(known, agent):
        if fingerprint(hit, target.base) == finding.fingerprint:
            return hit
    return None


def _known(finding: Finding, operation: Operation) -> list[Operation]:
    """What the scan knew of the target, as far as the agent asked it."""
    place = place_of(operation.request)
    own = any(place_of(one.request) == place for one in finding.beside)
    return [*finding.beside] if own else [operation, *finding.beside]


def _seen(agent: Watcher, finding: Finding, target: Target, exchange: Exchange) -> Hit | None:
    hits = Watching((agent,), target.base).look(exchange)
    return next((hit for hit in hits if fingerprint(hit, target.base) == finding.fingerprint), None)


def _doubt(finding: Finding, answer: Exchange) -> str:
    """Why nothing that shows proves nothing. A place that asks nobody in is mended if nobody was let in."""
    known = finding.identity and finding.identity not in NAMES  # who was made anew just now is signed in
    lets_nobody_in = answer.status == 407 or (answer.status == 401 and known)
    doubtful = lets_nobody_in or answer.status in OVERLOADED
    return f"the place answers with status {answer.status}" if doubtful else ""


async def _nobody_new(finding: Finding, target: Target) -> str:
    """Why nothing shows where it took accounts of our own, and there are no others: none can be made now."""
    known = replace(target.by(finding.agent), operations=finding.beside)
    if target.identities or not any(registrations(known)):
        return ""
    if await register(known, known.nonce("somebody new")):
        return ""
    return "nobody can register any more, and it takes somebody new to look again"


def _point(point: Point, operation: Operation) -> Point:
    """The point with the value that stands there."""
    own = points_of(operation.request, headers=True)
    return next((one for one in own if name_of(one) == name_of(point)), point)


def _template(finding: Finding) -> str:
    return finding.template if finding.template.startswith("/") else ""
