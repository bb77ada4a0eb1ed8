"""Sightings of one thing inside one report, and what plugins mean from report to report."""

import pytest
from exposure_reports import Host, Item, day, nessus, weaver


@pytest.fixture(autouse=True)
async def _recounted(space):
    yield
    await space.check()


async def test_two_sightings_at_one_place_are_one_with_both_outputs(space):
    result = await space.take(
        nessus(Host(items=[Item(output="first", severity=1), Item(output="second", severity=3)]))
    )
    assert (result["findings"], result["duplicates"], result["created"]) == (2, 1, 1)
    found = await space.only()
    assert found["severity"] == "HIGH"
    assert "first" in found["output"]
    assert "second" in found["output"]


async def test_two_sightings_without_output_are_one(space):
    same = nessus(Host(items=[Item(output=None), Item(output=None)]))
    assert await space.counts(same) == {"created": 1}
    assert (await space.only())["output"] == ""
    assert await space.counts(same) == {"unchanged": 1}


async def test_order_of_sightings_does_not_matter(space):
    one, two = Item(output="same", service="www"), Item(output="same", service="http")
    three = Item(output=None, service="x")
    assert await space.counts(nessus(Host(items=[one, two, three]))) == {"created": 1}
    for turned in ([two, one, three], [three, two, one], [one, three, two]):
        assert await space.counts(nessus(Host(items=turned, end=day(2)))) == {"unchanged": 1}


async def test_one_sighting_more_is_an_update(space):
    await space.take(nessus(Host(items=[Item(output="first")])))
    assert await space.counts(
        nessus(Host(items=[Item(output="first"), Item(output="more")], end=day(2)))
    ) == {"updated": 1}
    assert await space.counts(nessus(Host(items=[Item(output="first")], end=day(3)))) == {"updated": 1}
    assert (await space.only())["output"] == "first"


async def test_ports_and_protocols_are_places_of_their_own(space):
    items = [Item(port=80), Item(port=443), Item(port=443, protocol="udp"), Item(port=0)]
    assert await space.counts(nessus(Host(items=items))) == {"created": 4}


async def test_protocols_differ_by_more_than_case_and_may_be_long(space):
    items = [Item(protocol="TCP"), Item(protocol="tcp"), Item(protocol="p" * 200), Item(protocol="")]
    result = await space.take(nessus(Host(items=items)))
    assert (result["created"], result["duplicates"]) == (3, 1)
    again = await space.take(nessus(Host(items=items)))
    assert (again["unchanged"], again["updated"], again["created"]) == (3, 0, 0)


async def test_one_asset_under_two_names_in_one_report_keeps_both_outputs(space):
    uuid = {"host-uuid": "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"}
    report = nessus(
        Host(name="10.0.0.1", tags=uuid, items=[Item(output="through one")]),
        Host(name="10.0.0.2", tags=uuid, items=[Item(output="through two"), Item(plugin=1002)]),
    )
    result = await space.take(report)
    assert (result["assets"], result["created"], result["duplicates"]) == (1, 2, 1)
    both = (await space.only(pluginId=1001))["output"]
    assert "through one" in both
    assert "through two" in both
    assert await space.counts(report) == {"unchanged": 2}


async def test_cve_sets_of_one_plugin_add_up_within_a_report(space):
    report = nessus(
        Host(items=[Item(cves=["CVE-2024-0001", "CVE-2024-0002"])]),
        Host(name="10.0.0.2", items=[Item(cves=["CVE-2024-0002", "cve-2024-0003"])]),
    )
    assert await space.counts(report) == {"created": 2}
    for row in await space.vulnerabilities():
        assert row["cves"] == ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003"]
    for cve in ("CVE-2024-0001", "cve-2024-0002", "CVE-2024-0003"):
        assert (await space.get(f"/vulnerabilities/cve/{cve}"))["meta"]["total"] == 2


async def test_cve_sets_of_one_plugin_add_up_from_report_to_report(space):
    await space.take(nessus(Host(items=[Item(cves=["CVE-2024-0001"], modified="2024/01/01")])))
    other = nessus(
        Host(name="10.0.0.2", items=[Item(cves=["CVE-2024-0002"], modified="2024/01/01")], end=day(2))
    )
    await space.take(other)
    assert {tuple(row["cves"]) for row in await space.vulnerabilities()} == {
        ("CVE-2024-0001", "CVE-2024-0002")
    }
    before = await space.snapshot()
    await space.take(other)
    assert await space.snapshot() == before


async def test_newer_revision_of_a_plugin_replaces_its_cves(space):
    await space.take(nessus(Host(items=[Item(cves=["CVE-2024-0001"], modified="2024/01/01")])))
    await space.take(
        nessus(Host(items=[Item(cves=["CVE-2024-0002"], modified="2024/02/01", name="Renamed")], end=day(2)))
    )
    found = await space.only()
    assert (found["cves"], found["name"]) == (["CVE-2024-0002"], "Renamed")


async def test_older_revision_of_a_plugin_changes_nothing(space):
    await space.take(nessus(Host(items=[Item(modified="2024/02/01", name="New", cvss3=5.0)])))
    older = nessus(Host(items=[Item(modified="2024/01/01", name="Old", cvss3=9.0)], end=day(2)))
    assert await space.counts(older) == {"unchanged": 1}
    found = await space.only()
    assert (found["name"], found["cvss3Score"], found["riskScore"]) == ("New", 5.0, weaver(cvss=50))


async def test_new_score_of_a_plugin_ranks_every_asset_anew(space):
    hosts = [
        Host(name=f"10.0.0.{n}", items=[Item(cvss3=4.0), Item(plugin=1002, severity=0)]) for n in (1, 2, 3)
    ]
    await space.take(nessus(*hosts, checks=[1001]))
    await space.take(nessus(Host(name="10.0.0.3", end=day(2)), checks=[1001]))
    update = nessus(Host(name="10.0.0.1", items=[Item(cvss3=9.0)], end=day(3)))
    assert await space.counts(update) == {"updated": 1}
    rows = await space.vulnerabilities(pluginId=1001)
    assert {(row["assetIp"], row["riskScore"]) for row in rows} == {
        ("10.0.0.1", weaver(cvss=90)),
        ("10.0.0.2", weaver(cvss=90)),
        # fixed on its second day, and so no older than that
        ("10.0.0.3", weaver(cvss=90, age=50)),
    }
    assets = {row["ip"]: row["riskScore"] for row in await space.walk("/assets")}
    now = weaver(cvss=90)
    assert assets == {"10.0.0.1": now, "10.0.0.2": now, "10.0.0.3": 0}
    assert (await space.get("/dashboard/kpis"))["riskScore"] == round(2 * now / 3, 1)


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "n" * 5000, "family": "f" * 3000},
        {"output": "\u00e9\u4e2d\U0001f600" * 5000},
        {"service": "s" * 255},
        {"port": 65535, "protocol": "icmp"},
        {"plugin": 2**31 - 1},
        # More different words than an index of words takes.
        {"extra": f"<solution>{' '.join(f'word{n:x}' for n in range(300_000))}</solution>"},
    ],
    ids=["long names", "long output", "long service", "last port", "last plugin", "many words"],
)
async def test_oddly_large_values_are_kept_or_cut_and_stay_the_same(space, odd):
    report = nessus(
        Host(
            items=[Item(**odd)],
            tags={
                "operating-system": "o" * 2000,
                "netbios-name": "N" * 300,
                "host-fqdn": "a" * 60 + ".example.com",
            },
        )
    )
    assert await space.counts(report) == {"created": 1}
    before = await space.snapshot()
    assert await space.counts(report) == {"unchanged": 1}
    assert await space.snapshot() == before


async def test_long_host_name_is_cut(space):
    report = nessus(Host(name="x" * 999, items=[Item()]))
    assert await space.counts(report) == {"created": 1}
    assert await space.counts(report) == {"unchanged": 1}
    (asset,) = await space.walk("/assets")
    assert asset["name"] == "x" * 255
