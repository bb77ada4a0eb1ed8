"""What is known to be exploited, who was looked at, and what each format brought."""

import json

import pytest
from backlog_stock import FILTERS, counts, filters, host, scan, total

BANDIT = json.dumps(
    {
        "errors": [],
        "generated_at": "2024-05-01T12:00:00Z",
        "metrics": {},
        "results": [
            {
                "code": "x",
                "filename": "app.py",
                "issue_confidence": "HIGH",
                "issue_severity": "HIGH",
                "issue_text": "Weak",
                "line_number": 1,
                "line_range": [1],
                "test_id": "B101",
                "test_name": "assert_used",
            }
        ],
    }
).encode()


async def test_known_exploited(stock):
    body = await stock.get("/dashboard/kev-exposure")
    assert counts(body) == {"critical": 4, "medium": 2}
    assert (body["active"], body["assets"], body["definitions"]) == (6, 3, 2)


@pytest.mark.parametrize("given", FILTERS, ids=str)
async def test_known_exploited_are_those_of_the_list_that_say_so(stock, given):
    given = filters(stock, given)
    rows = await stock.walk("/vulnerabilities", **given)
    exploited = [
        row for row in rows if (await stock.get(f"/vulnerabilities/{row['id']}"))["data"]["kev"] is True
    ]
    body = await stock.get("/dashboard/kev-exposure", **given)
    assert body["active"] == len(exploited)
    assert body["assets"] == len({row["assetId"] for row in exploited})
    assert body["definitions"] == len({row["check"] for row in exploited})
    for name, count in body["bySeverity"].items():
        assert count == sum(row["severity"] == name.upper() for row in exploited)


async def test_who_was_looked_at(stock):
    body = await stock.get("/dashboard/scan-coverage")
    assert body == {
        "assets": 5,
        "seenWithin7Days": 1,
        "seenWithin30Days": 3,
        "seenWithin90Days": 4,
        "authenticatedWithin30Days": 1,
        "neverAuthenticated": 3,
        "unobservedVulnerabilities": 0,
    }
    never = [row for row in await stock.walk("/assets") if row["lastAuthenticatedScan"] is None]
    assert len(never) == body["neverAuthenticated"]


async def test_what_is_not_observed_any_more(space):
    await space.take(scan(host(1, 1, 2, ago=3, credentialed=True)))
    await space.take(scan(host(1, 2, ago=1, credentialed=False)))
    body = await space.get("/dashboard/scan-coverage")
    assert body["unobservedVulnerabilities"] == await total(space, unobserved="true") == 1


async def test_what_each_format_brought(space):
    await space.take(scan(host(1, 1, 2, ago=3), host(2, 1, ago=3), host(3, ago=3)))
    await space.take(BANDIT, name="bandit.json")
    rows = (await space.get("/dashboard/sources"))["data"]
    assert [(row["source"], row["assets"], counts(row)) for row in rows] == [
        ("nessus", 2, {"critical": 2, "high": 1}),
        ("bandit_json", 1, {"high": 1}),
    ]
    listed = await space.walk("/vulnerabilities")
    imports = {row["format"]: row["finishedAt"] for row in await space.walk("/imports")}
    for row in rows:
        mine = [item for item in listed if item["source"] == row["source"]]
        assert (row["active"], row["assets"]) == (len(mine), len({item["assetId"] for item in mine}))
        assert row["lastImport"] == imports[row["source"]]


async def test_a_format_stays_when_nothing_of_it_is_open_and_a_dry_run_is_none(space):
    await space.take(scan(host(1, 1, ago=3)))
    await space.take(scan(host(1, ago=2)))
    answer = await space.call(
        "POST",
        "/imports",
        params={"dryRun": "true"},
        data=BANDIT,
        headers={"X-Filename": "bandit.json", "Prefer": "wait=60"},
    )
    assert answer.body["status"] == "completed", answer
    (row,) = (await space.get("/dashboard/sources"))["data"]
    assert (row["source"], row["assets"], counts(row)) == ("nessus", 0, {})
    assert row["lastImport"] == (await space.walk("/imports", sort="-createdAt"))[1]["finishedAt"]


async def test_nothing_yet(space):
    assert (await space.get("/dashboard/sources"))["data"] == []
    assert set((await space.get("/dashboard/scan-coverage")).values()) == {0}
    body = await space.get("/dashboard/kev-exposure")
    assert (counts(body), body["assets"], body["definitions"]) == ({}, 0, 0)


@pytest.mark.parametrize(
    "path",
    [
        "accepted-risk",
        "aging",
        "asset-exposure",
        "kev-exposure",
        "scan-coverage",
        "sources",
        "top-assets",
        "top-cves",
        "top-vulnerabilities",
    ],
)
async def test_everybody_signed_in_may_look_and_nothing_else_is_taken(stock, as_role, path):
    path = f"/dashboard/{path}"
    viewer = await as_role("viewer", stock.tenant)
    assert (await stock.call("GET", path, headers=viewer)).status == 200
    assert (await stock.call("GET", path, headers={"Authorization": "Bearer x"})).status == 401
    assert (await stock.refusal(path, unknown=1))["details"][0]["field"] == "unknown"
