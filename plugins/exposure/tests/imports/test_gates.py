"""`gate`: the verdict on a report is what the list says of the same filter."""

import pytest
from exposure_reports import Host, Item, day, nessus

ACCEPT = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
CRITICAL = Item(plugin=1001, severity=4, name="Log4Shell", cvss3=10.0)
HIGH = Item(plugin=1002, severity=3, cves=["CVE-2024-2000"])
LOW = Item(plugin=1003, severity=1)
NOTHING = b'<NessusClientData_v2><Report name="none"></Report></NessusClientData_v2>'


def scan(*items, at=1, name="10.0.0.1"):
    return nessus(Host(name=name, items=items, end=day(at)), checks=[1001, 1002, 1003])


async def handed_in(space, data, **params):
    headers = {"X-Filename": "scan.nessus", "Prefer": "wait=60"}
    return await space.call("POST", "/imports", data=data, headers=headers, params=params)


async def verdict(space, data, **params):
    answer = await handed_in(space, data, **params)
    assert answer.body["status"] == "completed", answer
    return answer.body["result"]["gate"]


@pytest.mark.parametrize(
    ("gate", "matched"),
    [
        ("severity=CRITICAL", 1),
        ("severity=critical,high", 2),
        ("severity=CRITICAL,HIGH&notCve=CVE-2024-2000", 1),
        ("search=log4shell", 1),
        ("severity=MEDIUM", 0),
        ("riskFrom=0&state=all", 3),
    ],
)
async def test_what_matches_is_what_the_list_has(space, gate, matched):
    report = scan(CRITICAL, HIGH, LOW)
    said = await verdict(space, report, gate=gate)
    asked = dict(pair.split("=") for pair in gate.split("&"))
    assert said == {
        "verdict": "fail" if matched else "pass", "matched": matched, "on": "seen", "filter": asked
    }  # fmt: skip
    assert len(await space.walk("/vulnerabilities", **asked)) == matched
    await space.check()


async def test_only_what_the_report_shows_counts(space):
    await space.take(scan(CRITICAL, name="10.0.0.9"))
    await space.take(scan(CRITICAL, HIGH))
    gone = await verdict(space, scan(HIGH, at=2), gate="severity=CRITICAL&state=all")
    assert (gone["verdict"], gone["matched"]) == ("pass", 0)
    back = await verdict(space, scan(CRITICAL, HIGH, at=3), gate="severity=CRITICAL")
    assert (back["verdict"], back["matched"]) == ("fail", 1)


async def test_new_is_what_it_creates_or_reopens(space):
    async def new(*items, at):
        return (await verdict(space, scan(*items, at=at), gate="riskFrom=0", gateOn="new"))["matched"]

    assert await new(CRITICAL, at=1) == 1
    assert await new(CRITICAL, at=1) == 0
    assert await new(CRITICAL, HIGH, LOW, at=2) == 2
    assert await new(HIGH, LOW, at=3) == 0
    assert await new(CRITICAL, HIGH, at=4) == 1
    assert (await verdict(space, scan(CRITICAL, HIGH, at=4), gate="riskFrom=0"))["matched"] == 2


async def test_what_is_accepted_does_not_fail(space):
    await space.take(scan(CRITICAL))
    (row,) = await space.vulnerabilities()
    assert (await space.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=ACCEPT)).status == 200
    assert (await verdict(space, scan(CRITICAL, at=2), gate="severity=CRITICAL"))["verdict"] == "pass"
    assert (await verdict(space, scan(CRITICAL, at=3), gate="state=accepted"))["verdict"] == "fail"


async def test_a_report_on_nothing_says_nothing(space):
    said = await verdict(space, NOTHING, gate="severity=CRITICAL")
    assert (said["verdict"], said["matched"]) == ("inconclusive", 0)
    clean = await verdict(space, scan(), gate="severity=CRITICAL")
    assert clean["verdict"] == "pass"


async def test_a_dry_run_is_judged_and_changes_nothing(space):
    before = await space.snapshot()
    assert (await verdict(space, scan(CRITICAL), gate="severity=CRITICAL", dryRun="true"))["matched"] == 1
    assert await space.snapshot() == before


async def test_a_saved_filter_is_a_policy(space, as_role):
    body = {"name": "policy", "resource": "vulnerabilities", "query": {"severity": "HIGH,CRITICAL"}}
    saved = (await space.call("POST", "/saved-filters", json=body)).body["data"]
    said = await verdict(space, scan(HIGH), gate=saved["id"])
    assert (said["verdict"], said["filter"]) == ("fail", body["query"])
    other = await as_role("admin", space.tenant)
    headers = {**other, "X-Filename": "scan.nessus"}
    for share, status in ((False, 400), (True, 202)):
        path = f"/saved-filters/{saved['id']}"
        assert (await space.call("PUT", path, json={"shared": share})).status == 200
        answer = await space.call("POST", f"/imports?gate={saved['id']}", data=scan(HIGH), headers=headers)
        assert answer.status == status, answer


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"gate": "critical"}, "gate"),
        ({"gate": ""}, "gate"),
        ({"gate": "severity=CRITICAL&severity=HIGH"}, "gate"),
        ({"gate": "asOf=2024-01-01"}, "gate"),
        ({"gate": "severity=URGENT"}, "gate.severity"),
        ({"gate": "severty=HIGH"}, "gate.severty"),
        ({"gate": "page=2"}, "gate.page"),
        ({"gate": "search=a%00b"}, "gate.search"),
        ({"gate": "&".join(f"tag{n}=x" for n in range(60))}, "gate"),
        ({"gate": "018f3a2e-7b1c-7d4e-9a5f-0123456789ab"}, "gate"),
        ({"gate": "severity=HIGH", "gateOn": "old"}, "gateOn"),
    ],
)
async def test_a_wrong_policy_is_refused_before_the_report_is_read(space, params, field):
    answer = await handed_in(space, scan(CRITICAL), **params)
    assert answer.status == 400, answer
    assert {detail["field"] for detail in answer.body["details"]} == {field}
    assert (await space.get("/imports"))["meta"]["total"] == 0


async def test_without_a_gate_there_is_no_verdict(space):
    answer = await handed_in(space, scan(CRITICAL))
    assert "gate" not in answer.body["result"]
