"""/appsec/ci: scans of pipelines, and the verdict on them; `X-API-Key` signs in, as everywhere."""

from collections.abc import Mapping
from typing import Any

import orjson

from threatweaver.sdk import Caller, Context, Example, NotFound, Page, RouteTable, Unprocessable, bare, page
from threatweaver_appsec.assessments import service as assessments
from threatweaver_appsec.assessments.models import COMPLETED
from threatweaver_appsec.ci import queries, service, signing
from threatweaver_appsec.ci.schemas import (
    CiResultsOut,
    CiScanIn,
    CiScanOut,
    ResultsQuery,
    VerdictKeyOut,
    VerdictOut,
)
from threatweaver_appsec.errors import ScanInconclusive, ScansStopped, ScanUnfinished
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.targets import allowed

table = RouteTable(path="/appsec/ci", tag="AppSec pipelines")


async def _scanned(caller: Caller) -> Example:
    body = {"targetUrl": "https://staging.example.com", "profile": "quick"}
    made = await caller.call("POST", "/appsec/ci/scan", body)
    return Example(params={"scanId": made.body["scanId"]}, query={})


async def _in_doubt(caller: Caller) -> Example:
    made = await _scanned(caller)
    return Example(params=made.params, query={"inconclusive": "true"})


@table.route(
    "POST",
    "/scan",
    permission=Perm.CI_RUN,
    body=CiScanIn,
    returns=bare(CiScanOut),
    status=202,
    errors=(ScansStopped, Unprocessable),
)
async def scan(ctx: Context) -> Mapping[str, Any]:
    """Scan a URL's target. One that is not known is added, and not scanned before somebody verifies it."""
    allow = allowed.of(ctx.kernel.registry.settings)
    made = await service.scan(by=ctx.principal.user_id, allow=allow, **ctx.body)
    ctx.changed(f"appsec-assessment:{made.id}", after={"state": made.state, "reason": made.reason})
    return await service.status(made.id)


@table.route(
    "GET", "/scans", permission=Perm.ASSESSMENT_READ, query=queries.SCANS.query, returns=page(CiScanOut)
)
async def list_ci_scans(ctx: Context) -> Page:
    """List the scans of pipelines, the newest first."""
    return await ctx.page(queries.SCANS)


@table.route(
    "GET", "/status/{scanId}", permission=Perm.ASSESSMENT_READ, returns=bare(CiScanOut), example=_scanned
)
async def status(ctx: Context) -> Mapping[str, Any]:
    """Return how far a scan is: `status` ends as `completed` or `failed`, where `state` says more."""
    return await service.status(ctx.uuid("scanId"))


@table.route(
    "GET",
    "/results/{scanId}",
    permission=Perm.FINDING_READ,
    query=ResultsQuery,
    returns=bare(CiResultsOut),
    errors=(NotFound, ScanUnfinished, ScanInconclusive),
    example=_in_doubt,
)
async def results(ctx: Context) -> Mapping[str, Any]:
    """Return what a scan found, and the verdict.

    A scan that is in doubt has none unless `inconclusive` asks for them, so that nobody counts its zero
    findings as good.
    """
    said = await service.status(ctx.uuid("scanId"))
    found = await assessments.known(ctx.uuid("scanId"))
    verdict, rows = await service.judged(found)
    if found.state != COMPLETED and not ctx.query["inconclusive"]:
        raise ScanInconclusive(
            f"The scan is {found.state}: {found.message or 'no reason'}", reason=found.reason
        )
    judgment = {"verdict": verdict.verdict, "reasons": verdict.reasons, "summary": verdict.summary}
    return {**said, **judgment, "findings": rows}


@table.route(
    "GET",
    "/verdict/{scanId}",
    permission=Perm.FINDING_READ,
    returns=bare(VerdictOut),
    errors=(NotFound, ScanUnfinished),
    example=_scanned,
)
async def verdict(ctx: Context) -> Mapping[str, Any]:
    """Return the verdict on a scan, signed: `payload` is JSON in base64, `signature` is over its bytes."""
    said = await service.status(ctx.uuid("scanId"))
    found = await assessments.known(ctx.uuid("scanId"))
    given, _ = await service.judged(found)
    names = ("targetUrl", "branch", "commit", "state", "reason", "finishedAt")
    payload = {
        "scanId": found.id,
        "verdict": given.verdict,
        "reasons": given.reasons,
        "summary": given.summary,
        **{name: said[name] for name in names},
    }
    signed = signing.sign(
        signing.key_of(ctx), orjson.dumps(payload, default=str, option=orjson.OPT_SORT_KEYS)
    )
    return {"verdict": given.verdict, "reasons": given.reasons, **signed}


@table.route("GET", "/verdict-key", permission=Perm.FINDING_READ, returns=bare(VerdictKeyOut))
async def verdict_key(ctx: Context) -> Mapping[str, Any]:
    """Return the public key that verdicts are checked with."""
    return signing.public(signing.key_of(ctx))


@table.route(
    "POST", "/scans/{scanId}/cancel", permission=Perm.CI_RUN, returns=bare(CiScanOut), example=_scanned
)
async def cancel(ctx: Context) -> Mapping[str, Any]:
    """Stop a scan of a pipeline; one that is over is left as it is."""
    await service.status(ctx.uuid("scanId"))
    found = await assessments.stop(ctx.uuid("scanId"))
    ctx.changed(f"appsec-assessment:{found.id}", after={"state": found.state})
    return await service.status(found.id)
