"""A small inventory to read: five assets, every severity and state, tags, a group, awkward names."""

from exposure_reports import Host, Item, day, nessus

ACCEPT = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
SCORES = {1: 9.8, 2: 7.5, 3: 5.0, 4: 2.0, 5: None, 6: None}
SOLUTIONS = {2: "Upgrade the remote service", 4: "Disable remote services"}
SEVERITIES = {1: 4, 2: 3, 3: 2, 4: 1, 5: 0, 6: 3}


def item(plugin, **options):
    return Item(
        plugin=1000 + plugin,
        severity=SEVERITIES[plugin],
        cvss3=SCORES[plugin],
        cves=[f"CVE-2024-{plugin}000"] if plugin < 5 else (),
        name={3: "50% of_C:\\weak", 6: "ÄRGER im Netz"}.get(plugin, f"Weakness {plugin}"),
        extra=f"<solution>{SOLUTIONS.get(plugin, '')}</solution>",
        **options,
    )


def host(number, *items, on, **options):
    tags = {"host-fqdn": f"srv{number}.example.com", "host-ip": f"10.1.0.{number}"}
    tags["operating-system"] = "Microsoft Windows Server 2022" if number == 3 else "Debian 12"
    return Host(name=f"10.1.0.{number}", items=items, end=day(on), tags=tags, **options)


CHECKS = range(1001, 1007)


async def tell(space):
    """Import three days of scans, accept one risk, tag and group assets."""
    every = [item(n) for n in range(1, 7)]
    await space.take(
        nessus(
            host(1, *every, item(1, port=8443), on=1),
            host(2, *every[:3], on=1),
            host(3, *every[2:], on=1),
            checks=CHECKS,
        )
    )
    await space.take(
        nessus(host(1, *every[1:], on=2), host(4, *every, item(5, protocol="udp"), on=2), checks=CHECKS)
    )
    await space.take(nessus(host(1, *every, on=3), host(5, on=3), checks=CHECKS))
    (row,) = await space.vulnerabilities(pluginId=1002, search="srv2")
    assert (await space.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=ACCEPT)).status == 200
    assets = {asset["fqdn"]: asset["id"] for asset in await space.walk("/assets")}
    for number, tags in {1: ["Production", "web"], 2: ["production"], 4: ["web"]}.items():
        path = f"/assets/{assets[f'srv{number}.example.com']}/tags"
        assert (await space.call("PUT", path, json={"tags": tags})).status == 200
    group = (await space.call("POST", "/asset-groups", json={"name": "DMZ"})).body["data"]
    members = [assets["srv1.example.com"], assets["srv3.example.com"]]
    answer = await space.call("POST", f"/asset-groups/{group['id']}/members", json={"assetIds": members})
    assert answer.body["data"]["members"] == 2
    space.assets, space.group = assets, group["id"]
    await space.check()
    return space
