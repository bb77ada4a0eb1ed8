"""/vulnerabilities: lists, one of them, statistics, and accepting a risk."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import Context, Example, NotFound, Page, RouteTable, Unprocessable, bare, page, rows
from threatweaver_exposure.errors import CountDiffers, NotAcceptable, NotAccepted
from threatweaver_exposure.filters import service as filters
from threatweaver_exposure.filters.schemas import with_saved_filter
from threatweaver_exposure.flaws import queries as flaws
from threatweaver_exposure.history import queries as history
from threatweaver_exposure.history.schemas import EventOut
from threatweaver_exposure.intelligence.answers import ssvc_of
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.vulnerabilities import bulk, identity, queries, service
from threatweaver_exposure.vulnerabilities.example import accepted
from threatweaver_exposure.vulnerabilities.filters import CveField
from threatweaver_exposure.vulnerabilities.language import loaded, understand
from threatweaver_exposure.vulnerabilities.queries import LISTING
from threatweaver_exposure.vulnerabilities.schemas import (
    AcceptRiskIn,
    BulkUpdateIn,
    BulkUpdateOut,
    FoundMeta,
    IdentityOut,
    ReopenIn,
    SearchIn,
    SearchOut,
    SearchPaging,
    StatsOut,
    VulnerabilityDetailOut,
    VulnerabilityRowOut,
)

table = RouteTable(path="/vulnerabilities", tag="Vulnerabilities")
_PLUGIN = fields.Integer(validate=validate.Range(0, 2**62))


@table.route(
    "GET",
    permission=Perm.VULNERABILITY_READ,
    query=with_saved_filter(LISTING.query),
    returns=page(VulnerabilityRowOut),
    scoped=True,
)
async def list_vulnerabilities(ctx: Context) -> Page:
    """List vulnerabilities, ranked by risk; without `state` those that are open or reopened.

    `asOf` shows those of the end of a past day, with the state, severity and risk score they had.
    `savedFilter` adds the filters that were saved under this id; what the query says itself wins.
    `expand` adds to each row what its check means, its asset, and what was seen; texts end after 20,000
    characters, and the detail has all of them.
    """
    saved = await filters.added(ctx.query, resource="vulnerabilities", by=ctx.principal.user_id)
    return await ctx.page(await queries.quickest({**saved, **ctx.query}), **saved)


@table.route(
    "GET",
    "/stats",
    permission=Perm.VULNERABILITY_READ,
    query=LISTING.filters,
    returns=bare(StatsOut),
    scoped=True,
)
async def stats(ctx: Context) -> dict[str, Any]:
    """Count what a filter matches, by severity and state; takes the filters of the list."""
    return _stats(await queries.stats({**ctx.query, **ctx.narrowed()}))


@table.route(
    "GET",
    "/cve/{cve}",
    params={"cve": CveField()},
    permission=Perm.VULNERABILITY_READ,
    query=LISTING.query,
    returns=page(VulnerabilityRowOut),
    scoped=True,
)
async def by_cve(ctx: Context) -> Page:
    """List the vulnerabilities that a CVE explains."""
    return await ctx.page(await queries.quickest(ctx.query), cve=ctx.params["cve"])


@table.route(
    "GET",
    "/plugin/{id}",
    params={"id": _PLUGIN},
    permission=Perm.VULNERABILITY_READ,
    query=LISTING.query,
    returns=page(VulnerabilityRowOut),
    scoped=True,
)
async def by_plugin(ctx: Context) -> Page:
    """List the vulnerabilities that a Tenable plugin reported."""
    return await ctx.page(await queries.quickest(ctx.query), plugin_id=ctx.params["id"])


@table.route("GET", "/{id}", permission=Perm.VULNERABILITY_READ, returns=VulnerabilityDetailOut, scoped=True)
async def get_vulnerability(ctx: Context) -> dict[str, Any]:
    """Return one vulnerability: what it means, what was seen, and whether its risk is accepted."""
    row = await queries.detail(ctx.uuid("id"), ctx.within)
    if row is None:
        raise NotFound
    return {**_detail(dict(row)), "sameFlaw": await flaws.same_as(ctx.uuid("id"))}


@table.route("GET", "/{id}/history", permission=Perm.VULNERABILITY_READ, returns=rows(EventOut), scoped=True)
async def history_of(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """Return what happened to a vulnerability, the latest first, by which import or person."""
    await get_vulnerability(ctx)  # which raises NotFound for what the caller may not see
    return await history.of(ctx.uuid("id"))


@table.route(
    "POST",
    "/search",
    permission=Perm.VULNERABILITY_READ,
    query=SearchPaging,
    body=SearchIn,
    returns=bare(SearchOut),
    scoped=True,
)
async def search(ctx: Context) -> dict[str, Any]:
    """Find vulnerabilities by plain words; the answer shows the filter that they were understood as.

    Severities, states, CVEs, names of tags and groups, periods ("the last 30 days", "since 2026-01-31") and
    quoted text are understood, by rules and without asking anybody. `ignored` are words that were not.
    """
    names = await queries.names()
    made = understand(ctx.body["query"], **names, today=datetime.now(UTC).date())
    filters = loaded(made, LISTING.filters)
    found = await ctx.page(await queries.quickest(filters), **filters)
    meta = {name: value for name, value in found.meta().items() if name in FoundMeta().fields}
    return {"filter": made.filter, "ignored": made.ignored, "data": found.rows, "meta": meta}


@table.route(
    "GET", "/{id}/identity", permission=Perm.VULNERABILITY_READ, returns=bare(IdentityOut), scoped=True
)
async def identity_of(ctx: Context) -> dict[str, Any]:
    """Explain by which fields sightings are this vulnerability, and which others of the asset share some."""
    found = await identity.explain(ctx.uuid("id"), ctx.within)
    if found is None:
        raise NotFound
    return found


@table.route(
    "POST",
    "/{id}/accept-risk",
    permission=Perm.RISK_ACCEPT,
    scoped=True,
    body=AcceptRiskIn,
    returns=VulnerabilityDetailOut,
    errors=(NotAcceptable, Unprocessable),
)
async def accept_risk(ctx: Context) -> dict[str, Any]:
    """Accept the risk of a vulnerability until a date, with a reason.

    With `wholeFlaw` that of all which are the same flaw and not fixed (`sameAs`), too.
    """
    await get_vulnerability(ctx)  # which raises NotFound for what the caller may not see
    await service.accept_risk(ctx.uuid("id"), by=ctx.principal.user_id, **ctx.body)
    return await get_vulnerability(ctx)


@table.route(
    "POST",
    "/{id}/reopen",
    permission=Perm.RISK_ACCEPT,
    scoped=True,
    query=ReopenIn,
    returns=VulnerabilityDetailOut,
    errors=(NotAccepted,),
    example=accepted,
)
async def reopen(ctx: Context) -> dict[str, Any]:
    """Take the acceptance of a risk back, with `wholeFlaw` that of all which are the same flaw."""
    await get_vulnerability(ctx)
    await service.reopen(ctx.uuid("id"), by=ctx.principal.user_id, whole_flaw=ctx.query["whole_flaw"])
    return await get_vulnerability(ctx)


@table.route(
    "POST",
    "/bulk-update",
    permission=Perm.RISK_ACCEPT,
    scoped=True,
    body=BulkUpdateIn,
    returns=bare(BulkUpdateOut),
    errors=(CountDiffers, Unprocessable),
    example=Example(body={"filter": {"search": "host"}, "action": "reopen"}),
)
async def update_vulnerabilities(ctx: Context) -> dict[str, Any]:
    """Accept the risk of many vulnerabilities, or take that back: of `vulnerabilityIds`, or of a `filter`.

    `filter` has the parameters of the list; without `state` it means the active ones, and to reopen the
    accepted ones. `skipped` are those that the action does not apply to. With `dryRun` nothing is changed.
    When `expectedCount` differs from the number found, nothing is, either.
    """
    body = dict(ctx.body)
    dry_run, expected = body.pop("dry_run"), body.pop("expected_count", None)
    ids, query = body.pop("vulnerability_ids", None), body.pop("filter", None)
    if ids is None:
        matched = await bulk.of_filter(query, ctx.narrowed(), action=body["action"])
    else:
        matched = await bulk.of_ids(ids, ctx.narrowed())
    done = await bulk.decide(matched, body, by=ctx.principal.user_id, dry_run=dry_run, expected=expected)
    ctx.changed("vulnerabilities", after={**body, "filter": query, **done})
    return done


def _detail(row: dict[str, Any]) -> dict[str, Any]:
    row["ssvc"] = ssvc_of(row["ssvc"], row.pop("criticality"))
    reason, until = row.pop("reason"), row.pop("until")
    by, at = row.pop("accepted_by"), row.pop("accepted_at")
    row["acceptance"] = (
        None if reason is None else {"reason": reason, "until": until, "acceptedBy": by, "acceptedAt": at}
    )
    return row


def _stats(row: Mapping[str, Any]) -> dict[str, Any]:
    severities = ("critical", "high", "medium", "low", "info")
    return {
        "total": row["total"],
        "assets": row["assets"],
        "definitions": row["definitions"],
        "bySeverity": {name: row[name] for name in severities},
        "byState": {name: row[name] for name in ("open", "reopened", "accepted", "fixed")},
    }
