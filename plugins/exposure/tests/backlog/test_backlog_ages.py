"""How old what is open is, where it is, and until when it is accepted."""

from datetime import UTC, datetime, timedelta

import pytest
from backlog_stock import FILTERS, counts, filters, host, scan, total

BANDS = [(0, 7), (8, 30), (31, 90), (91, 180), (181, None)]


def today(ago=0):
    return datetime.now(UTC).date() - timedelta(days=ago)


async def test_a_band_begins_the_day_after_the_one_before_ends(stock):
    body = await stock.get("/dashboard/aging")
    assert [(band["fromDays"], band["toDays"]) for band in body["bands"]] == BANDS
    assert [counts(band) for band in body["bands"]] == [
        {"critical": 1, "high": 1, "medium": 1},
        {"critical": 2, "low": 1},
        {"high": 1, "info": 1},
        {},
        {"critical": 1, "medium": 1},
    ]
    assert counts(body["total"]) == {"critical": 4, "high": 2, "medium": 2, "low": 1, "info": 1}
    assert body["day"] == str(today())


@pytest.mark.parametrize("given", FILTERS, ids=str)
async def test_a_band_is_what_the_list_says(stock, given):
    given = filters(stock, given)
    body = await stock.get("/dashboard/aging", **given)
    for band in body["bands"]:
        dates = {name: band[name] for name in ("startDate", "endDate") if band[name]}
        stats = await stock.get("/vulnerabilities/stats", **given, **dates)
        assert (band["bySeverity"], band["active"]) == (stats["bySeverity"], stats["total"])
    assert body["total"]["active"] == await total(stock, **given)


async def test_a_past_day_is_what_was_known_then(space):
    await space.take(scan(host(1, 1, ago=7)))
    await space.a_day_passes()
    await space.take(scan(host(1, 1, 2, ago=2)))
    before = await space.get("/dashboard/aging", asOf=today(1))
    assert [counts(band) for band in before["bands"]] == [{"critical": 1}, {}, {}, {}, {}]
    assert before["bands"][0]["startDate"] == str(today(8))
    now = await space.get("/dashboard/aging")
    assert [counts(band) for band in now["bands"]] == [{"critical": 1, "high": 1}, {}, {}, {}, {}]
    assert await space.get("/dashboard/aging", asOf=today()) == now
    assert (await space.get("/dashboard/aging", asOf=today(1), severity="HIGH"))["total"]["active"] == 0


async def test_who_was_in_a_group_then_is_not_known(stock):
    for chosen in ({"tag": "web"}, {"assetGroup": stock.group}):
        body = await stock.refusal("/dashboard/aging", asOf=today(), **chosen)
        assert body["details"][0]["field"] == "asOf"


async def test_assets_by_worst_severity_and_last_scan(stock):
    body = await stock.get("/dashboard/asset-exposure")
    assert [(item["fromDays"], item["toDays"], item["assets"]) for item in body["columns"]] == [
        (0, 7, 1),
        (8, 30, 2),
        (31, 90, 1),
        (91, None, 1),
    ]
    assert [(row["severity"], row["counts"], row["assets"]) for row in body["rows"]] == [
        ("CRITICAL", [1, 1, 0, 1], 3),
        ("HIGH", [0, 1, 0, 0], 1),
        ("MEDIUM", [0, 0, 0, 0], 0),
        ("LOW", [0, 0, 0, 0], 0),
        ("INFO", [0, 0, 0, 0], 0),
        (None, [0, 0, 1, 0], 1),
    ]
    assets = await stock.walk("/assets")
    assert body["assets"] == len(assets) == 5
    for row in body["rows"]:
        listed = [asset for asset in assets if asset["worstSeverity"] == row["severity"]]
        assert len(listed) == row["assets"]
        if row["severity"]:
            chosen = await stock.get("/assets", limit=1, severity=row["severity"])
            assert chosen["meta"]["total"] == row["assets"]
        for column, count in zip(body["columns"], row["counts"], strict=True):
            until, since = str(today(column["fromDays"])), str(today(column["toDays"] or 10_000))
            assert sum(since <= asset["lastSeen"][:10] <= until for asset in listed) == count


async def test_acceptances_by_the_day_they_run_out(space):
    await space.take(scan(host(1, 1, 2, 3, 4, 5, ago=1), host(2, 1, 2, ago=1)))
    ahead = {1001: (29, 31), 1002: (91, 4000), 1003: (90,)}
    for plugin, days in ahead.items():
        rows = await space.vulnerabilities(pluginId=plugin)
        for row, number in zip(rows, days, strict=True):
            until = (datetime.now(UTC) + timedelta(days=number)).isoformat()
            body = {"until": until, "reason": "known and accepted"}
            path = f"/vulnerabilities/{row['id']}/accept-risk"
            assert (await space.call("POST", path, json=body)).status == 200
    names = ("within30Days", "within90Days", "later", "accepted")
    body = await space.get("/dashboard/accepted-risk")
    assert {row["severity"]: tuple(row[name] for name in names) for row in body["tiers"]} == {
        "CRITICAL": (1, 1, 0, 2),
        "HIGH": (0, 0, 2, 2),
        "MEDIUM": (0, 1, 0, 1),
        "LOW": (0, 0, 0, 0),
        "INFO": (0, 0, 0, 0),
    }
    assert tuple(body["total"][name] for name in names) == (1, 2, 2, 5)
    for row in body["tiers"]:
        assert await total(space, state="accepted", severity=row["severity"]) == row["accepted"]
    (row, *_) = await space.vulnerabilities(pluginId=1001, state="accepted")
    await space.call("POST", f"/vulnerabilities/{row['id']}/reopen")
    assert (await space.get("/dashboard/accepted-risk"))["total"]["accepted"] == 4


async def test_an_accepted_one_that_is_fixed_is_no_accepted_risk(space):
    await space.take(scan(host(1, 1, ago=2)))
    row = await space.only()
    body = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    await space.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=body)
    await space.take(scan(host(1, ago=1)))
    assert (await space.only())["state"] == "fixed"
    assert (await space.get("/dashboard/accepted-risk"))["total"]["accepted"] == 0


async def test_nothing_yet(space):
    aging = await space.get("/dashboard/aging")
    assert [counts(band) for band in (*aging["bands"], aging["total"])] == [{}] * 6
    body = await space.get("/dashboard/asset-exposure")
    assert ([row["counts"] for row in body["rows"]], body["assets"]) == ([[0] * 4] * 6, 0)
    assert set((await space.get("/dashboard/accepted-risk"))["total"].values()) == {0}
