"""/appsec/ci/policies and /appsec/ci/baselines: what pipelines are judged by."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from threatweaver.sdk import (
    EMPTY,
    Caller,
    Conflict,
    Context,
    Example,
    NotFound,
    Page,
    RouteTable,
    Unprocessable,
    bare,
    page,
    rows,
)
from threatweaver_appsec.assessments import service as assessments
from threatweaver_appsec.ci import service
from threatweaver_appsec.ci.models import Baseline
from threatweaver_appsec.ci.queries import POLICIES
from threatweaver_appsec.ci.schemas import (
    BaselineIn,
    BaselineOut,
    EvaluateIn,
    EvaluationOut,
    GatePolicyCreate,
    GatePolicyOut,
    GatePolicyUpdate,
)
from threatweaver_appsec.errors import ScanUnfinished
from threatweaver_appsec.permissions import Perm

policies = RouteTable(path="/appsec/ci/policies", tag="AppSec pipelines")
baselines = RouteTable(path="/appsec/ci/baselines", tag="AppSec pipelines")


@policies.route("GET", permission=Perm.FINDING_READ, query=POLICIES.query, returns=page(GatePolicyOut))
async def list_gate_policies(ctx: Context) -> Page:
    """List the policies that pipelines are judged by."""
    return await ctx.page(POLICIES)


@policies.route(
    "POST",
    permission=Perm.POLICY_WRITE,
    body=GatePolicyCreate,
    returns=GatePolicyOut,
    status=201,
    errors=(Conflict,),
)
async def create_gate_policy(ctx: Context) -> Mapping[str, Any]:
    """Create a policy: fail on more than `most` findings as bad as `failOn`, new ones or all."""
    return await _one(await service.save_policy(None, **ctx.body))


@policies.route("GET", "/{id}", permission=Perm.FINDING_READ, returns=GatePolicyOut)
async def get_gate_policy(ctx: Context) -> Mapping[str, Any]:
    """Return a policy."""
    return await _one(ctx.uuid("id"))


@policies.route(
    "PUT",
    "/{id}",
    permission=Perm.POLICY_WRITE,
    body=GatePolicyUpdate,
    returns=GatePolicyOut,
    errors=(Conflict,),
)
async def update_gate_policy(ctx: Context) -> Mapping[str, Any]:
    """Change a policy; the default one judges scans that name none."""
    return await _one(await service.save_policy(ctx.uuid("id"), **ctx.body))


@policies.route("DELETE", "/{id}", permission=Perm.POLICY_WRITE, returns=EMPTY)
async def delete_gate_policy(ctx: Context) -> None:
    """Delete a policy; scans that name it are judged by the default one."""
    await (await service.policy(ctx.uuid("id"))).delete()


async def _over(caller: Caller) -> Example:
    policy = await caller.some("/appsec/ci/policies")
    body = {"targetUrl": "https://staging.example.com", "profile": "quick"}
    await caller.call("DELETE", "/appsec/emergency-stop")  # no scan begins where it is pulled
    made = await caller.call("POST", "/appsec/ci/scan", body)
    return Example(params={"id": policy}, body={"scanId": made.body["scanId"]})


@policies.route(
    "POST",
    "/{id}/evaluate",
    permission=Perm.FINDING_READ,
    body=EvaluateIn,
    returns=bare(EvaluationOut),
    errors=(NotFound, ScanUnfinished, Unprocessable),
    example=_over,
)
async def evaluate(ctx: Context) -> Mapping[str, Any]:
    """Return which verdict a policy would give on an assessment that is over."""
    chosen = await service.policy(ctx.uuid("id"))
    try:
        found = await assessments.known(ctx.body["scan_id"])
    except NotFound:
        raise Unprocessable("There is no such scan.") from None
    given, _ = await service.judged(found, chosen)
    return {"verdict": given.verdict, "reasons": given.reasons, "summary": given.summary}


async def _of_target(caller: Caller) -> Example:
    made = await caller.some("/appsec/assessments")
    found = (await caller.call("GET", f"/appsec/assessments/{made}")).body["data"]
    body = {"assessmentId": made}
    await caller.call("PUT", f"/appsec/ci/baselines/{found['targetId']}", body)
    return Example(params={"targetId": found["targetId"]}, body=body)


async def _without_body(caller: Caller) -> Example:
    return Example(params=(await _of_target(caller)).params)


@baselines.route("GET", permission=Perm.FINDING_READ, returns=rows(BaselineOut))
async def list_baselines(_: Context) -> Sequence[Baseline]:
    """List the baselines that were set; other targets have their completed scan before as one."""
    return await Baseline.all().order_by("-set_at").limit(1000)


@baselines.route(
    "PUT",
    "/{targetId}",
    permission=Perm.POLICY_WRITE,
    body=BaselineIn,
    returns=BaselineOut,
    errors=(Unprocessable,),
    example=_of_target,
)
async def set_baseline(ctx: Context) -> Baseline:
    """Let new findings of a target be told by an assessment of it."""
    return await service.set_baseline(
        ctx.uuid("targetId"), ctx.body["assessment_id"], by=ctx.principal.user_id
    )


@baselines.route("DELETE", "/{targetId}", permission=Perm.POLICY_WRITE, returns=EMPTY, example=_without_body)
async def delete_baseline(ctx: Context) -> None:
    """Let new findings of a target be told by its completed scan before, again."""
    if not await Baseline.filter(target_id=ctx.uuid("targetId")).delete():
        raise NotFound


async def _one(policy_id: UUID) -> Mapping[str, Any]:
    found = await POLICIES.one(policy_id)
    if found is None:
        raise NotFound
    return found
