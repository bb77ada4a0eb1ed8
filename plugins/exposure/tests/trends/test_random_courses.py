"""Random stories: what the courses say is what a look at the lists of each day gives."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest_asyncio
from format_samples import MANY
from trend_story import accept, ago, data, days_pass, scan

DAYS = 12
PLUGINS = range(1001, 1009)


async def random_days(space, luck):
    """Some days with up to three scans each, of which some accept a risk or take that back."""
    at = 0
    for _ in range(DAYS):
        for _ in range(luck.randrange(4)):
            at += 1
            found = {plugin: luck.randrange(5) for plugin in PLUGINS if luck.random() < 0.5}
            await space.take(scan(found, at=at))
        rows = await space.walk("/vulnerabilities", state="open,reopened,accepted")
        if rows and luck.random() < 0.5:
            row = luck.choice(rows)
            if row["state"] == "accepted":
                await space.call("POST", f"/vulnerabilities/{row['id']}/reopen")
            else:
                await accept(space, row["id"])
        await days_pass(space, 1)


async def looked_at(space, when, **params):
    return {row["id"]: row for row in await space.vulnerabilities(asOf=when, **params)}


def is_active(row):
    return row["state"] in {"open", "reopened"}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=range(4 * MANY or 2))
async def told(request, shared_space):
    """A tenant with a story, and the luck that it had; the last test of a story lets it grow old."""
    await shared_space.empty()
    luck = random.Random(request.param)
    await random_days(shared_space, luck)
    return shared_space, luck


async def test_courses_agree_with_lists(told):
    space, luck = told
    severity = luck.choice(["CRITICAL,HIGH", "LOW,MEDIUM", "INFO,LOW,MEDIUM,HIGH,CRITICAL"])
    for interval in ("day", "week"):
        for row in await data(space, "trends", days=DAYS + 1, interval=interval, severity=severity):
            before = await looked_at(space, date.fromisoformat(row["start"]) - timedelta(days=1))
            then = await looked_at(space, row["end"], severity=severity)
            active = {identifier for identifier, item in then.items() if is_active(item)}
            assert (row["active"], row["persisting"]) == (len(active), len(active & set(before))), row


async def test_what_became_of_them_agrees_with_their_histories(told):
    space, _ = told
    histories = [
        list(reversed((await space.get(f"/vulnerabilities/{row['id']}/history"))["data"]))
        for row in await space.vulnerabilities()
    ]
    closings = [[n for n, event in enumerate(events) if event["action"] == "closed"] for events in histories]
    back = sum(
        any(event["action"] == "reopened" for event in events[found[0] :])
        for events, found in zip(histories, closings, strict=True)
        if found
    )
    closed = sum(map(bool, closings))
    body = await space.get("/dashboard/reopened")
    assert (body["closed"], body["reopened"]) == (closed, back)
    assert (await space.get("/dashboard/mttr"))["closed"] == closed
    pace = await space.get("/dashboard/remediation-velocity")
    assert (pace["created"], pace["closed"]) == (len(histories), sum(map(len, closings)))
    trends = await data(space, "trends")
    assert sum(row["reopened"] for row in trends) == sum(
        before["state"] == "fixed" and event["action"] == "reopened"
        for events in histories
        for before, event in pairwise(events)
    )


async def test_cohorts_agree_with_the_list_of_each_day(told):
    space, _ = told
    await days_pass(space, 130)
    born, known = {}, {}

    async def on(days):
        if days not in known:
            known[days] = await looked_at(space, ago(days))
        return known[days]

    for days in range(131 + DAYS, 129, -1):
        for identifier in await on(days):
            born.setdefault(identifier, days)
    for row in await data(space, "cohorts", months=12):
        members = {item: days for item, days in born.items() if ago(days)[:7] == row["month"]}
        assert row["created"] == len(members)
        for after in row["after"]:
            active = [
                is_active((await on(days - after["days"]))[item])
                for item, days in members.items()
                if after["active"] is not None
            ]
            assert after["active"] in {None, sum(active)}
