"""What the reference promises of endpoints and parameters, line by line, is taken and has effect."""

from datetime import UTC, datetime, timedelta

import pytest
from exposure_reports import Host, Item, nessus

ENDPOINTS = """
dashboard	GET	/api/dashboard/kpis
dashboard	GET	/api/dashboard/widgets
dashboard	GET	/api/dashboard/trends
dashboard	GET	/api/dashboard/risk-score
dashboard	GET	/api/dashboard/severity-breakdown
dashboard	GET	/api/dashboard/asset-exposure
dashboard	GET	/api/dashboard/compliance-status
dashboard	GET	/api/dashboard/sla
dashboard	GET	/api/dashboard/anomalies
assets	GET	/api/assets
assets	GET	/api/assets/{uuid}
assets	GET	/api/assets/{uuid}/vulnerabilities
vulnerabilities	GET	/api/vulnerabilities
vulnerabilities	GET	/api/vulnerabilities/{id}
vulnerabilities	POST	/api/vulnerabilities/search
vulnerabilities	GET	/api/vulnerabilities/export
vulnerabilities	GET	/api/vulnerabilities/stats
vulnerabilities	GET	/api/vulnerabilities/cve/{cve}
vulnerabilities	GET	/api/vulnerabilities/plugin/{id}
sync	GET	/api/sync/status
sync	POST	/api/sync/start
sync	GET	/api/sync/history
sync	GET	/api/sync/config
sync	PUT	/api/sync/config
sync	GET	/api/sync/progress
"""
# "Query parameters accepted by most dashboard endpoints:", "Query parameters for /assets:", and the examples.
DASHBOARD = (
    "?startDate=2026-01-01&endDate=2026-04-01",
    "?assetGroup=uuid",
    "?severity=CRITICAL,HIGH",
    "?tag=production",
)
ASSETS = (
    "?page=1&limit=50",
    "?search=hostname",
    "?severity=CRITICAL",
    "?tag=production",
    "?assetGroup=uuid",
)
DATES, GROUP, SEVERITY, TAG = DASHBOARD
EVERY = {
    "kpis": DASHBOARD,
    "widgets": DASHBOARD,
    "severity-breakdown": DASHBOARD,
    "asset-exposure": DASHBOARD,
    "compliance-status": DASHBOARD,
    "sla": DASHBOARD,
    "sla-forecast": DASHBOARD,
    "scan-coverage": DASHBOARD,
    # Of a past day nobody knows who was in a tag or group.
    "trends": (DATES, SEVERITY),
    "severity-history": (DATES, SEVERITY),
    "remediation-velocity": (DATES, SEVERITY),
    "mttr": (DATES,),
    "reopened": (DATES,),
    "risk-score": (DATES,),
    "anomalies": (DATES,),
}


@pytest.fixture(scope="module")
async def scanned(make_space):
    """Two hosts, one tagged and grouped with every severity; nothing of them is observed any more."""
    space = await make_space()
    now = datetime.now(UTC)
    hosts = {"hostname-1": (1, range(5)), "elsewhere-2": (50, (1, 2))}  # days ago, severities
    for name, (ago, severities) in hosts.items():
        items = [
            Item(plugin=2000 + ago * 10 + severity, severity=severity, cves=["CVE-2024-0001"])
            for severity in severities
        ]
        await space.take(nessus(Host(name=name, items=items, end=now - timedelta(days=ago))))
    await space.take(nessus(*(Host(name=name, end=now) for name in hosts), checks=[9]))
    assets = {row["name"]: row["id"] for row in await space.walk("/assets")}
    named = assets["hostname-1"]
    await space.call("PUT", f"/assets/{named}/tags", json={"tags": ["production"]})
    group = (await space.call("POST", "/asset-groups", json={"name": "seed"})).body["data"]
    await space.call("POST", f"/asset-groups/{group['id']}/members", json={"assetIds": [named]})
    space.assets, space.group = assets, group["id"]
    return space


def asked(line, space):
    """The parameters of a line, `uuid` filled in."""
    pairs = dict(pair.split("=") for pair in line.removeprefix("?").split("&"))
    return {name: space.group if text == "uuid" else text for name, text in pairs.items()}


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in EVERY.items() for line in lines])
async def test_a_filter_of_the_dashboard_changes_the_answer(scanned, name, line):
    plain = await scanned.get(f"/dashboard/{name}")
    assert await scanned.get(f"/dashboard/{name}", **asked(line, scanned)) != plain


@pytest.mark.parametrize("line", [line for line in ASSETS if "page" not in line])
async def test_a_filter_of_assets_narrows(scanned, line):
    body = await scanned.get("/assets", **asked(line, scanned))
    assert [row["name"] for row in body["data"]] == ["hostname-1"]


@pytest.mark.parametrize("path", ["/assets", "/vulnerabilities"])
async def test_pages_have_the_size_that_is_asked_for(scanned, path):
    body = await scanned.get(path, **asked("?page=1&limit=50", scanned))
    assert (body["meta"]["page"], body["meta"]["limit"]) == (1, 50)
    second = await scanned.get(path, page=2, limit=1)
    assert [row["id"] for row in second["data"]] == [body["data"][1]["id"]]
    assert second["meta"]["totalPages"] == body["meta"]["total"]


@pytest.mark.parametrize("line", [*DASHBOARD, "?severity=CRITICAL"])
async def test_the_list_of_vulnerabilities_takes_the_same(scanned, line):
    every = (await scanned.get("/vulnerabilities"))["meta"]["total"]
    assert (await scanned.get("/vulnerabilities", **asked(line, scanned)))["meta"]["total"] < every


@pytest.mark.parametrize("line", ENDPOINTS.strip().splitlines())
async def test_an_endpoint_is_there(scanned, line):
    """It answers what it should, or says what it lacks; never that there is no such path or method."""
    _, method, path = line.split("\t")
    (row,) = (await scanned.get("/vulnerabilities", severity="CRITICAL"))["data"]
    ids = {
        "uuid": row["assetId"],
        "id": row["check"] if "plugin" in path else row["id"],
        "cve": "CVE-2024-0001",
    }
    bodies = {"/api/vulnerabilities/search": {"query": "critical"}}
    answer = await scanned.call(
        method,
        path.removeprefix("/api").format(**ids),
        json=bodies.get(path, {}) if method != "GET" else None,
    )
    lacking = {"/api/sync/start": 409, "/api/sync/config": 400 if method == "PUT" else 200}
    expected = 202 if path.endswith("/export") else lacking.get(path, 200)
    assert answer.status == expected, answer


async def test_the_forecast_counts_what_the_filters_leave(scanned):
    """One critical of 7 days, one high of 30; a medium of 90 that is 50 days old, of the host without tag."""

    async def weeks(**filters):
        found = (await scanned.get("/dashboard/sla-forecast", **filters))["data"]
        return {row["week"]: row["total"] for row in found if row["total"]}

    assert await weeks() == {1: 1, 5: 1, 6: 1}
    assert await weeks(tag="production") == {1: 1, 5: 1}
    assert await weeks(tag="production", severity="HIGH") == await weeks(severity="HIGH") == {5: 1}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"endDate": "2026-01-01", "asOf": "2026-01-02"}, "endDate"),
        ({"startDate": "2026-02-01", "endDate": "2026-01-01"}, "startDate"),
        ({"startDate": "2024-01-01", "endDate": "2025-06-01"}, "startDate"),
        ({"endDate": "1969-12-31"}, "endDate"),
        ({"startDate": "2999-01-01"}, "startDate"),
    ],
)
async def test_a_period_that_is_none_is_refused(scanned, query, field):
    body = await scanned.refusal("/dashboard/trends", **query)
    assert [item["field"] for item in body["details"]] == [field]


async def test_a_period_is_its_days(scanned):
    body = (await scanned.get("/dashboard/trends", startDate="2026-01-05", endDate="2026-01-07"))["data"]
    assert [row["start"] for row in body] == ["2026-01-05", "2026-01-06", "2026-01-07"]
    assert body == (await scanned.get("/dashboard/trends", asOf="2026-01-07", days=3))["data"]
