"""/appsec/targets: what may be scanned, the proof that it may, and what of it is in scope."""

from collections.abc import Mapping
from typing import Any

from threatweaver.sdk import EMPTY, Conflict, Context, NotFound, Page, RouteTable, Scope, bare, page, record
from threatweaver_appsec.assessments.queries import LISTING as ASSESSMENTS
from threatweaver_appsec.assessments.schemas import AssessmentOut
from threatweaver_appsec.errors import TargetInUse
from threatweaver_appsec.findings.queries import LISTING as FINDINGS
from threatweaver_appsec.findings.schemas import AppsecFindingOut
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.targets import allowed, proof, service
from threatweaver_appsec.targets.models import Target
from threatweaver_appsec.targets.queries import LISTING
from threatweaver_appsec.targets.schemas import (
    ScopeAnswerOut,
    ScopeIn,
    ScopeOut,
    ScopeQuestionIn,
    TargetCreate,
    TargetOut,
    TargetUpdate,
    VerificationOut,
    VerifyIn,
)

table = RouteTable(path="/appsec/targets", tag="AppSec targets")


@table.route("GET", permission=Perm.TARGET_READ, query=LISTING.query, returns=page(TargetOut))
async def list_targets(ctx: Context) -> Page:
    """List targets."""
    return await ctx.page(LISTING)


@table.route(
    "POST", permission=Perm.TARGET_WRITE, body=TargetCreate, returns=TargetOut, status=201, errors=(Conflict,)
)
async def create_target(ctx: Context) -> Target:
    """Add a target; nothing is sent to it before it is verified, or on the operator's allow-list."""
    made = await service.create(by=ctx.principal.user_id, **ctx.body)
    ctx.changed(f"appsec-target:{made.id}", after={"baseUrl": made.base_url})
    return made


@table.route("GET", "/{id}", permission=Perm.TARGET_READ, returns=TargetOut)
async def get_target(ctx: Context) -> Target:
    """Return a target."""
    return await service.known(ctx.uuid("id"))


@table.route("PUT", "/{id}", permission=Perm.TARGET_WRITE, body=TargetUpdate, returns=TargetOut)
async def update_target(ctx: Context) -> Target:
    """Change a target's name or description; another address is another target."""
    return await service.update(ctx.uuid("id"), **ctx.body)


@table.route("DELETE", "/{id}", permission=Perm.TARGET_WRITE, returns=EMPTY, errors=(TargetInUse,))
async def delete_target(ctx: Context) -> None:
    """Delete a target with its assessments and findings."""
    await service.delete(ctx.uuid("id"))


@table.route("GET", "/{id}/verification", permission=Perm.TARGET_READ, returns=VerificationOut)
async def verification(ctx: Context) -> Mapping[str, Any]:
    """Return how to prove that a target may be scanned, and whether that is proven."""
    found = await service.known(ctx.uuid("id"))
    return service.instructions(found, allowed.of(ctx.kernel.registry.settings))


@table.route(
    "POST",
    "/{id}/verify",
    permission=Perm.TARGET_WRITE,
    body=VerifyIn,
    returns=VerificationOut,
    scope=Scope.NONE,
    errors=(NotFound,),
)
async def verify(ctx: Context) -> Mapping[str, Any]:
    """Look for the proof: a TXT record, a file, or a meta tag; `checkError` says why it is not there."""
    target_id, method = ctx.uuid("id"), ctx.body["method"]
    allow = allowed.of(ctx.kernel.registry.settings)
    async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
        found = await service.known(target_id)
    error = await proof.look(ctx, found, method, allow)
    async with ctx.kernel.database.tenant(ctx.principal.schema):
        found = await service.checked(target_id, method, error)
        await record(f"appsec-target:{target_id}", after={"method": method, "proven": error is None})
    return service.instructions(found, allow)


@table.route("DELETE", "/{id}/verification", permission=Perm.TARGET_WRITE, returns=VerificationOut)
async def forget_verification(ctx: Context) -> Mapping[str, Any]:
    """Take the verification of a target back; the proof has a new token from now on."""
    found = await service.forget_verification(ctx.uuid("id"))
    return service.instructions(found, allowed.of(ctx.kernel.registry.settings))


@table.route("GET", "/{id}/scope", permission=Perm.TARGET_READ, returns=ScopeOut)
async def get_scope(ctx: Context) -> Target:
    """Return what of a target may be asked: origins beside its own, path prefixes, exclusions."""
    return await service.known(ctx.uuid("id"))


@table.route("PUT", "/{id}/scope", permission=Perm.TARGET_WRITE, body=ScopeIn, returns=ScopeOut)
async def set_scope(ctx: Context) -> Target:
    """Change what of a target may be asked; exclusions are shell patterns of paths or URLs.

    A further origin has to be that of a verified target, or on the operator's allow-list.
    """
    return await service.set_scope(ctx.uuid("id"), allowed.of(ctx.kernel.registry.settings), **ctx.body)


@table.route(
    "POST",
    "/{id}/scope/check",
    permission=Perm.TARGET_READ,
    body=ScopeQuestionIn,
    returns=bare(ScopeAnswerOut),
)
async def check_scope(ctx: Context) -> Mapping[str, Any]:
    """Say whether a scan in safe mode would send such a request, and if not, why."""
    found = await service.known(ctx.uuid("id"))
    return service.asked(found, allowed.of(ctx.kernel.registry.settings), **ctx.body)


@table.route(
    "GET",
    "/{id}/assessments",
    permission=Perm.ASSESSMENT_READ,
    query=ASSESSMENTS.query,
    returns=page(AssessmentOut),
)
async def target_assessments(ctx: Context) -> Page:
    """List the assessments of a target."""
    await service.known(ctx.uuid("id"))
    return await ctx.page(ASSESSMENTS, target_id=ctx.uuid("id"))


@table.route(
    "GET",
    "/{id}/findings",
    permission=Perm.FINDING_READ,
    query=FINDINGS.query,
    returns=page(AppsecFindingOut),
)
async def target_findings(ctx: Context) -> Page:
    """List the findings of a target."""
    await service.known(ctx.uuid("id"))
    return await ctx.page(FINDINGS, target_id=ctx.uuid("id"))
