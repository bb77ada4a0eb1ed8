"""Which hosts are one asset: identifiers from strongest to weakest, and what contradicts a match."""

import pytest
from exposure_reports import Host, Item, day, nessus
from nessus_samples import SCANS

A = "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"
B = "6a3c1d52-93bb-47f3-9a5e-5a3a2f7a9c11"


@pytest.fixture(autouse=True)
async def _recounted(space):
    yield
    await space.check()


async def seen(space, *hosts):
    """Import hosts, one report each, then all in one; the names of each asset's hosts, by asset."""
    for number, host in enumerate(hosts, start=1):
        await space.take(nessus(_with_own_finding(host, number, number)))
    before = await _sharers(space)
    again = [_with_own_finding(host, number, number + 20) for number, host in enumerate(hosts, start=1)]
    assert (await space.take(nessus(*again)))["created"] == 0
    assert await _sharers(space) == before
    return before


async def seen_at_once(space, *hosts):
    report = nessus(*(_with_own_finding(host, number, 1) for number, host in enumerate(hosts, start=1)))
    result = await space.take(report)
    found = await _sharers(space)
    assert result["assets"] == len(found)
    before = await space.snapshot()
    assert (await space.take(report))["created"] == 0
    assert await space.snapshot() == before
    return found


def _with_own_finding(host, number, on):
    return Host(name=host.name, tags=host.tags, items=[Item(plugin=number)], end=day(on))


async def _sharers(space):
    assets = {}
    for row in await space.vulnerabilities():
        assets.setdefault(row["assetId"], set()).add(row["pluginId"])
    return sorted(assets.values(), key=min)


def host(name="10.0.0.1", **tags):
    return Host(name=name, tags={key.replace("_", "-"): value for key, value in tags.items()})


@pytest.fixture(params=[seen, seen_at_once], ids=["one report each", "one report"])
def sharers(request, space):
    async def run(*hosts):
        return await request.param(space, *hosts)

    return run


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"agent_uuid": A}, {"agent_uuid": A.upper().replace("-", "")}),
        ({"host_uuid": A}, {"host_uuid": A}),
        ({"bios_uuid": A}, {"bios_uuid": A.upper()}),
        ({"mac_address": "00:50:56:AA:BB:CC"}, {"mac_address": "00-50-56-aa-bb-cc"}),
        ({"mac_address": "00:50:56:AA:BB:CC\n00:50:56:AA:BB:CD"}, {"mac_address": "00:50:56:aa:bb:cd"}),
        ({"host_fqdn": "Web.Example.com."}, {"host_fqdn": "web.example.com"}),
        ({"netbios_name": "CORP\\web"}, {"netbios_name": "WEB"}),
        ({"host_fqdn": "web"}, {"host_fqdn": "WEB"}),
        ({"host_ip": "2001:db8::1"}, {"host_ip": "2001:0DB8:0:0::1"}),
    ],
    ids=["agent", "tenable", "bios", "mac", "second mac", "fqdn", "netbios", "hostname", "ipv6"],
)
async def test_same_identifier_whatever_its_spelling_is_one_asset(sharers, one, two):
    assert await sharers(host("scan target one", **one), host("scan target two", **two)) == [{1, 2}]


async def test_name_that_is_an_address_matches_the_address(sharers):
    assert await sharers(host("10.0.0.1"), host("whatever", host_ip="10.0.0.1")) == [{1, 2}]


async def test_target_names_without_anything_else_tell_assets_apart(sharers):
    assert await sharers(host("alpha"), host("beta"), host("ALPHA")) == [{1, 3}, {2}]


@pytest.mark.parametrize("kind", ["agent_uuid", "host_uuid", "bios_uuid"])
async def test_other_uuid_contradicts_a_shared_address_and_name(sharers, kind):
    shared = {"host_ip": "10.0.0.1", "host_fqdn": "web.example.com", "mac_address": "00:50:56:aa:bb:cc"}
    assert await sharers(host(**{kind: A}, **shared), host(**{kind: B}, **shared)) == [{1}, {2}]


async def test_other_name_contradicts_a_shared_address(sharers):
    assert await sharers(
        host(host_ip="10.0.0.1", host_fqdn="a.example.com"),
        host(host_ip="10.0.0.1", host_fqdn="b.example.com"),
    ) == [{1}, {2}]


async def test_other_netbios_name_contradicts_a_shared_address(sharers):
    assert await sharers(
        host(host_ip="10.0.0.1", netbios_name="ONE"), host(host_ip="10.0.0.1", netbios_name="TWO")
    ) == [{1}, {2}]


async def test_name_does_not_contradict_a_shared_mac(sharers):
    assert await sharers(
        host(mac_address="00:50:56:aa:bb:cc", host_fqdn="old.example.com"),
        host(mac_address="00:50:56:aa:bb:cc", host_fqdn="new.example.com"),
    ) == [{1, 2}]


async def test_bare_address_belongs_to_the_asset_known_by_it(sharers):
    assert await sharers(host(host_ip="10.0.0.1", host_uuid=A), host("10.0.0.1")) == [{1, 2}]


async def test_two_that_contradict_each_other_cannot_share_a_bare_address(space):
    """An asset known by its address alone becomes one of the two, and the other is new."""
    await space.take(nessus(_with_own_finding(host("10.0.0.1"), 9, 1)))
    await space.take(
        nessus(
            _with_own_finding(host(host_ip="10.0.0.1", host_uuid=A), 1, 2),
            _with_own_finding(host(host_ip="10.0.0.1", host_uuid=B), 2, 2),
        )
    )
    assert await _sharers(space) in ([{1, 9}, {2}], [{1}, {2, 9}])


async def test_identifiers_accumulate_and_carry_the_match_on(sharers):
    assert await sharers(
        host("10.0.0.1", host_fqdn="web.example.com", host_uuid=A),
        host("10.0.0.7", host_fqdn="web.example.com", mac_address="00:50:56:aa:bb:cc"),
        host("10.0.0.8", mac_address="00:50:56:aa:bb:cc"),
    ) == [{1, 2, 3}]


async def test_stronger_identifier_wins_over_weaker_ones(space):
    hosts = [host(host_uuid=A, host_ip="10.0.0.1"), host(host_uuid=B, host_ip="10.0.0.2")]
    await seen(space, *hosts)
    await space.take(nessus(_with_own_finding(host(host_uuid=A, host_ip="10.0.0.2"), 3, 30)))
    assert await _sharers(space) == [{1, 3}, {2}]


async def test_asset_shows_everything_it_is_known_by(space):
    tags = {
        "agent_uuid": A,
        "host_uuid": B,
        "mac_address": "00:50:56:AA:BB:CC",
        "host_fqdn": "web.example.com",
        "netbios_name": "WEB",
        "host_ip": "10.0.0.1",
        "operating_system": "Linux",
    }
    await space.take(nessus(Host(items=[Item()], tags=host(**tags).tags, credentialed=True)))
    (row,) = await space.walk("/assets")
    asset = (await space.get(f"/assets/{row['id']}"))["data"]
    assert {(item["kind"], item["value"]) for item in asset["identifiers"]} == {
        ("agent_uuid", A),
        ("tenable_uuid", B),
        ("mac", "00:50:56:aa:bb:cc"),
        ("fqdn", "web.example.com"),
        ("netbios", "WEB"),
        ("ip", "10.0.0.1"),
    }
    shown = {name: asset[name] for name in ("name", "fqdn", "netbios", "ip", "operatingSystem")}
    assert shown == {
        "name": "web.example.com",
        "fqdn": "web.example.com",
        "netbios": "WEB",
        "ip": "10.0.0.1",
        "operatingSystem": "Linux",
    }
    assert asset["lastAuthenticatedScan"] == asset["lastSeen"] == "2024-05-01T12:00:00Z"


async def test_address_that_moved_follows_the_newest_report(space):
    await space.take(nessus(Host(tags={"host-uuid": A, "host-ip": "10.0.0.1"}, items=[Item()])))
    await space.take(nessus(Host(tags={"host-uuid": A, "host-ip": "10.0.0.2"}, items=[Item()], end=day(3))))
    await space.take(nessus(Host(tags={"host-uuid": A, "host-ip": "10.0.0.3"}, items=[Item()], end=day(2))))
    (asset,) = await space.walk("/assets")
    assert (asset["ip"], asset["lastSeen"]) == ("10.0.0.2", "2024-05-03T12:00:00Z")


async def test_workbench_export_with_shared_names_and_addresses_gives_every_host_an_asset(space):
    path = SCANS / "nessus" / "pyt__io_test_workbench_export.nessus"
    assert (await space.take(path.read_bytes()))["assets"] == 45
    shared = await space.sql(
        """SELECT kind, count(*) FROM (SELECT kind, value FROM exposure_asset_identifier
           GROUP BY kind, value HAVING count(*) > 1) s GROUP BY kind"""
    )
    assert {row["kind"] for row in shared} == {"fqdn", "ip"}
    assert len(await space.walk("/assets")) == 45
