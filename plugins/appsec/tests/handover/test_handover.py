"""What scans find stands in the list of vulnerabilities, too, and goes when it is gone."""

import io
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threatweaver.sdk import ReportError, publish
from threatweaver_appsec.events import AppsecFindingsClosed, AppsecFindingsRecorded
from threatweaver_appsec.handover import report


async def told(space, settled, target, assessment=None):
    """Say that findings of a target changed, as a scan or a retest does, and wait for who reacts."""
    target_id, ids = UUID(target["id"]), (UUID(int=1),)
    if assessment is None:
        event = AppsecFindingsClosed(target_id=target_id, finding_ids=ids)
    else:
        event = AppsecFindingsRecorded(
            assessment_id=UUID(assessment["id"]),
            target_id=target_id,
            base_url=target["baseUrl"],
            seen=1,
            created=1,
            reopened=0,
        )
    async with space.unit():
        await publish(event)
    await settled(space.tenant)


async def vulnerabilities(space, *hosts):
    async with space.client.get(
        "/api/vulnerabilities?limit=200&state=open,reopened,fixed", headers=space.headers
    ) as answer:
        assert answer.status == 200, await answer.text()
        rows = (await answer.json())["data"]
    return sorted((row for row in rows if row["assetName"] in hosts), key=lambda row: row["location"])


async def places(space, target):
    rows = await space.get(f"/findings?targetId={target['id']}")
    return {row["place"]: row["id"] for row in rows}


async def test_findings_come_close_and_come_back(space, finding_rows, settled):
    target = await space.target(baseUrl="https://shop.example.com:8443/app")
    assessment = await space.assessment(target)
    await space.seen(target, assessment, [finding_rows("a"), finding_rows("b", severity="CRITICAL")])
    await told(space, settled, target, assessment)
    rows = await vulnerabilities(space, "shop.example.com")
    assert [(row["name"], row["severity"], row["state"], row["port"], row["location"]) for row in rows] == [
        ("SQL injection", severity, "open", 8443, f"GET /items/{key} id")
        for key, severity in (("a", "HIGH"), ("b", "CRITICAL"))
    ]

    found = await places(space, target)
    await space.call("PUT", f"/findings/{found['GET /items/a']}", {"status": "fixed"}, status=200)
    await told(space, settled, target)
    assert [row["state"] for row in await vulnerabilities(space, "shop.example.com")] == ["fixed", "open"]

    await space.call("PUT", f"/findings/{found['GET /items/a']}", {"status": "open"}, status=200)
    await told(space, settled, target, assessment)
    assert [row["state"] for row in await vulnerabilities(space, "shop.example.com")] == ["reopened", "open"]


async def test_two_targets_of_a_host_do_not_close_each_others(space, finding_rows, settled):
    shop = await space.target(baseUrl="https://host.example.com/shop")
    blog = await space.target(baseUrl="http://HOST.example.com/blog")
    other = await space.target(baseUrl="https://elsewhere.example.com")
    for target, key in ((shop, "shop"), (blog, "blog"), (other, "other")):
        assessment = await space.assessment(target)
        await space.seen(target, assessment, [finding_rows(key)])
        await told(space, settled, target, assessment)
    rows = await vulnerabilities(space, "host.example.com", "elsewhere.example.com")
    assert [(row["state"], row["port"], row["assetName"]) for row in rows] == [
        ("open", 80, "host.example.com"),
        ("open", 443, "elsewhere.example.com"),
        ("open", 443, "host.example.com"),
    ]


async def test_what_people_decided_goes_along(space, finding_rows, settled):
    """What is false or a duplicate is nobody's vulnerability; an accepted risk is there still."""
    target = await space.target(baseUrl="https://decided.example.com")
    assessment = await space.assessment(target)
    await space.seen(target, assessment, [finding_rows("false"), finding_rows("risk")])
    found = await places(space, target)
    reason = {"reason": "looked at it by hand"}
    await space.post(f"/findings/{found['GET /items/false']}/false-positive", reason)
    until = {"until": "2999-01-01T00:00:00Z"}
    await space.post(f"/findings/{found['GET /items/risk']}/accept-risk", reason | until)
    await told(space, settled, target, assessment)
    assert [row["location"] for row in await vulnerabilities(space, "decided.example.com")] == [
        "GET /items/risk id"
    ]


async def test_decisions_go_along_by_themselves(space, finding_rows, settled):
    target = await space.target(baseUrl="https://alone.example.com")
    assessment = await space.assessment(target)
    keys = ("one", "many", "hidden", "stays")
    await space.seen(target, assessment, [finding_rows(key) for key in keys])
    await told(space, settled, target, assessment)
    found = await places(space, target)

    async def active():
        await settled(space.tenant)
        rows = await vulnerabilities(space, "alone.example.com")
        return {row["location"].split()[1].split("/")[2] for row in rows if row["state"] != "fixed"}

    assert await active() == {*keys}
    reason = {"reason": "looked at it by hand"}
    await space.post(f"/findings/{found['GET /items/one']}/false-positive", reason)
    assert await active() == {"many", "hidden", "stays"}
    many = {"action": "false-positive", "findingIds": [found["GET /items/many"]], "dryRun": False, **reason}
    await space.call("POST", "/findings/bulk-update", many, status=200)
    assert await active() == {"hidden", "stays"}
    rule = {"name": "Hidden", "reason": "known for long", "agent": "sqli.error", "place": "GET /items/hidden"}
    made = await space.post("/suppressions", rule, status=201)
    assert await active() == {"stays"}
    await space.call("DELETE", f"/suppressions/{made['id']}", status=204)
    await space.post(f"/findings/{found['GET /items/one']}/reopen", None)
    assert await active() == {"one", "hidden", "stays"}
    await space.call("DELETE", f"/targets/{target['id']}", status=204)
    assert await active() == set()


async def imports(space):
    async with space.client.get("/api/imports?limit=200", headers=space.headers) as answer:
        return len((await answer.json())["data"])


async def test_a_target_that_is_gone_is_nothing_to_tell(space, settled):
    before = await imports(space)
    await told(space, settled, {"id": str(UUID(int=7))})
    assert await imports(space) == before


def test_a_long_place_is_cut_and_stays_its_own():
    rows = [
        {"agent": "a", "title": "t", "severity": 1, "base_url": "http://[::1]:8080", "place": "x" * 900}
        | {"fingerprint": mark * 20}
        for mark in "pq"
    ]
    text = report.header("::1", "2026-01-01T00:00:00+00:00") + b"".join(map(report.line, rows))
    assert report.detects(text, "") == 100
    asset, coverage, definition, *findings = report.parse(io.BytesIO(text))
    assert (asset.identifiers, coverage.checks, definition.check) == ((("ip", "::1"),), None, "a")
    assert {len(finding.location) for finding in findings} == {500}
    assert len({finding.location for finding in findings}) == 2


@pytest.mark.parametrize("text", [b"", b"{}\n", b'{"format": "threatweaver_appsec", "version": 2}\n', b"x\n"])
def test_what_is_no_such_report_is_refused(text):
    with pytest.raises(ReportError):
        list(report.parse(io.BytesIO(text)))


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.text())
NAMES = st.sampled_from(["agent", "title", "severity", "base_url", "place", "cwe", "fingerprint", "says"])


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(rows=st.lists(st.dictionaries(NAMES, VALUES), max_size=3), cut=st.integers(0, 400))
def test_whatever_is_in_it_is_read_or_refused(rows, cut):
    good = {"agent": "a", "title": "t", "severity": 1, "base_url": "https://a.example.com"}
    text = report.header("a.example.com", "2026-01-01") + b"".join(report.line(good | row) for row in rows)
    for given_text in (text, text[:cut]):
        try:
            list(report.parse(io.BytesIO(given_text)))
        except ReportError as error:
            assert error.message  # noqa: PT017 - either outcome is right
