"""/appsec/findings: lists, one of them, and what people decide about it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.sdk import (
    Context,
    Example,
    NotFound,
    Page,
    RouteTable,
    Scope,
    Unprocessable,
    bare,
    page,
    record,
    rows,
)
from threatweaver_appsec.errors import CountDiffers, FindingFixed, FindingNotAccepted, ScansStopped
from threatweaver_appsec.findings import bulk, queries, retesting, service
from threatweaver_appsec.findings.example import accepted
from threatweaver_appsec.findings.queries import DETAIL, EVENTS, LISTING
from threatweaver_appsec.findings.schemas import (
    AppsecAcceptIn,
    AppsecAssignIn,
    AppsecBulkIn,
    AppsecBulkOut,
    AppsecFindingCreate,
    AppsecFindingDetailOut,
    AppsecFindingOut,
    AppsecFindingUpdate,
    AppsecReasonIn,
    AppsecStatsOut,
    DuplicateIn,
    EvidenceOut,
    FindingEventOut,
    ReplayOut,
    RetestOut,
)
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.targets import allowed

table = RouteTable(path="/appsec/findings", tag="AppSec findings")


@table.route("GET", permission=Perm.FINDING_READ, query=LISTING.query, returns=page(AppsecFindingOut))
async def list_findings(ctx: Context) -> Page:
    """List findings of all targets, the worst first."""
    return await ctx.page(LISTING)


@table.route(
    "POST",
    permission=Perm.FINDING_WRITE,
    body=AppsecFindingCreate,
    returns=AppsecFindingDetailOut,
    status=201,
    errors=(Unprocessable,),
)
async def create_finding(ctx: Context) -> Mapping[str, Any]:
    """Record what a person found; scans leave it alone."""
    made = await service.create(by=ctx.principal.user_id, **ctx.body)
    ctx.changed(f"appsec-finding:{made.id}", after={"title": made.title})
    return await _one(made.id)


@table.route(
    "GET", "/stats", permission=Perm.FINDING_READ, query=LISTING.filters, returns=bare(AppsecStatsOut)
)
async def stats(ctx: Context) -> dict[str, Any]:
    """Count what a filter matches, by severity and status; takes the filters of the list."""
    return await queries.stats(ctx.query)


@table.route(
    "POST",
    "/bulk-update",
    permission=Perm.RISK_ACCEPT,
    body=AppsecBulkIn,
    returns=bare(AppsecBulkOut),
    errors=(CountDiffers, Unprocessable),
    example=Example(body={"filter": {"search": "example"}, "action": "reopen"}),
)
async def update_findings(ctx: Context) -> dict[str, Any]:
    """Decide on many findings: `findingIds`, or those of a `filter` as the list takes it.

    `skipped` are those that the action does not apply to. With `dryRun` nothing is changed; when
    `expectedCount` differs from the number found, nothing is, either.
    """
    found = await bulk.decide(ctx.body, by=ctx.principal.user_id)
    ctx.changed("appsec-findings", after=found)
    return found


@table.route("GET", "/{id}", permission=Perm.FINDING_READ, returns=AppsecFindingDetailOut)
async def get_finding(ctx: Context) -> Mapping[str, Any]:
    """Return a finding: what it is, where, and how to get rid of it."""
    return await _one(ctx.uuid("id"))


@table.route(
    "PUT", "/{id}", permission=Perm.FINDING_WRITE, body=AppsecFindingUpdate, returns=AppsecFindingDetailOut
)
async def update_finding(ctx: Context) -> Mapping[str, Any]:
    """Change the status, severity or title of a finding; a severity of one's own stays at the next scan."""
    found = await service.update(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body)
    ctx.changed(f"appsec-finding:{found.id}", after=dict(ctx.body))
    return await _one(found.id)


@table.route(
    "POST",
    "/{id}/accept-risk",
    permission=Perm.RISK_ACCEPT,
    body=AppsecAcceptIn,
    returns=AppsecFindingDetailOut,
    errors=(FindingFixed, Unprocessable),
)
async def accept_risk(ctx: Context) -> Mapping[str, Any]:
    """Accept the risk of a finding until a date, with a reason; it is reopened then."""
    found = await service.accept_risk(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body)
    ctx.changed(
        f"appsec-finding:{found.id}", after={"status": found.status, "until": str(found.accepted_until)}
    )
    return await _one(found.id)


@table.route(
    "POST",
    "/{id}/false-positive",
    permission=Perm.RISK_ACCEPT,
    body=AppsecReasonIn,
    returns=AppsecFindingDetailOut,
)
async def false_positive(ctx: Context) -> Mapping[str, Any]:
    """Say that a finding is none; it stays so when scans see it again."""
    return await _changed(ctx, await service.call_false(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body))


@table.route(
    "POST",
    "/{id}/reopen",
    permission=Perm.RISK_ACCEPT,
    returns=AppsecFindingDetailOut,
    errors=(FindingNotAccepted,),
    example=accepted,
)
async def reopen(ctx: Context) -> Mapping[str, Any]:
    """Take back that a finding is accepted, false, or a duplicate."""
    return await _changed(ctx, await service.reopen(ctx.uuid("id"), by=ctx.principal.user_id))


@table.route(
    "POST",
    "/{id}/assign",
    permission=Perm.FINDING_WRITE,
    body=AppsecAssignIn,
    returns=AppsecFindingDetailOut,
    errors=(Unprocessable,),
)
async def assign(ctx: Context) -> Mapping[str, Any]:
    """Give a finding to oneself, to somebody who has worked with findings here, or with null to nobody."""
    return await _changed(ctx, await service.assign(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body))


@table.route(
    "POST",
    "/{id}/duplicate",
    permission=Perm.FINDING_WRITE,
    body=DuplicateIn,
    returns=AppsecFindingDetailOut,
    errors=(Unprocessable,),
)
async def duplicate(ctx: Context) -> Mapping[str, Any]:
    """Say that a finding is another one of the same target."""
    made = await service.mark_duplicate(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body)
    return await _changed(ctx, made)


@table.route("GET", "/{id}/duplicates", permission=Perm.FINDING_READ, returns=rows(AppsecFindingOut))
async def duplicates(ctx: Context) -> Any:
    """List findings that are, or look like, the same flaw."""
    await service.known(ctx.uuid("id"))
    return await queries.alike(ctx.uuid("id"))


@table.route(
    "GET", "/{id}/history", permission=Perm.FINDING_READ, query=EVENTS.query, returns=page(FindingEventOut)
)
async def history(ctx: Context) -> Page:
    """List what happened to a finding, the latest first, by which assessment or person."""
    await service.known(ctx.uuid("id"))
    return await ctx.page(EVENTS, finding=ctx.uuid("id"))


@table.route("GET", "/{id}/evidence", permission=Perm.EVIDENCE_READ, returns=EvidenceOut)
async def evidence(ctx: Context) -> Mapping[str, Any]:
    """Return what proves a finding: a sentence, an excerpt, what was exchanged; secrets are gone."""
    found = await service.evidence(ctx.uuid("id"))
    del found["curl"], found["telltale"]
    return found


@table.route("GET", "/{id}/replay", permission=Perm.EVIDENCE_READ, returns=ReplayOut)
async def replay(ctx: Context) -> Mapping[str, Any]:
    """Return how to see a finding again by hand: a curl line, and the same as HAR; empty for one without.

    `telltale` says by what the line reproduces: `answer`, each answer has the status and says what the one in
    `har` did; `time`, they take as long; `callback`, the target requests the URL that the evidence names.
    """
    found = await service.evidence(ctx.uuid("id"))
    return {name: found[name] for name in ("curl", "telltale", "har")}


@table.route(
    "POST",
    "/{id}/retest",
    permission=Perm.ASSESSMENT_RUN,
    returns=bare(RetestOut),
    scope=Scope.NONE,
    errors=(NotFound, ScansStopped),
)
async def retest(ctx: Context) -> Mapping[str, Any]:
    """Look again, now, whether a finding is there; one that is not is closed.

    `inconclusive` says nothing of the finding: the target did not answer, the login failed, or nobody proved
    that the target may be scanned. What a person found has to be looked at by a person, and is inconclusive.
    """
    finding_id, allow = ctx.uuid("id"), allowed.of(ctx.kernel.registry.settings)
    schema = ctx.principal.schema
    async with ctx.kernel.database.tenant(schema, read_only=True):
        again = await retesting.prepare(ctx, finding_id, allow)
    found = await retesting.look(ctx, again, finding_id)
    async with ctx.kernel.database.tenant(schema):
        said = await retesting.settle(finding_id, found, by=ctx.principal.user_id)
        await record(f"appsec-finding:{finding_id}", after={"retest": said["state"]})
    return said


async def _changed(ctx: Context, found: Any) -> Mapping[str, Any]:
    ctx.changed(f"appsec-finding:{found.id}", after={"status": found.status})
    return await _one(found.id)


async def _one(finding_id: UUID) -> Mapping[str, Any]:
    found = await DETAIL.one(finding_id)
    if found is None:
        raise NotFound
    return found
