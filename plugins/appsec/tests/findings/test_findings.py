"""Findings: what scans write, and what people decide about it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from threatweaver_appsec.assessments.models import Coverage
from threatweaver_appsec.findings import recording, service

REASON = "Shielded by the WAF until the next release."


@pytest.fixture
async def scanned(space, finding_rows):
    """A target with one assessment that saw one finding: (target, assessment, finding's path)."""
    target = await space.target()
    assessment = await space.assessment(target)
    made = await space.seen(target, assessment, [finding_rows()])
    return target, assessment, f"/findings/{made.ids[0]}"


async def test_seen_again_is_the_same_row_with_a_history(space, scanned, finding_rows):
    target, first, path = scanned
    second = await space.assessment(target)
    made = await space.seen(target, second, [finding_rows(), finding_rows("b")])
    assert len(made.created) == 1
    found = await space.get(path)
    assert (found["timesSeen"], found["lastAssessmentId"]) == (2, second["id"])
    assert [row["action"] for row in await space.get(f"{path}/history")] == ["found"]
    listed = await space.get(f"/assessments/{first['id']}/findings")
    assert [row["id"] for row in listed] == [found["id"]]


async def test_confidence_is_the_measured_precision_of_the_agent(space, finding_rows):
    target = await space.target()
    rows = [finding_rows("m", agent="sql-error"), finding_rows("n", agent="payloads.none")]
    made = await space.seen(target, await space.assessment(target), rows)
    measured = (await space.get("/agents/sql-error"))["measurement"]
    decided = measured["right"] + measured["wrong"]
    found = {one["agent"]: one["confidence"] for one in await space.get(f"/targets/{target['id']}/findings")}
    assert len(made.created) == 2
    assert found == {"sql-error": round(measured["right"] / decided, 3), "payloads.none": None}


async def test_absent_closes_only_where_it_was_looked_for_again(space, scanned, finding_rows):
    target, _, path = scanned
    second = await space.assessment(target)
    for tested in (False, True):
        async with space.unit():
            await Coverage.create(assessment_id=second["id"], agent="", place="GET /items/a", tested=True)
            await Coverage.create(assessment_id=second["id"], agent="sqli.error", place="", tested=tested)
            closed = await recording.close_absent(
                target_id=UUID(target["id"]), assessment_id=second["id"], at=datetime.now(UTC)
            )
            assert closed == int(tested)
    assert (await space.get(path))["status"] == "fixed"
    await space.seen(target, await space.assessment(target), [finding_rows()])
    assert (await space.get(path))["status"] == "open"
    actions = {row["action"] for row in await space.get(f"{path}/history")}
    assert actions == {"found", "not seen any more", "reopened"}


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("accept-risk", {"until": "2999-01-01T00:00:00Z", "reason": REASON}, "accepted"),
        ("false-positive", {"reason": REASON}, "false_positive"),
    ],
)
async def test_a_decision_is_remembered_when_it_is_seen_again(
    space, scanned, finding_rows, verb, body, status
):
    target, _, path = scanned
    assert (await space.post(f"{path}/{verb}", body))["status"] == status
    await space.seen(target, await space.assessment(target), [finding_rows()])
    assert (await space.get(path))["status"] == status
    assert (await space.post(f"{path}/reopen"))["status"] == "open"
    await space.call("POST", f"{path}/reopen", status=409)


async def test_a_false_positive_says_who_and_why(space, scanned):
    _, assessment, path = scanned
    assert (await space.post(f"{path}/false-positive", {"reason": REASON}))["reason"] == REASON
    latest, _ = await space.get(f"{path}/history")
    assert (latest["action"], latest["actorId"]) == ("false positive", assessment["createdBy"])


async def test_an_acceptance_runs_out(space, scanned):
    *_, path = scanned
    soon = datetime.now(UTC) + timedelta(seconds=30)
    await space.post(f"{path}/accept-risk", {"until": soon.isoformat(), "reason": REASON})
    async with space.unit():
        assert await service.reopen_expired(soon - timedelta(seconds=1)) == 0
        assert await service.reopen_expired(soon) >= 1
    assert (await space.get(path))["status"] == "open"


async def test_a_severity_of_ones_own_stays(space, scanned, finding_rows):
    target, _, path = scanned
    await space.put(path, {"severity": "LOW"})
    await space.seen(target, await space.assessment(target), [finding_rows(severity="CRITICAL")])
    found = await space.get(path)
    assert (found["severity"], found["severityFound"]) == ("LOW", "CRITICAL")


async def test_a_fixed_finding_has_no_risk(space, scanned):
    *_, path = scanned
    await space.put(path, {"status": "fixed"})
    body = {"until": "2999-01-01T00:00:00Z", "reason": REASON}
    said = await space.call("POST", f"{path}/accept-risk", body, status=409)
    assert said["code"] == "FINDING_FIXED"


async def test_the_proof_is_shown_and_can_be_repeated(space, scanned):
    *_, path = scanned
    proof = await space.get(f"{path}/evidence")
    assert (proof["excerpt"], proof["shown"], proof["of"]) == ("syntax error at or near", 2, 2)
    assert (await space.get(f"{path}/replay"))["curl"].startswith("curl 'https://")


async def test_duplicates(space, scanned, finding_rows):
    target, assessment, path = scanned
    made = await space.seen(target, assessment, [finding_rows("b")])
    other = await space.get(f"/findings/{made.ids[0]}")
    assert [row["id"] for row in await space.get(f"{path}/duplicates")] == [other["id"]]
    found = await space.post(f"{path}/duplicate", {"of": other["id"]})
    assert (found["status"], found["duplicateOf"]) == ("duplicate", other["id"])
    await space.call("POST", f"{path}/duplicate", {"of": found["id"]}, status=422)


async def test_many_at_once(space, scanned, finding_rows):
    target, assessment, _ = scanned
    await space.seen(target, assessment, [finding_rows(str(n)) for n in range(5)])
    chosen = {"targetId": target["id"]}
    body = {"filter": chosen, "action": "false-positive", "reason": REASON, "dryRun": True}
    counted = await space.post("/findings/bulk-update", body)
    assert (counted["matched"], counted["changed"]) == (6, 6)
    assert (await space.get(f"/findings/stats?targetId={target['id']}"))["byStatus"]["open"] == 6
    wrong = body | {"dryRun": False, "expectedCount": 5}
    assert (await space.call("POST", "/findings/bulk-update", wrong, status=409))["matched"] == 6
    await space.post("/findings/bulk-update", body | {"dryRun": False, "expectedCount": 6})
    stats = await space.get(f"/findings/stats?targetId={target['id']}")
    assert (stats["total"], stats["byStatus"]["false_positive"]) == (6, 6)
    for action, more in {
        "reopen": {},
        "assign": {"assigneeId": assessment["createdBy"]},
        "status": {"status": "in_progress"},
        "accept-risk": {"until": "2999-01-01T00:00:00Z", "reason": REASON},
    }.items():
        done = await space.post("/findings/bulk-update", {"filter": chosen, "action": action, **more})
        assert done["changed"] == 6, action


async def test_comments_are_their_authors(space, scanned, as_role, tenant, client):
    *_, path = scanned
    made = await space.post(f"{path}/comments", {"text": "Seen it, too."}, status=201)
    other = type(space)(space.kernel, client, tenant, dict(await as_role("analyst", tenant)))
    await other.call("PUT", f"{path}/comments/{made['id']}", {"text": "No."}, status=404)
    await space.put(f"{path}/comments/{made['id']}", {"text": "Fixed in 2.1."})
    assert [row["text"] for row in await other.get(f"{path}/comments")] == ["Fixed in 2.1."]
    await space.call("DELETE", f"{path}/comments/{made['id']}", status=204)
    assert await space.get(f"{path}/comments") == []


async def test_what_a_person_found_is_left_alone_by_scans(space, scanned):
    target, *_ = scanned
    made = await space.post(
        "/findings",
        {"targetId": target["id"], "title": "Price can be negative", "severity": "MEDIUM"},
        status=201,
    )
    assert (made["manual"], made["agent"], made["status"]) == (True, "manual", "open")


async def test_hostile_text_is_kept_as_text(space, finding_rows):
    target = await space.target()
    assessment = await space.assessment(target)
    row = finding_rows("n", excerpt="a\x00b\ud7ff", says="x\x00y", title="t\x00" + "é" * 400)
    made = await space.seen(target, assessment, [row])
    found = await space.get(f"/findings/{made.ids[0]}")
    assert (found["says"], len(found["title"])) == ("xy", 300)


async def test_a_finding_is_given_to_people_who_are_here(space, scanned, unknown_id):
    _, assessment, path = scanned
    mine = assessment["createdBy"]
    assert (await space.post(f"{path}/assign", {"assigneeId": mine}))["assigneeId"] == mine
    await space.call("POST", f"{path}/assign", {"assigneeId": str(unknown_id)}, status=422)
    body = {"filter": {}, "action": "assign", "assigneeId": str(unknown_id)}
    await space.call("POST", "/findings/bulk-update", body, status=422)
    assert (await space.post(f"{path}/assign", {"assigneeId": None}))["assigneeId"] is None
