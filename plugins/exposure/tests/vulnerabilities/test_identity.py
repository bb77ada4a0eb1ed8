"""Why sightings are one vulnerability: the fields that decide, and what comes near."""

from exposure_reports import Host, Item, nessus


def said(pairs):
    return {pair["name"]: pair["value"] for pair in pairs}


async def test_fields_and_candidates(space):
    items = [
        Item(plugin=1001, port=443, cves=["CVE-2024-1000"]),
        Item(plugin=1001, port=8443, cves=["CVE-2024-1000"]),
        Item(plugin=1002, port=80, cves=["CVE-2024-1000", "CVE-2024-2000"]),
        Item(plugin=1003, port=22),
    ]
    await space.take(nessus(Host(items=items), Host(name="10.0.0.2", items=items[:1])))
    rows = {(row["check"], row["port"], row["assetIp"]): row for row in await space.vulnerabilities()}
    row = rows["1001", 443, "10.0.0.1"]
    found = await space.get(f"/vulnerabilities/{row['id']}/identity")
    assert found["recipe"] == 1
    assert said(found["fields"]) == {
        "asset": row["assetId"],
        "source": "nessus",
        "check": "1001",
        "port": "443",
        "protocol": "tcp",
        "location": "",
    }
    assert [(item["shares"], said(item["differs"]), item["cves"]) for item in found["candidates"]] == [
        ("check", {"port": "8443"}, ["CVE-2024-1000"]),
        ("cve", {"check": "1002", "port": "80"}, ["CVE-2024-1000"]),
    ]
    alone = await space.get(f"/vulnerabilities/{rows['1003', 22, '10.0.0.1']['id']}/identity")
    assert alone["candidates"] == []


async def test_somebody_elses_is_not_found(space, outsider):
    await space.take(nessus(Host(items=[Item()])))
    row = await space.only()
    assert (await outsider.call("GET", f"/vulnerabilities/{row['id']}/identity")).status == 404
