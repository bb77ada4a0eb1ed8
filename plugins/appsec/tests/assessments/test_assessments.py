"""Assessments: made, launched, stopped, compared."""

import asyncio

from threatweaver_appsec.assessments.writing import keep_chains
from threatweaver_appsec.engine.agent import Severity
from threatweaver_appsec.engine.chains import Chain


async def until_over(space, path):
    for _ in range(500):
        found = await space.get(path)
        if found["finishedAt"]:
            return found
        await asyncio.sleep(0.02)
    raise TimeoutError(found)


async def test_a_target_that_nobody_verified_is_not_scanned(space):
    target = await space.target()
    made = await space.assessment(target)
    path = f"/assessments/{made['id']}"
    found = await space.post(f"{path}/launch")
    assert (found["state"], found["reason"], found["requests"]) == ("inconclusive", "TARGET_NOT_VERIFIED", 0)


async def test_what_runs_is_neither_changed_nor_deleted(space):
    made = await space.assessment(await space.target())
    path = f"/assessments/{made['id']}"
    await space.post(f"{path}/pause")
    assert (await space.get(path))["state"] == "draft"
    await space.put(path, {"profile": "full"})
    await space.call("PUT", path, {"profile": "nobody's"}, status=422)
    await space.call("DELETE", path, status=204)
    await space.call("GET", path, status=404)


async def test_two_assessments_are_compared(space, finding_rows):
    target = await space.target()
    first, second = await space.assessment(target), await space.assessment(target)
    await space.seen(target, first, [finding_rows("a"), finding_rows("b")])
    await space.seen(target, second, [finding_rows("b"), finding_rows("c")])
    found = await space.get(f"/assessments/{second['id']}/compare?with={first['id']}")
    assert [row["place"] for row in found["onlyHere"]] == ["GET /items/c"]
    assert [row["place"] for row in found["onlyThere"]] == ["GET /items/a"]
    assert found["inBoth"] == 1
    assert await space.get(f"/assessments/{second['id']}/compare") == found
    await space.call("GET", f"/assessments/{first['id']}/compare", status=422)


async def test_a_clone_waits_for_its_launch(space):
    made = await space.assessment(await space.target(), profile="passive")
    copy = await space.post(f"/assessments/{made['id']}/clone", status=201)
    assert (copy["state"], copy["profile"], copy["name"]) == ("draft", "passive", "Copy of Weekly")
    listed = await space.get(f"/assessments?targetId={made['targetId']}")
    assert {one["id"] for one in listed} == {made["id"], copy["id"]}


async def test_findings_that_are_worse_together_are_told(space, finding_rows):
    target = await space.target()
    made = await space.assessment(target)
    seen = await space.seen(target, made, [finding_rows()])
    chain = Chain("take-over", "fp", "Take-over", Severity.CRITICAL, "One leads to the other.", ("fp-a",))
    async with space.unit():
        await keep_chains([chain], made["id"], target["id"])
    (told,) = await space.get(f"/assessments/{made['id']}/chains")
    assert (told["severity"], told["findingIds"]) == ("CRITICAL", [str(seen.ids[0])])
