"""Looking again whether a finding is there, now and within a minute."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver.sdk import publish
from threatweaver_appsec.assessments import advisories
from threatweaver_appsec.assessments.models import Assessment
from threatweaver_appsec.auth_profiles import logins
from threatweaver_appsec.emergency import service as emergency
from threatweaver_appsec.engine.agent import Agent
from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.findings import Finding, from_record
from threatweaver_appsec.engine.ports import Login
from threatweaver_appsec.engine.retest import Retest, Still, retest
from threatweaver_appsec.engine.scope import Scope
from threatweaver_appsec.engine.site import Target as Site
from threatweaver_appsec.events import AppsecFindingsClosed
from threatweaver_appsec.findings import service
from threatweaver_appsec.findings.models import FIXED, OPEN, AppsecEvidence
from threatweaver_appsec.payload_sets import service as payload_sets
from threatweaver_appsec.targets import service as targets
from threatweaver_appsec.targets.allowed import AllowList
from threatweaver_appsec.templates import service as templates

if TYPE_CHECKING:
    from threatweaver.sdk import Context


@dataclass(frozen=True, kw_only=True)
class Again:
    """What looking again needs, read in one transaction."""

    finding: Finding
    base: str
    scope: Scope
    logins: tuple[Login, ...]
    refused: str = ""
    own: tuple[Agent, ...] = ()


async def prepare(ctx: "Context", finding_id: UUID, allow: AllowList) -> Again | None:
    """Read what looking again needs; None for what a person found. Raises NotFound, ScansStopped."""
    row = await service.known(finding_id)
    await emergency.refuse_when_stopped()
    proof = await AppsecEvidence.get_or_none(finding_id=finding_id)
    if proof is None or "request" not in proof.record:
        return None
    target = await targets.known(row.target_id)
    run = await Assessment.get_or_none(id=row.last_assessment_id) if row.last_assessment_id else None
    signed = await logins.of(ctx.kernel, run.auth_profile_ids if run else [])
    scope = targets.scope_of(
        target, safe=bool(run.options.get("safe", True)) if run else True, networks=allow.networks
    )
    proven = await targets.proven(target.origins, allow)
    refused = "" if targets.may_be_scanned(target, allow) else "nobody proved that the target may be scanned"
    return Again(
        finding=from_record(dict(proof.record)),
        base=target.base_url,
        scope=replace(scope, origins=(scope.origins - frozenset(target.origins)) | proven),
        logins=() if isinstance(signed, str) else tuple(signed),
        own=(*await templates.agents(), *await payload_sets.agents_named(row.agent)),
        refused=refused or (signed if isinstance(signed, str) else ""),
    )


async def look(ctx: "Context", again: Again | None, finding_id: UUID) -> Retest:
    """Look again, until somebody pulls the emergency stop; no transaction is open."""
    if again is None:
        return Retest(Still.INCONCLUSIVE, "a person found it, there is no request to repeat")
    if again.refused:
        return Retest(Still.INCONCLUSIVE, again.refused)
    try:
        known = await advisories.agents(ctx.kernel.registry.settings)
    except ValueError as error:
        return Retest(Still.INCONCLUSIVE, str(error))
    limits = Limits(requests=500, seconds=55, answer_seconds=10)
    name = f"retest-{finding_id}"
    async with (
        Callbacks() as callbacks,
        Client(again.scope, limits, name, lambda *_: None, base=again.base) as client,
        emergency.heeded(ctx, client),
    ):
        for login in again.logins:
            came = await login.sign_in(client)
            if not came.ok:
                return Retest(Still.INCONCLUSIVE, f"login of {login.name} failed: {came.reason}"[:300])
            client.enter(login.name, came.session)
        identities = {login.name: login for login in again.logins}
        site = Site(client, again.base, name, (), identities, callbacks)
        return await retest(again.finding, site, (*all_agents(), *again.own, *known))


async def settle(finding_id: UUID, found: Retest, *, by: UUID) -> Mapping[str, Any]:
    """Write down what looking again showed: closed closes, open reopens what was fixed. Raises NotFound."""
    row = await service.known(finding_id, lock=True)
    before, now = row.status, datetime.now(UTC)
    if found.state is Still.CLOSED and row.status != FIXED:
        row.status, row.fixed_at = FIXED, now
        await publish(AppsecFindingsClosed(target_id=row.target_id, finding_ids=(row.id,)))
    elif found.state is Still.OPEN:
        row.last_seen = now
        if row.status == FIXED:
            row.status, row.fixed_at = OPEN, None
    await row.save()
    await service.tell(finding_id, f"retested: {found.state}", by=by, before=before, after=row.status)
    return {"state": found.state.value, "says": found.says, "seconds": found.seconds, "status": row.status}
