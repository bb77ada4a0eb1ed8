"""/risk: the formula of the WeaverScore, what it makes of a vulnerability, and what another would."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from threatweaver.sdk import (
    JOB,
    Caller,
    Context,
    Example,
    NotFound,
    Page,
    RouteTable,
    Unprocessable,
    bare,
    page,
)
from threatweaver_exposure.assets.routes import get_asset
from threatweaver_exposure.assets.schemas import AssetDetailOut
from threatweaver_exposure.errors import CountDiffers
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.risk import assessment, jobs, queries, service
from threatweaver_exposure.risk.formula import DEFAULT
from threatweaver_exposure.risk.schemas import (
    AssessmentIn,
    BulkAssessmentIn,
    BulkAssessmentOut,
    FormulaIn,
    FormulaUpdate,
    RiskBandsOut,
    RiskExplanationOut,
    RiskFormulaOut,
)

table = RouteTable(path="/risk", tag="Risk")
assets = RouteTable(path="/assets", tag="Assets")
_PUBLISHED = Example(body=service.wire(DEFAULT))


async def _vulnerability(caller: Caller) -> Example:
    return Example(params={"id": await caller.some("/vulnerabilities")})


@table.route("GET", "/formula", permission=Perm.VULNERABILITY_READ, returns=bare(RiskFormulaOut))
async def get_formula(_: Context) -> dict[str, Any]:
    """Return the formula that holds; version 0 is the published one."""
    return await service.formula()


@table.route(
    "PUT", "/formula", permission=Perm.RISK_FORMULA, body=FormulaUpdate, returns=JOB, example=_PUBLISHED
)
async def set_formula(ctx: Context) -> None:
    """Replace the formula; a job ranks every vulnerability anew. `POST /risk/simulate` tells before."""
    found = {name: value for name, value in ctx.body.items() if name != "reason"}
    before, _ = await queries.current()
    version = await service.set_formula(found, reason=ctx.body.get("reason", ""), by=ctx.principal.user_id)
    ctx.changed("risk-formula", before={"version": before}, after={"version": version, **service.wire(found)})
    ctx.submit(jobs.recalculate_risk, by=str(ctx.principal.user_id), version=version)


@table.route(
    "GET",
    "/formula/versions",
    permission=Perm.VULNERABILITY_READ,
    query=queries.VERSIONS.query,
    returns=page(RiskFormulaOut),
)
async def list_versions(ctx: Context) -> Page:
    """List the versions of the formula that people made, the newest first."""
    found = await ctx.page(queries.VERSIONS)
    return replace(found, rows=[_wire(row) for row in found.rows])


@table.route(
    "POST", "/simulate", permission=Perm.VULNERABILITY_READ, body=FormulaIn, returns=JOB, example=_PUBLISHED
)
async def simulate(ctx: Context) -> None:
    """Say what a formula would do: scores that rise and fall, bands before and after, the largest moves."""
    ctx.submit(jobs.simulate_risk, formula=dict(ctx.body))


@table.route("POST", "/recalculate", permission=Perm.RISK_FORMULA, returns=JOB)
async def recalculate(ctx: Context) -> None:
    """Rank every vulnerability anew by the formula that holds: a check, for scores are always kept."""
    version, _ = await queries.current()
    ctx.submit(jobs.recalculate_risk, by=str(ctx.principal.user_id), version=version)


@table.route(
    "GET",
    "/explain/{id}",
    permission=Perm.VULNERABILITY_READ,
    returns=bare(RiskExplanationOut),
    errors=(NotFound,),
    scoped=True,
    example=_vulnerability,
)
async def explain(ctx: Context) -> dict[str, Any]:
    """Return each term of a vulnerability's score: its input, what that counts, and its share.

    Weights of `missing` inputs go to the others, in proportion: `effectiveWeight`. `severity` stands in for
    CVSS where neither CVSS nor VPR nor EPSS is known. What is informational has 0.
    """
    return await service.explain(ctx.uuid("id"), ctx.within)


@table.route("GET", "/bands", permission=Perm.DASHBOARD_READ, returns=bare(RiskBandsOut))
async def risk_bands(_: Context) -> dict[str, Any]:
    """Count active vulnerabilities by the band of their score."""
    return await service.bands()


@assets.route(
    "PATCH",
    "/{uuid}",
    permission=Perm.ASSET_WRITE,
    body=AssessmentIn,
    returns=AssetDetailOut,
    errors=(NotFound,),
)
async def assess_asset(ctx: Context) -> dict[str, Any]:
    """Say what an asset is worth (`criticality` 1 to 5) and who can reach it (`exposure`); null is not known.

    Its vulnerabilities are ranked anew.
    """
    before = await get_asset(ctx)
    await assessment.assess(await assessment.of_ids([ctx.uuid("uuid")]), ctx.body, by=ctx.principal.user_id)
    ctx.changed(
        f"asset:{ctx.uuid('uuid')}", before={name: before[name] for name in ctx.body}, after={**ctx.body}
    )
    return await get_asset(ctx)


@assets.route(
    "POST",
    "/bulk-update",
    permission=Perm.ASSET_WRITE,
    body=BulkAssessmentIn,
    returns=bare(BulkAssessmentOut),
    errors=(CountDiffers, Unprocessable),
    example=Example(body={"filter": {"search": "host"}, "criticality": 3}),
)
async def assess_assets(ctx: Context) -> dict[str, Any]:
    """Say the same of many assets: `assetIds`, or all that the list has with the parameters of `filter`.

    With `dryRun` nothing is changed. When `expectedCount` differs from the number found, nothing is, either.
    """
    body = dict(ctx.body)
    dry_run, expected = body.pop("dry_run"), body.pop("expected_count", None)
    ids, query = body.pop("asset_ids", None), body.pop("filter", None)
    matched = await (assessment.of_filter(query) if ids is None else assessment.of_ids(ids))
    done = await assessment.assess(
        matched, body, by=ctx.principal.user_id, dry_run=dry_run, expected=expected
    )
    ctx.changed("assets", after={**body, "filter": query, **done})
    return done


def _wire(row: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in row.items() if name != "formula"}
    return {**rest, **service.wire(orjson.loads(row["formula"]))}
