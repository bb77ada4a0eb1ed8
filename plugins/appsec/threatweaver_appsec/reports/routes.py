"""/appsec/reports: what came of an assessment, for others to read."""

from aiohttp import web

from threatweaver.sdk import Context, NotFound, RouteTable, Scope, raw, rows
from threatweaver_appsec.assessments import service as assessments
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.reports import service
from threatweaver_appsec.reports.schemas import FORMATS, ReportFormatOut, ReportQuery

table = RouteTable(path="/appsec/reports", tag="AppSec reports")
_SAFE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@table.route("GET", "/formats", permission=Perm.ASSESSMENT_READ, returns=rows(ReportFormatOut))
async def list_formats(_: Context) -> list[dict[str, str]]:
    """List the formats of reports."""
    return [{"name": name, "contentType": kind} for name, kind in FORMATS.items()]


@table.route(
    "GET",
    "/{assessmentId}",
    permission=Perm.EVIDENCE_READ,
    query=ReportQuery,
    returns=raw("application/json"),
    scope=Scope.NONE,
    errors=(NotFound,),
)
async def report(ctx: Context) -> web.Response:
    """Return the report of an assessment: `json`, `sarif` (2.1.0), `junit`, `html`, `har` or `pdf`.

    False positives, duplicates and suppressed findings are left out; a scan that is in doubt says so.
    """
    form = ctx.query["format"]
    async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
        result = await service.result_of(await assessments.known(ctx.uuid("assessmentId")))
    # Written with no transaction open: a long PDF takes seconds.
    response = web.Response(body=await service.render(result, form), content_type=FORMATS[form])
    if form == "html":
        response.headers["Content-Security-Policy"] = _SAFE
    if form == "pdf":
        response.headers["Content-Disposition"] = f'attachment; filename="report-{result.seed}.pdf"'
    return response
