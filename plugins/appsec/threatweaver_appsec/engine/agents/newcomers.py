"""What needs somebody signed in, done by accounts of our own where a scan was given none."""

from collections.abc import AsyncIterator
from dataclasses import replace

from threatweaver_appsec.engine.agent import Agent, Nonce, Prober, Safety, Site, Suspicion
from threatweaver_appsec.engine.agents import access, identity_cookies, ownership, tokens
from threatweaver_appsec.engine.newcomers import furnished, peopled

TWO = ("bola-read", "bola-object-write", "session-forgery")


def _by_newcomers(agent: Prober) -> Prober:
    """Return the agent for a scan that lacks whom it needs; else the agent itself does it."""
    needed = 2 if agent.about.id in TWO else 1

    async def probe(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
        if len(site.identities) >= needed:
            return
        people = await peopled(site, nonce, needed)
        if people is None:
            return
        if needed == 2:
            await furnished(people, nonce)
        async for suspicion in agent.probe(people, nonce):
            yield suspicion

    about = replace(agent.about, id=f"{agent.about.id}-newcomers", safety=Safety.INTRUSIVE)
    return Prober(about, probe)


AGENTS: tuple[Agent, ...] = tuple(
    _by_newcomers(agent)
    for agent in (*access.AGENTS, *ownership.AGENTS, *tokens.AGENTS, *identity_cookies.AGENTS)
    if isinstance(agent, Prober) and agent.needs
)
