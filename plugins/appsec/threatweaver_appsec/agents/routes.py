"""/appsec/agents: what scans look for, and whether they do."""

from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import Context, NotFound, RouteTable, rows
from threatweaver_appsec.agents import service
from threatweaver_appsec.agents.schemas import AgentDetailOut, AgentOut, AgentSettingIn
from threatweaver_appsec.permissions import Perm

table = RouteTable(path="/appsec/agents", tag="AppSec agents")
_AGENT = fields.String(validate=validate.Regexp(r"\A[a-z0-9][a-z0-9._-]{0,63}\Z"))


@table.route("GET", permission=Perm.PROFILE_READ, returns=rows(AgentOut))
async def list_agents(_: Context) -> list[dict[str, Any]]:
    """List what scans can look for: the weakness, how bad, how safe to ask, and whether it runs.

    `measurement` is how often it was right at targets whose weaknesses are known; null where that was not
    measured. Its `precision` is the `confidence` of its findings.
    """
    return await service.agents()


@table.route(
    "GET",
    "/{agent}",
    params={"agent": _AGENT},
    permission=Perm.PROFILE_READ,
    returns=AgentDetailOut,
    errors=(NotFound,),
)
async def get_agent(ctx: Context) -> dict[str, Any]:
    """Return an agent, with how many of its findings are open."""
    return await service.agent(ctx.params["agent"])


@table.route(
    "PUT",
    "/{agent}",
    params={"agent": _AGENT},
    permission=Perm.PROFILE_WRITE,
    body=AgentSettingIn,
    returns=AgentDetailOut,
    errors=(NotFound,),
)
async def set_agent(ctx: Context) -> dict[str, Any]:
    """Let an agent run in scans to come, or not; one that has to be asked for runs once it is enabled."""
    found = await service.switch(ctx.params["agent"], by=ctx.principal.user_id, **ctx.body)
    ctx.changed(f"appsec-agent:{found['id']}", after={"enabled": found["enabled"]})
    return found


@table.route(
    "DELETE",
    "/{agent}",
    params={"agent": _AGENT},
    permission=Perm.PROFILE_WRITE,
    returns=AgentDetailOut,
    errors=(NotFound,),
)
async def reset_agent(ctx: Context) -> dict[str, Any]:
    """Forget what was said of an agent: it runs as it does by itself."""
    return await service.reset(ctx.params["agent"])
