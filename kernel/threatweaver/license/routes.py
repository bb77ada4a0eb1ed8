"""/license: the public state, activation of a fresh installation, imports, and what follows from them."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.example import Example
from threatweaver.http.output import Page
from threatweaver.http.route import PUBLIC, RouteTable, Scope, bare, page
from threatweaver.license import queries, service
from threatweaver.license.current import CurrentLicense
from threatweaver.license.errors import AlreadyLicensed, LicenseRefused, RevocationsRefused
from threatweaver.license.schemas import (
    ForecastOut,
    ForecastQuery,
    LicenseEventOut,
    LicenseImportIn,
    LicenseImportOut,
    LicenseIn,
    LicenseStatusOut,
    RevocationsIn,
    RevocationsOut,
    SeatsOut,
)
from threatweaver.license.service import Plan

table = RouteTable(path="/license", tag="License")


@table.route("GET", "/status", permission=PUBLIC, returns=bare(LicenseStatusOut), scope=Scope.NONE)
async def status(ctx: Context) -> dict[str, Any]:
    """Return the license state and the installed modules it names; nothing else of it is public."""
    return _public(ctx, ctx.kernel.license)


@table.route(
    "POST",
    "/activate",
    permission=PUBLIC,
    body=LicenseIn,
    returns=bare(LicenseImportOut),
    errors=(LicenseRefused, AlreadyLicensed),
    scope=Scope.NONE,
)
async def activate(ctx: Context) -> dict[str, Any]:
    """Activate an installation that has no license yet; needs no sign-in."""
    plan = await service.import_license(ctx.kernel, ctx.body["license"], user_id=None, only_if_none=True)
    return _planned(ctx, plan, dry_run=False)


@table.route(
    "POST",
    "/import",
    permission=Perm.LICENSE_WRITE,
    body=LicenseImportIn,
    returns=bare(LicenseImportOut),
    errors=(LicenseRefused,),
    scope=Scope.NONE,
)
async def import_license(ctx: Context) -> dict[str, Any]:
    """Import a renewed license; modules come and go within a second, without a dropped request.

    The answer says which. With `dryRun` nothing is stored.
    """
    dry_run = ctx.body["dry_run"]
    plan = await service.import_license(
        ctx.kernel, ctx.body["license"], user_id=ctx.principal.user_id, dry_run=dry_run
    )
    return _planned(ctx, plan, dry_run=dry_run)


@table.route(
    "GET",
    "/events",
    permission=Perm.LICENSE_AUDIT,
    query=queries.EVENTS.query,
    returns=page(LicenseEventOut),
    scope=Scope.CONTROL,
)
async def list_events(ctx: Context) -> Page:
    """List what happened to the license: imports, refusals, changes of its state, the newest first."""
    return await ctx.page(queries.EVENTS)


@table.route("GET", "/check-seats", permission=Perm.LICENSE_AUDIT, returns=bare(SeatsOut), scope=Scope.NONE)
async def check_seats(ctx: Context) -> dict[str, Any]:
    """Return how many seats are used of those the license pays for."""
    found = await service.seats(ctx.kernel)
    if found is None:
        return {"used": 0, "licensed": None, "free": None, "exceeded": False}
    free = max(0, found.licensed - found.used)
    return {"used": found.used, "licensed": found.licensed, "free": free, "exceeded": found.exceeded}


@table.route(
    "GET",
    "/forecast",
    permission=Perm.LICENSE_READ,
    query=ForecastQuery,
    example=Example(query={"date": "2027-01-31"}),
    returns=bare(ForecastOut),
    scope=Scope.NONE,
)
async def forecast(ctx: Context) -> dict[str, Any]:
    """Return what happens on a date if nobody imports another license."""
    found = service.forecast(ctx.kernel, ctx.query["date"])
    return {
        "state": found.state.value,
        "reason": found.reason,
        "readsAllowed": found.reads_allowed,
        "writesAllowed": found.writes_allowed,
        "canRecover": found.can_recover,
        "nextState": found.next_state and found.next_state.value,
        "nextChangeAt": found.next_change_at,
        "modules": _named(ctx, ctx.kernel.license) if found.reads_allowed else [],
    }


@table.route(
    "POST",
    "/revocations",
    permission=Perm.LICENSE_WRITE,
    body=RevocationsIn,
    returns=bare(RevocationsOut),
    errors=(RevocationsRefused,),
    scope=Scope.NONE,
)
async def import_revocations(ctx: Context) -> dict[str, Any]:
    """Import the vendor's signed list of revoked licenses; needs no network."""
    count = await service.import_revocations(
        ctx.kernel, ctx.body["revocations"], user_id=ctx.principal.user_id
    )
    return {"revoked": count}


def _public(ctx: Context, license_: CurrentLicense) -> dict[str, Any]:
    state = license_.evaluation()
    return {
        "state": state.state.value,
        "modules": _named(ctx, license_),
        "nextChangeAt": state.next_change_at,
    }


def _named(ctx: Context, license_: CurrentLicense) -> list[str]:
    modules = {item.manifest.module_id for item in ctx.kernel.registry.decisions}
    return sorted(name for name in modules if license_.grants(name))


def _planned(ctx: Context, plan: Plan, *, dry_run: bool) -> dict[str, Any]:
    return {
        **_public(ctx, CurrentLicense(plan.claims, fingerprint=plan.claims.fingerprint)),
        "jti": plan.claims.jti,
        "dryRun": dry_run,
        "starts": plan.starts,
        "stops": plan.stops,
        "refused": [
            {"moduleId": item.manifest.module_id, "verdict": item.verdict.value, "reason": item.reason}
            for item in plan.refused
        ],
    }
