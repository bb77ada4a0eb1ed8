"""What weighs most: assets, definitions and CVEs, each as the list that it counts."""

import pytest
from backlog_stock import FILTERS, counts, filters, host, scan, total

WEIGHTS = {"critical": 10, "high": 5, "medium": 2, "low": 1, "info": 0}
TOPS = ["/dashboard/top-assets", "/dashboard/top-vulnerabilities", "/dashboard/top-cves"]


async def rows_of(space, path, **given):
    """The rows, of which each must weigh what its counts say, and none less than the next."""
    rows = (await space.get(path, **given))["data"]
    for row in rows:
        assert row["weight"] == sum(WEIGHTS[name] * count for name, count in counts(row).items())
        assert row["active"] > 0
    assert [row["weight"] for row in rows] == sorted((row["weight"] for row in rows), reverse=True)
    return rows


async def test_assets(stock):
    rows = await rows_of(stock, TOPS[0])
    assert [(row["name"], row["weight"], row["active"]) for row in rows] == [
        ("10.3.0.2", 21, 3),
        ("10.3.0.1", 17, 3),
        ("10.3.0.4", 12, 2),
        ("10.3.0.3", 5, 2),
    ]
    assert counts(rows[0]) == {"critical": 2, "low": 1}
    known = {asset["id"]: asset for asset in await stock.walk("/assets")}
    for row in rows:
        asset = known[row["id"]]
        assert (row["ip"], row["riskScore"]) == (asset["ip"], asset["riskScore"])


async def test_definitions(stock):
    rows = await rows_of(stock, TOPS[1])
    assert [(row["check"], row["weight"], row["active"], row["assets"], row["kev"]) for row in rows] == [
        ("1001", 40, 4, 3, True),
        ("1002", 10, 2, 2, False),
        ("1003", 4, 2, 2, True),
        ("1004", 1, 1, 1, False),
        ("1005", 0, 1, 1, False),
    ]
    first = rows[0]
    assert (first["source"], first["pluginId"], first["name"]) == ("nessus", 1001, "Weakness 1")
    assert first["cves"] == ["CVE-2024-1000", "CVE-2024-2000"]


async def test_cves(stock):
    rows = await rows_of(stock, TOPS[2])
    assert [
        (row["cve"], row["weight"], row["active"], row["assets"], row["definitions"], row["kev"])
        for row in rows
    ] == [
        ("CVE-2024-2000", 50, 6, 4, 2, True),
        ("CVE-2024-1000", 40, 4, 3, 1, True),
        ("CVE-2024-4000", 1, 1, 1, 1, False),
    ]


@pytest.mark.parametrize("given", FILTERS, ids=str)
async def test_each_row_is_what_the_list_says(stock, given):
    given = filters(stock, given)
    ids = {"assetId": "id", "pluginId": "pluginId", "cve": "cve"}
    for path, (name, column) in zip(TOPS, ids.items(), strict=True):
        rows = await rows_of(stock, path, **given)
        for row in rows:
            stats = await stock.get("/vulnerabilities/stats", **{**given, name: row[column]})
            assert (row["bySeverity"], row["active"]) == (stats["bySeverity"], stats["total"])
            for shown in {"assets", "definitions"} & set(row):
                assert row[shown] == stats[shown]
        if name != "cve":
            assert sum(row["active"] for row in rows) == await total(stock, **given)


@pytest.mark.parametrize("path", TOPS)
async def test_as_many_as_asked_for(stock, path):
    every = (await stock.get(path, limit=100))["data"]
    assert (await stock.get(path, limit=2))["data"] == every[:2]
    assert (await stock.get(path))["data"] == every


async def test_ten_unless_more_are_asked_for(space):
    await space.take(scan(*[host(number, 1, ago=1) for number in range(1, 13)]))
    assert len((await space.get(TOPS[0]))["data"]) == 10
    assert len((await space.get(TOPS[0], limit=11))["data"]) == 11


@pytest.mark.parametrize("path", TOPS)
async def test_nothing_yet(space, path):
    assert (await space.get(path))["data"] == []


@pytest.mark.parametrize("path", TOPS)
@pytest.mark.parametrize(
    "text",
    ["limit=0", "limit=101", "limit=x", "severity=BAD", "tag=", "assetGroup=x", "page=1", "state=open"],
)
async def test_what_is_not_documented_is_refused(stock, path, text):
    name, value = text.split("=")
    assert (await stock.refusal(path, **{name: value}))["details"][0]["field"] == name


async def test_what_is_fixed_or_accepted_weighs_nothing(space):
    await space.take(scan(host(1, 1, 2, 4, ago=3)))
    await space.take(scan(host(1, 2, 4, ago=1)))
    (row,) = await space.vulnerabilities(pluginId=1002)
    body = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    assert (await space.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=body)).status == 200
    assert [row["weight"] for row in await rows_of(space, TOPS[0])] == [1]
    assert [row["check"] for row in await rows_of(space, TOPS[1])] == ["1004"]
    assert [row["cve"] for row in await rows_of(space, TOPS[2])] == ["CVE-2024-4000"]
