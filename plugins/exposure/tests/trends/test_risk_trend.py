"""/dashboard/risk-trend: each band of each day is what the list of that day says."""

from datetime import date

import pytest
from exposure_once import once
from exposure_reports import Host, Item, day, nessus
from trend_story import CHECKS, accept, ago

PATH = "/dashboard/risk-trend"
NAMES = ["critical", "high", "medium", "low", "none"]


def scored(*items, at, name="10.0.0.1"):
    """A report of one host: (plugin, severity, CVSS) each."""
    found = [Item(plugin=plugin, severity=severity, cvss3=cvss) for plugin, severity, cvss in items]
    return nessus(Host(name=name, items=found, end=day(at)), checks=CHECKS)


@once
async def tell(space):
    """Three days: one is scored anew, one goes, one comes, one is accepted, and an import is taken back."""
    await space.take(scored((1001, 4, 9.8), (1002, 3, 8.0), (1003, 1, 1.0), (1004, 0, None), at=1))
    await space.days_pass(1)
    await space.take(scored((1001, 4, 5.0), (1003, 1, 1.0), (1004, 0, None), (1005, 4, 10.0), at=2))
    await space.days_pass(1)
    (row,) = await space.vulnerabilities(pluginId=1003)
    await accept(space, row["id"])
    taken = await space.take(scored((1001, 4, 9.9), at=3, name="10.0.0.2"))
    await space.days_pass(1)
    await space.revert(taken["importId"])


async def check(space, **given):
    """Compare every band of every part with the list as of its end, which `look` gives for the last."""
    body = await space.get(PATH, **given)
    assert [band["band"].lower() for band in body["bands"]] == NAMES
    for row in body["data"]:
        for band in body["bands"]:
            query = {**band["look"]["query"], "asOf": row["end"]}
            stats = await space.get("/vulnerabilities/stats", **query)
            assert row["counts"][band["band"].lower()] == stats["total"], (row, query)
        assert row["active"] == sum(row["counts"].values())
        if row["active"]:
            assert sum(row["percent"].values()) == pytest.approx(100, abs=0.3)
    last = body["data"][-1]
    for band in body["bands"]:
        assert band["look"]["query"]["asOf"] == last["end"]
    return body


@pytest.mark.parametrize("severity", [None, "CRITICAL", "low,INFO"])
@pytest.mark.parametrize("interval", ["day", "week"])
async def test_a_band_is_what_the_list_of_that_day_says(space, severity, interval):
    await tell(space)
    await check(space, days=10, interval=interval, **({"severity": severity} if severity else {}))


async def test_a_new_score_moves_from_the_day_it_was_given(space):
    await tell(space)
    body = await check(space, days=5)
    told = {row["start"]: [row["counts"][name] for name in NAMES] for row in body["data"]}
    assert told == {
        ago(4): [0, 0, 0, 0, 0],
        ago(3): [1, 1, 0, 1, 1],
        ago(2): [1, 0, 1, 1, 1],
        ago(1): [3, 0, 0, 0, 1],  # what the import says of a check holds on every asset
        ago(0): [1, 0, 1, 0, 1],
    }
    assert body["data"][3]["percent"] == {"critical": 75, "high": 0, "medium": 0, "low": 0, "none": 25}


async def test_a_past_period_ends_where_it_says(space):
    await tell(space)
    body = await check(space, days=2, asOf=ago(2))
    assert [row["end"] for row in body["data"]] == [ago(3), ago(2)]


async def test_bands_are_those_of_the_formula_that_holds(space):
    await tell(space)
    formula = await space.get("/risk/formula")
    wanted = {name: formula[name] for name in ("weights", "ageSteps", "exposurePoints")}
    bands = {"critical": 99, "high": 50, "medium": 20}
    answer = await space.call(
        "PUT", "/risk/formula", json={**wanted, "bands": bands, "reason": "other bands"}
    )
    assert answer.status in {200, 202}, answer
    if answer.status == 202:
        await space.finished(answer.body["jobId"])
    body = await check(space, days=3)
    assert body["version"] == (await space.get("/risk/formula"))["version"] > formula["version"]
    assert {band["band"]: band["look"]["query"]["riskFrom"] for band in body["bands"]} == {
        "CRITICAL": "99",
        "HIGH": "50",
        "MEDIUM": "20",
        "LOW": "1",
        "NONE": "0",
    }


async def test_nothing_yet(space):
    body = await space.get(PATH, days=1)
    (row,) = body["data"]
    assert (row["active"], set(row["percent"].values())) == (0, {None})
    assert date.fromisoformat(row["end"]).isoformat() == ago(0)


@pytest.mark.parametrize(
    "text", ["days=0", "days=366", "interval=year", "severity=BAD", "tag=x", "asOf=2999-01-01"]
)
async def test_what_is_not_documented_is_refused(space, text):
    name, value = text.split("=")
    assert (await space.refusal(PATH, **{name: value}))["details"][0]["field"] == name
