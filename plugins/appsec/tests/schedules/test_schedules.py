"""Schedules: what is due is launched once, however often it was missed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from threatweaver_appsec.schedules import service
from threatweaver_appsec.schedules.models import Schedule
from threatweaver_appsec.targets.allowed import AllowList


async def test_what_is_due_is_launched_once(space):
    target = await space.target()
    body = {"name": "Nightly", "targetId": target["id"], "cron": "30 2 * * *"}
    made = await space.post("/schedules", body, status=201)
    assert made["nextAt"].endswith("02:30:00Z")
    late = datetime.now(UTC) + timedelta(days=3)
    async with space.unit():
        assert await service.launch_due(AllowList(), late) >= 1
        assert await service.launch_due(AllowList(), late) == 0
        kept = await Schedule.get(id=UUID(made["id"]))
    found = await space.get(f"/assessments/{kept.last_assessment_id}")
    assert (found["source"], found["state"]) == ("schedule", "inconclusive")
    assert len(await space.get(f"/targets/{target['id']}/assessments")) == 1
    (listed,) = await space.get(f"/schedules?targetId={target['id']}")
    assert listed == await space.get(f"/schedules/{made['id']}")
    assert listed["lastAssessmentId"] == found["id"]
    off = await space.put(f"/schedules/{made['id']}", {"enabled": False})
    assert off["nextAt"] is None
    assert (await space.post(f"/schedules/{made['id']}/run"))["source"] == "schedule"
    await space.call("DELETE", f"/schedules/{made['id']}", status=204)
    await space.call("GET", f"/schedules/{made['id']}", status=404)


@pytest.mark.parametrize(
    "cron", ["* * * * *", "*/5 * * * *", "0 4 * *", "61 4 * * *", "@daily", "0 4 31 2 *x"]
)
async def test_more_than_hourly_or_nonsense_is_refused(space, cron):
    target = await space.target()
    body = {"name": "x", "targetId": target["id"], "cron": cron}
    await space.call("POST", "/schedules", body, status=400)
