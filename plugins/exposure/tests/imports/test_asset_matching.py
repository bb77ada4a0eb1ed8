"""Which hosts are one asset: identifiers from strongest to weakest, and what contradicts a match."""

import re
from itertools import zip_longest

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, day, nessus
from nessus_samples import SCANS

A = "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"
B = "6a3c1d52-93bb-47f3-9a5e-5a3a2f7a9c11"
SHARED = {"host_ip": "10.0.0.1", "host_fqdn": "web.example.com", "mac_address": "00:50:56:aa:bb:cc"}


@pytest.fixture
async def space(space):
    yield space
    await space.check()


def _with_own_finding(host, number, on):
    return Host(name=host.name, tags=host.tags, items=[Item(plugin=number)], end=day(on))


async def _sharers(space):
    """The numbers of the findings of each asset."""
    assets = {}
    for row in await space.vulnerabilities():
        assets.setdefault(row["assetId"], set()).add(row["pluginId"])
    return sorted(assets.values(), key=min)


def host(name="10.0.0.1", **tags):
    return Host(name=name, tags={key.replace("_", "-"): value for key, value in tags.items()})


def _spelled(one, two):
    return [host("scan target one", **one), host("scan target two", **two)], [{1, 2}]


# Hosts as they come, and which of them are one asset.
CASES = {
    "agent": _spelled({"agent_uuid": A}, {"agent_uuid": A.upper().replace("-", "")}),
    "tenable": _spelled({"host_uuid": A}, {"host_uuid": A}),
    "bios": _spelled({"bios_uuid": A}, {"bios_uuid": A.upper()}),
    "mac": _spelled({"mac_address": "00:50:56:AA:BB:CC"}, {"mac_address": "00-50-56-aa-bb-cc"}),
    "second mac": _spelled(
        {"mac_address": "00:50:56:AA:BB:CC\n00:50:56:AA:BB:CD"}, {"mac_address": "00:50:56:aa:bb:cd"}
    ),
    "fqdn": _spelled({"host_fqdn": "Web.Example.com."}, {"host_fqdn": "web.example.com"}),
    "netbios": _spelled({"netbios_name": "CORP\\web"}, {"netbios_name": "WEB"}),
    "hostname": _spelled({"host_fqdn": "web"}, {"host_fqdn": "WEB"}),
    "ipv6": _spelled({"host_ip": "2001:db8::1"}, {"host_ip": "2001:0DB8:0:0::1"}),
    "name that is an address": ([host("10.0.0.1"), host("whatever", host_ip="10.0.0.1")], [{1, 2}]),
    "nothing but target names": ([host("alpha"), host("beta"), host("ALPHA")], [{1, 3}, {2}]),
    **{
        f"other {kind} with a shared address and name": (
            [host(**{kind: A}, **SHARED), host(**{kind: B}, **SHARED)],
            [{1}, {2}],
        )
        for kind in ("agent_uuid", "host_uuid", "bios_uuid")
    },
    "other name with a shared address": (
        [
            host(host_ip="10.0.0.1", host_fqdn="a.example.com"),
            host(host_ip="10.0.0.1", host_fqdn="b.example.com"),
        ],
        [{1}, {2}],
    ),
    "other netbios name with a shared address": (
        [host(host_ip="10.0.0.1", netbios_name="ONE"), host(host_ip="10.0.0.1", netbios_name="TWO")],
        [{1}, {2}],
    ),
    "other name with a shared mac": (
        [
            host(mac_address="00:50:56:aa:bb:cc", host_fqdn="old.example.com"),
            host(mac_address="00:50:56:aa:bb:cc", host_fqdn="new.example.com"),
        ],
        [{1, 2}],
    ),
    "bare address of who is known by it": (
        [host(host_ip="10.0.0.1", host_uuid=A), host("10.0.0.1")],
        [{1, 2}],
    ),
    "identifiers that accumulate": (
        [
            host("10.0.0.1", host_fqdn="web.example.com", host_uuid=A),
            host("10.0.0.7", host_fqdn="web.example.com", mac_address="00:50:56:aa:bb:cc"),
            host("10.0.0.8", mac_address="00:50:56:aa:bb:cc"),
        ],
        [{1, 2, 3}],
    ),
}
# How the names of one case become those of another, which it shares none with.
_OWN = (
    (re.compile(r"10\.0\.0\."), "10.0.{0}."),
    (re.compile("(2001:0?db8):", re.IGNORECASE), r"\g<1>:{0}:"),
    (re.compile("^(0b8ea0|6a3c1d)..", re.IGNORECASE), r"\g<1>{0}"),
    (re.compile("50([:-])56", re.IGNORECASE), r"{0}\g<1>56"),
    (re.compile(r"\b(web|whatever|alpha|beta|one|two|a|b|old|new)(?=$|\.)", re.IGNORECASE), r"\g<1>{0}"),
)


def _own(text, case):
    for pattern, replacement in _OWN:
        text = pattern.sub(replacement.format(10 + case), text)
    return text


def _cases():
    """The hosts of each case under names of their own, with findings of their own: case and number."""
    return [
        [
            (
                10 * case + number,
                Host(name=_own(h.name, case), tags={k: _own(v, case) for k, v in h.tags.items()}),
            )
            for number, h in enumerate(hosts, start=1)
        ]
        for case, (hosts, _) in enumerate(CASES.values(), start=1)
    ]


async def _seen(space):
    """Import the first hosts of all cases, then the second ones, then the third, then all in one."""
    for on, hosts in enumerate(zip_longest(*_cases()), start=1):
        await space.take(
            nessus(*(_with_own_finding(host, number, on) for number, host in filter(None, hosts)))
        )
    before = await _sharers(space)
    again = [_with_own_finding(host, number, 20) for hosts in _cases() for number, host in hosts]
    assert (await space.take(nessus(*again)))["created"] == 0
    assert await _sharers(space) == before
    return before


async def _seen_at_once(space):
    report = nessus(*(_with_own_finding(host, number, 1) for hosts in _cases() for number, host in hosts))
    result = await space.take(report)
    found = await _sharers(space)
    assert result["assets"] == len(found)
    before = await space.snapshot()
    assert (await space.take(report))["created"] == 0
    assert await space.snapshot() == before
    return found


@pytest_asyncio.fixture(
    scope="module", loop_scope="session", params=[_seen, _seen_at_once], ids=["one report each", "one report"]
)
async def sharers(request, shared_space):
    """The assets of all cases: what each was seen with."""
    await shared_space.empty()
    found = await request.param(shared_space)
    await shared_space.check()
    return found


@pytest.mark.parametrize("name", CASES)
def test_which_hosts_are_one_asset(sharers, name):
    case = 10 * (1 + list(CASES).index(name))
    of_case = [asset for asset in sharers if any(case < number < case + 10 for number in asset)]
    assert [{number - case for number in asset} for asset in of_case] == CASES[name][1]


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


async def test_stronger_identifier_wins_over_weaker_ones(space):
    await space.take(nessus(_with_own_finding(host(host_uuid=A, host_ip="10.0.0.1"), 1, 1)))
    await space.take(nessus(_with_own_finding(host(host_uuid=B, host_ip="10.0.0.2"), 2, 2)))
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
