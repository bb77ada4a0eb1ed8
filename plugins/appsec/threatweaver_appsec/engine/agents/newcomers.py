"""What needs somebody signed in, done by accounts of our own where a scan was given none."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

from threatweaver_appsec.engine.agent import Agent, Nonce, Prober, Proof, Safety, Site, Suspicion
from threatweaver_appsec.engine.agents import access, identity_cookies, ownership, tokens
from threatweaver_appsec.engine.newcomers import Peopled, furnished, peopled

TWO = ("bola-read", "bola-object-write", "session-forgery")


async def _from_its_login(people: Peopled, suspicion: Suspicion, nonce: Nonce) -> Proof | None:
    """Return the proof with the logins in front, whose sessions nobody else has."""
    proof = await suspicion.shows(nonce)
    return proof and replace(proof, exchanges=(*people.entries(proof.exchanges), *proof.exchanges))


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
            yield replace(suspicion, shows=partial(_from_its_login, people, suspicion))

    about = replace(agent.about, id=f"{agent.about.id}-newcomers", safety=Safety.INTRUSIVE)
    return Prober(about, probe)


AGENTS: tuple[Agent, ...] = tuple(
    _by_newcomers(agent)
    for agent in (*access.AGENTS, *ownership.AGENTS, *tokens.AGENTS, *identity_cookies.AGENTS)
    if isinstance(agent, Prober) and agent.needs
)
