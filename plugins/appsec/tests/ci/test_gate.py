"""Verdicts: what fails a pipeline, what leaves it in doubt, and that nothing else passes."""

import pytest

from threatweaver.sdk import SEVERITIES
from threatweaver_appsec.ci.gate import Rule, judge


def one(severity="HIGH", **more):
    base = {"severity": severity, "level": SEVERITIES.index(severity), "new": True, "suppressed": False}
    return base | {"status": "open"} | more


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([], "pass"),
        ([one("MEDIUM")], "pass"),
        ([one()], "fail"),
        ([one(new=False)], "pass"),
        ([one(suppressed=True)], "pass"),
        ([one(status="accepted")], "pass"),
        ([one(status="false_positive")], "pass"),
        ([one(status="in_progress")], "fail"),
    ],
)
def test_new_findings_that_count_fail(findings, verdict):
    assert judge(Rule(), state="completed", message=None, findings=findings, coverage=100).verdict == verdict


@pytest.mark.parametrize("state", ["inconclusive", "failed", "cancelled"])
def test_only_a_completed_scan_passes(state):
    doubt = judge(Rule(), state=state, message="down", findings=[], coverage=100)
    assert (doubt.verdict, doubt.reasons) == ("inconclusive", (f"The scan is {state}: down",))
    assert judge(Rule(), state=state, message="down", findings=[one()], coverage=0).verdict == "fail"


def test_a_policy_says_how_many_and_how_thorough():
    rule = Rule(name="strict", fail_on=0, only_new=False, most=1, least_coverage=80)
    known = [one("INFO", new=False)]
    assert judge(rule, state="completed", message=None, findings=known, coverage=80).verdict == "pass"
    assert judge(rule, state="completed", message=None, findings=known * 2, coverage=80).verdict == "fail"
    shallow = judge(rule, state="completed", message=None, findings=[], coverage=79)
    assert shallow.verdict == "inconclusive"


async def test_policies_and_baselines(space):
    first = await space.post("/ci/policies", {"name": "A", "failOn": "LOW", "isDefault": True}, status=201)
    second = await space.post("/ci/policies", {"name": "B", "isDefault": True}, status=201)
    assert (await space.get(f"/ci/policies/{first['id']}"))["isDefault"] is False
    assert second["failOn"] == "HIGH"
    await space.call("POST", "/ci/policies", {"name": "B"}, status=409)
    target = await space.target()
    made = await space.assessment(target)
    other = await space.assessment(await space.target())
    path = f"/ci/baselines/{target['id']}"
    await space.call("PUT", path, {"assessmentId": other["id"]}, status=422)
    await space.put(path, {"assessmentId": made["id"]})
    assert made["id"] in [row["assessmentId"] for row in await space.get("/ci/baselines")]
    await space.call("DELETE", path, status=204)
    await space.call("DELETE", path, status=404)
    body = {"scanId": made["id"]}
    await space.call("POST", f"/ci/policies/{first['id']}/evaluate", body, status=409)


async def test_a_policy_is_changed_and_judges_a_scan_of_a_pipeline(space):
    made = await space.call("POST", "/ci/scan", {"targetUrl": "https://staging.example.com"}, status=202)
    scan = made["scanId"]
    assert [one["scanId"] for one in await space.get("/ci/scans")] == [scan]
    cancelled = await space.post(f"/ci/scans/{scan}/cancel")
    assert (cancelled["state"], cancelled["reason"]) == ("inconclusive", "TARGET_NOT_VERIFIED")
    policy = await space.post("/ci/policies", {"name": "Strict", "failOn": "LOW"}, status=201)
    path = f"/ci/policies/{policy['id']}"
    changed = await space.put(path, {"leastCoverage": 90})
    assert (changed["failOn"], changed["leastCoverage"]) == ("LOW", 90)
    said = await space.post(f"{path}/evaluate", {"scanId": scan})
    assert said["verdict"] == "inconclusive"
    assert "Nobody proved" in said["reasons"][0]
    assert policy["id"] in [one["id"] for one in await space.get("/ci/policies")]
    await space.call("DELETE", path, status=204)
    await space.call("GET", path, status=404)
