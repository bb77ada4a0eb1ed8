"""What there is to know of agents, and whether they run. No request, no schema, no status code."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound
from threatweaver_appsec.agents.models import AgentSetting
from threatweaver_appsec.engine.agent import Agent, PointAgent, Prober
from threatweaver_appsec.engine.catalog import listed_agents
from threatweaver_appsec.engine.measured import measured
from threatweaver_appsec.findings.models import ACTIVE, AppsecFinding


async def agents() -> list[dict[str, Any]]:
    """Return every agent, with whether it runs."""
    said = {item.agent: item.enabled for item in await AgentSetting.all()}
    return [_described(agent, said.get(agent.about.id)) for agent in listed_agents()]


async def agent(name: str) -> dict[str, Any]:
    """Return one agent with what it found. Raises NotFound."""
    found = _known(name)
    said = await AgentSetting.get_or_none(agent=name)
    return {
        **_described(found, said.enabled if said else None),
        "openFindings": await AppsecFinding.filter(agent=name, status__in=ACTIVE).count(),
        "updatedBy": said and said.updated_by,
        "updatedAt": said and said.updated_at,
    }


async def switch(name: str, *, by: UUID, enabled: bool) -> dict[str, Any]:
    """Let an agent run in scans to come, or not. Raises NotFound."""
    _known(name)
    await AgentSetting.update_or_create(agent=name, defaults={"enabled": enabled, "updated_by": by})
    return await agent(name)


async def reset(name: str) -> dict[str, Any]:
    """Let an agent run as it does by itself. Raises NotFound."""
    _known(name)
    await AgentSetting.filter(agent=name).delete()
    return await agent(name)


def _known(name: str) -> Agent:
    found = next((one for one in listed_agents() if one.about.id == name), None)
    if found is None:
        raise NotFound
    return found


def _described(one: Agent, said: bool | None) -> dict[str, Any]:  # noqa: FBT001 - what the tenant said, if anything
    about = one.about
    told = measured()
    counted = told.agents.get(about.id)
    return {
        "id": about.id,
        "title": about.title,
        "kind": "point"
        if isinstance(one, PointAgent)
        else "prober"
        if isinstance(one, Prober)
        else "watcher",
        "cwe": about.cwe,
        "owasp": about.owasp,
        "severity": about.severity.value,
        "safety": about.safety.name.lower(),
        "description": about.description,
        "remedy": about.remedy,
        "confirmations": about.confirmation.of,
        "optIn": about.opt_in,
        "needs": sorted(one.needs) if isinstance(one, Prober) else [],
        "enabled": not about.opt_in if said is None else said,
        "measurement": counted
        and {**asdict(counted), "precision": counted.precision, "targets": told.targets, "at": told.at},
    }
