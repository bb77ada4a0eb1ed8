"""What pipelines ask. No request, no schema, no status code."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from threatweaver.sdk import SEVERITIES, NotFound, Unprocessable
from threatweaver_appsec.assessments import service as assessments
from threatweaver_appsec.assessments.models import OVER, Assessment
from threatweaver_appsec.ci import queries
from threatweaver_appsec.ci.gate import Rule, Verdict, judge
from threatweaver_appsec.ci.models import Baseline, GatePolicy
from threatweaver_appsec.engine.scope import origin_of
from threatweaver_appsec.errors import ScanUnfinished
from threatweaver_appsec.targets import service as targets
from threatweaver_appsec.targets.allowed import AllowList
from threatweaver_appsec.targets.models import Target


async def scan(
    *, by: UUID, allow: AllowList, target_url: str, policy_id: UUID | None = None, **said: Any
) -> Assessment:
    """Launch a scan of a URL's target, which is added where it is not known.

    Raises Unprocessable, ScansStopped.
    """
    if policy_id is not None and not await GatePolicy.exists(id=policy_id):
        raise Unprocessable("There is no such policy.")
    target = await _target(target_url, by=by)
    where = f" {said['branch']}" if said.get("branch") else ""
    made = await assessments.create(
        by=by,
        name=f"Pipeline{where}"[:200],
        target_id=target.id,
        policy_id=policy_id,
        source="ci",
        **said,
    )
    return await assessments.launch(made.id, allow)


async def _target(url: str, *, by: UUID) -> Target:
    """Return the target that a URL is of: the longest base that it lies under."""
    origin = origin_of(url)
    host = urlsplit(url).hostname or ""
    known = [
        one for one in await Target.filter(base_url__icontains=host) if origin_of(one.base_url) == origin
    ]
    under = [one for one in known if _below(url, one.base_url)]
    if under:
        return max(under, key=lambda one: len(one.base_url))
    bare = url.partition("?")[0]
    return await targets.create(by=by, base_url=bare, name=(host or bare)[:100])


def _below(url: str, base: str) -> bool:
    path, prefix = urlsplit(url).path or "/", urlsplit(base).path.rstrip("/")
    return path == prefix or path.startswith(f"{prefix}/")


async def status(scan_id: UUID) -> Mapping[str, Any]:
    """Return how far a scan of a pipeline is. Raises NotFound."""
    found = await queries.SCANS.one(scan_id)
    if found is None:
        raise NotFound
    return found


async def judged(found: Assessment, policy: GatePolicy | None = None) -> tuple[Verdict, list[dict[str, Any]]]:
    """Return the verdict on an assessment that is over, and its findings. Raises ScanUnfinished."""
    if found.state not in OVER:
        raise ScanUnfinished
    baseline = await queries.baseline_of(found.target_id, found.id)
    rows = [dict(row) for row in await queries.findings_of(found.id, baseline)]
    verdict = judge(
        await _rule(found, policy),
        state=found.state,
        message=found.message,
        findings=rows,
        coverage=await queries.coverage(found.id),
    )
    for row in rows:
        del row["level"]
    return verdict, rows


async def _rule(found: Assessment, policy: GatePolicy | None) -> Rule:
    chosen = policy or (await GatePolicy.get_or_none(id=found.policy_id) if found.policy_id else None)
    chosen = chosen or await GatePolicy.filter(is_default=True).first()
    if chosen is None:
        return Rule()
    return Rule(
        name=chosen.name,
        fail_on=chosen.fail_on,
        only_new=chosen.only_new,
        most=chosen.most,
        least_coverage=chosen.least_coverage,
    )


async def policy(policy_id: UUID) -> GatePolicy:
    """Return a policy. Raises NotFound."""
    found = await GatePolicy.get_or_none(id=policy_id)
    if found is None:
        raise NotFound
    return found


async def save_policy(policy_id: UUID | None, **said: Any) -> UUID:
    """Add a policy, or change one; at most one is the default. Raises NotFound."""
    if "fail_on" in said:
        said["fail_on"] = SEVERITIES.index(said["fail_on"])
    if said.get("is_default"):
        await GatePolicy.all().update(is_default=False)
    found = await policy(policy_id) if policy_id else GatePolicy()
    found.update_from_dict(said)
    await found.save()
    return found.id


async def set_baseline(target_id: UUID, assessment_id: UUID, *, by: UUID) -> Baseline:
    """Let new findings of a target be told by an assessment. Raises NotFound, Unprocessable."""
    await targets.known(target_id)
    if not await Assessment.exists(id=assessment_id, target_id=target_id):
        raise Unprocessable("There is no such assessment of this target.")
    said = {"assessment_id": assessment_id, "set_by": by}
    return (await Baseline.update_or_create(target_id=target_id, defaults=said))[0]
