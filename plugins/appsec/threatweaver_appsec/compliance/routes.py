"""/appsec/compliance: open findings by the categories of published lists."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from threatweaver.sdk import SEVERITIES, Context, Example, NotFound, Page, RouteTable, connection, page, rows
from threatweaver_appsec.compliance.frameworks import FRAMEWORKS
from threatweaver_appsec.compliance.schemas import ComplianceControlOut, ComplianceQuery, FrameworkOut
from threatweaver_appsec.findings.queries import LISTING
from threatweaver_appsec.findings.schemas import AppsecFindingOut
from threatweaver_appsec.permissions import Perm

table = RouteTable(path="/appsec/compliance", tag="AppSec compliance")
_FRAMEWORK = fields.String(
    validate=validate.Regexp(r"\A[a-z0-9][a-z0-9.-]{0,63}\Z"), metadata={"example": "asvs-4.0.3"}
)
_CONTROL = fields.String(validate=validate.Regexp(r"\A[A-Za-z0-9.:]{1,20}\Z"))


@table.route("GET", permission=Perm.FINDING_READ, returns=rows(FrameworkOut))
async def list_frameworks(_: Context) -> list[dict[str, Any]]:
    """List the published lists that findings are told by."""
    return [
        {"id": name, "title": title, "controls": len(controls)}
        for name, (title, controls) in FRAMEWORKS.items()
    ]


@table.route(
    "GET",
    "/{framework}",
    params={"framework": _FRAMEWORK},
    permission=Perm.FINDING_READ,
    query=ComplianceQuery,
    returns=rows(ComplianceControlOut),
    errors=(NotFound,),
)
async def framework(ctx: Context) -> list[dict[str, Any]]:
    """Count the open findings of each category; suppressed ones do not count."""
    _, controls = _known(ctx.params["framework"])
    counts = await _counts(ctx.query.get("target_id"))
    found = []
    for name, control in controls.items():
        row = {level.lower(): 0 for level in reversed(SEVERITIES)}
        for (category, level), count in counts.items():
            if category in control.categories:
                row[level.lower()] += count
        found.append({"id": name, "title": control.title, **row, "open": sum(row.values())})
    return found


@table.route(
    "GET",
    "/{framework}/{control}/findings",
    params={"framework": _FRAMEWORK, "control": _CONTROL},
    permission=Perm.FINDING_READ,
    query=LISTING.query,
    returns=page(AppsecFindingOut),
    errors=(NotFound,),
    example=Example(params={"framework": "asvs-4.0.3", "control": "V5"}),
)
async def control_findings(ctx: Context) -> Page:
    """List the findings of a category."""
    _, controls = _known(ctx.params["framework"])
    control = controls.get(ctx.params["control"])
    if control is None:
        raise NotFound
    return await ctx.page(LISTING, owasp=list(control.categories))


def _known(name: str) -> Any:
    found = FRAMEWORKS.get(name)
    if found is None:
        raise NotFound
    return found


async def _counts(target_id: UUID | None) -> dict[tuple[str, str], int]:
    found = await connection().fetch(
        """SELECT owasp, severity, count(*) AS n FROM appsec_finding
           WHERE status IN ('open', 'in_progress') AND NOT suppressed AND ($1::uuid IS NULL OR target_id = $1)
           GROUP BY 1, 2""",
        target_id,
    )
    return {(row["owasp"], SEVERITIES[row["severity"]]): row["n"] for row in found}
