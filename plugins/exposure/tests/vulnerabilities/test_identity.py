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


async def test_what_recipe_2_knows_it_by_and_who_else_is_that_flaw(space):
    """Two checks that name the same one CVE are one flaw at one port, and two at two."""
    cve = ["CVE-2024-1000"]
    items = [Item(plugin=2001, port=443, cves=cve), Item(plugin=2002, port=443, cves=cve)]
    await space.take(nessus(Host(items=[*items, Item(plugin=2002, port=8443, cves=cve)])))
    row = next(row for row in await space.vulnerabilities() if row["check"] == "2001")
    found = await space.get(f"/vulnerabilities/{row['id']}/identity")
    assert (found["flaw"]["recipe"], found["flaw"]["kind"]) == (2, "network")
    assert said(found["flaw"]["fields"]) == {"cve": cve[0], "port": "443", "protocol": "tcp"}
    same = {said(item["differs"]).get("port", "443"): item["sameFlaw"] for item in found["candidates"]}
    assert same == {"443": True, "8443": False}


async def test_somebody_elses_is_not_found(space, outsider):
    await space.take(nessus(Host(items=[Item()])))
    row = await space.only()
    assert (await outsider.call("GET", f"/vulnerabilities/{row['id']}/identity")).status == 404
