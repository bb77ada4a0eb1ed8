"""From an assessment and what it names to a scan as the engine takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from threatweaver_appsec.agents.models import AgentSetting
from threatweaver_appsec.engine.agent import Agent
from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.catalog import PROFILES, all_agents
from threatweaver_appsec.engine.client import Hear
from threatweaver_appsec.engine.discover.discovery import Discovery
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.ports import Login
from threatweaver_appsec.engine.profile.technologies import look
from threatweaver_appsec.engine.wiring import discovery_of, document
from threatweaver_appsec.payload_sets import service as payload_sets
from threatweaver_appsec.targets import service as targets
from threatweaver_appsec.targets.allowed import AllowList
from threatweaver_appsec.targets.models import Target
from threatweaver_appsec.templates import service as templates
from threatweaver_appsec.wordlists.models import Wordlist


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a scan is made of, read in one transaction."""

    id: str
    target: Target
    options: Mapping[str, Any]
    logins: tuple[Login, ...] = ()
    off: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    words: tuple[str, ...] | None = None
    origins: frozenset[str] = frozenset()
    own: tuple[Agent, ...] = ()
    """Agents made of the tenant's templates and of the profile's payload sets."""


async def plan(
    assessment_id: str, target: Target, options: Mapping[str, Any], allow: AllowList, logins: Sequence[Login]
) -> Plan:
    """Read what a scan needs; further origins of its scope only where they are proven now."""
    settings = await AgentSetting.all()
    payloads = await payload_sets.agents(options.get("payload_set_ids", ()))
    words = await Wordlist.get_or_none(id=options["wordlist_id"]) if options.get("wordlist_id") else None
    return Plan(
        id=assessment_id,
        target=target,
        options=options,
        logins=tuple(logins),
        off=frozenset(item.agent for item in settings if not item.enabled),
        also=frozenset(item.agent for item in settings if item.enabled)
        | frozenset(agent.about.id for agent in payloads),
        words=tuple(words.words) if words else None,
        origins=frozenset(await targets.proven(target.origins, allow)),
        own=(*await templates.agents(), *payloads),
    )


async def order_of(plan_: Plan, allow: AllowList, *, callbacks: Callbacks | None, log: Hear) -> Order:
    """Return the engine's order. Raises ValueError for a document that cannot be read."""
    options, target = plan_.options, plan_.target
    scope = targets.scope_of(target, safe=options["safe"], networks=allow.networks)
    own = scope.origins - frozenset(target.origins)
    scope = replace(scope, origins=own | plan_.origins)
    documents = [await document(place, scope) for place in options["documents"] if "://" in place]
    discover: Discovery = discovery_of(
        safe=options["safe"], documents=documents, crawl=options["crawl"], logins=plan_.logins
    )
    if plan_.words is not None:
        discover = replace(discover, words=plan_.words)
    return Order(
        target.base_url,
        scope,
        (*all_agents(), *plan_.own),
        discover,
        look=look,
        logins=plan_.logins,
        profile=replace(PROFILES[options["based_on"]], most_requests=options["max_requests"]),
        limits=Limits(
            requests=options["max_requests"],
            seconds=float(options["max_seconds"]),
            per_second=float(options["max_per_second"]),
            together=options["max_together"],
        ),
        id=plan_.id,
        seed=plan_.id,
        callbacks=callbacks,
        only=frozenset(options["agents"]),
        also=frozenset(options["also"]) | plan_.also,
        without=frozenset(options["without"]) | plan_.off,
        log=log,
    )
