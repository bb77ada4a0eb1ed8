"""/dashboard/compliance-status: controls of published frameworks, as far as they can be measured."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare
from threatweaver_exposure import written
from threatweaver_exposure.compliance import charts, service
from threatweaver_exposure.compliance.schemas import ComplianceStatusOut
from threatweaver_exposure.dashboard.schemas import FiltersQuery
from threatweaver_exposure.permissions import Perm

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)


@table.route(
    "GET",
    "/compliance-status",
    permission=Perm.DASHBOARD_READ,
    query=FiltersQuery,
    returns=bare(ComplianceStatusOut),
    rendition=charts.COMPLIANCE_STATUS,
)
async def compliance_status(ctx: Context) -> dict[str, Any]:
    """Return controls of PCI DSS, CIS Controls, NIST CSF and ISO/IEC 27001 with what they come to today.

    `percent` is `met` of `of`, vulnerabilities or assets by the measure; `status` compares it with `target`.
    `shortfall` are the lists that show what is amiss. Tag and group choose assets, severity and dates
    vulnerabilities.
    """
    return await service.status(ctx.query)
