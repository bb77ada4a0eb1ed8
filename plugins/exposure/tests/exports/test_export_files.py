"""What files hold, to the byte, and that they agree with the lists they are of."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from export_calls import ask, detail, exported, fetch
from exposure_reports import Host, Item, day, nessus

pytestmark = pytest.mark.asyncio(loop_scope="session")
_NAMES = (
    "id,assetId,assetName,assetIp,source,check,pluginId,name,family,severity,state,riskScore,port,protocol,"
    "location,cves,firstSeen,lastSeen,unobservedSince,sameAs"
)


@pytest.fixture
async def two(space):
    """One asset with a vulnerability of two CVEs, and one whose name a spreadsheet would calculate."""
    items = [
        Item(plugin=1001, severity=4, cves=["CVE-2024-0001", "CVE-2024-0002"], name='Says "hi", twice'),
        Item(plugin=1002, severity=0, port=0, name="=1+2", family="-General"),
    ]
    await space.take(nessus(Host(name="10.0.0.1", tags={"host-ip": "10.0.0.1"}, items=items, end=day(1))))
    first, second = await space.vulnerabilities()
    return first, second


def ids(row):
    return {"id": row["id"], "asset": row["assetId"]}


async def test_csv_to_the_byte(space, two):
    first, second = two
    expected = (
        f"{_NAMES}\r\n"
        '{id},{asset},10.0.0.1,10.0.0.1,nessus,1001,1001,"Says ""hi"", twice",General,CRITICAL,open,96,443,'
        "tcp,,CVE-2024-0001; CVE-2024-0002,2024-05-01T12:00:00Z,2024-05-01T12:00:00Z,,\r\n"
    ).format(**ids(first)) + (
        "{id},{asset},10.0.0.1,10.0.0.1,nessus,1002,1002,'=1+2,'-General,INFO,open,0,0,"
        "tcp,,,2024-05-01T12:00:00Z,2024-05-01T12:00:00Z,,\r\n"
    ).format(**ids(second))
    assert await exported(space, "vulnerabilities", "csv") == expected.encode()


async def test_json_is_what_the_list_says(space, two):
    whole = await exported(space, "vulnerabilities", "json")
    assert json.loads(whole) == list(two)
    assert whole.startswith(b'[\n{"id":"')
    assert whole.endswith(b'"unobservedSince":null,"sameAs":[]}\n]\n')
    assert whole.count(b"\n") == 4


async def test_ndjson_to_the_byte(space, two):
    first, _ = two
    expected = json.dumps(first, separators=(",", ":"), ensure_ascii=False) + "\n"
    assert await exported(space, "vulnerabilities", "ndjson", severity="CRITICAL") == expected.encode()


async def test_sarif_to_the_byte(space, two):
    expected = (
        '{{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[\n'
        '{{"tool":{{"driver":{{"name":"ThreatWeaver","rules":[\n'
        '{{"id":"nessus/1002","shortDescription":{{"text":"=1+2"}}}}\n]}}}},\n'
        '"results":[\n{{"ruleId":"nessus/1002","kind":"informational","level":"none",'
        '"message":{{"text":"=1+2"}},"locations":[{{"logicalLocations":['
        '{{"fullyQualifiedName":"10.0.0.1:0/tcp","kind":"resource"}}]}}],"fingerprints":{{"threatweaver/v1":"{id}"}},"rank":0,"suppressions":[],'
        '"properties":{{"severity":"INFO","state":"open","assetId":"{asset}","assetName":"10.0.0.1",'
        '"assetIp":"10.0.0.1","port":0,"protocol":"tcp","location":"","cves":[],'
        '"firstSeen":"2024-05-01T12:00:00Z","lastSeen":"2024-05-01T12:00:00Z","unobservedSince":null}}}}\n]}}]}}\n'
    ).format(**ids(two[1]))
    assert await exported(space, "vulnerabilities", "sarif", severity="INFO") == expected.encode()


async def test_sarif_of_every_severity_and_state(story):
    made = json.loads(await exported(story, "vulnerabilities", "sarif", state="all"))
    (run,) = made["runs"]
    listed = await story.vulnerabilities()
    assert [result["fingerprints"]["threatweaver/v1"] for result in run["results"]] == [
        row["id"] for row in listed
    ]
    named = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert named == {f"nessus/{row['check']}" for row in listed} == {r["ruleId"] for r in run["results"]}
    for result, row in zip(run["results"], listed, strict=True):
        level = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note", "INFO": "none"}
        fixed = row["state"] == "fixed"
        assert result["level"] == ("none" if fixed else level[row["severity"]])
        assert (result["kind"] == "pass") == fixed
        assert bool(result["suppressions"]) == (row["state"] == "accepted")


async def test_assets_in_every_format(story):
    listed = await story.walk("/assets")
    assert json.loads(await exported(story, "assets", "json")) == listed
    lines = (await exported(story, "assets", "ndjson")).decode().splitlines()
    assert [json.loads(line) for line in lines] == listed
    rows = list(csv.DictReader(io.StringIO((await exported(story, "assets", "csv")).decode())))
    assert [(row["id"], row["critical"], row["tags"]) for row in rows] == [
        (row["id"], str(row["openVulnerabilities"]["critical"]), "; ".join(row["tags"])) for row in listed
    ]


@pytest.mark.parametrize(
    "filters",
    [
        {"severity": "high,LOW"},
        {"state": "accepted,fixed"},
        {"tag": "WEB", "search": "50% of_"},
        {"cve": "cve-2024-1000", "state": "all"},
        {"startDate": "2024-05-02"},
        {"asOf": datetime.now(UTC).date().isoformat(), "severity": "CRITICAL"},
        {"pluginId": 1003, "unobserved": False},
    ],
)
async def test_filters_are_those_of_the_list(story, filters):
    rows = json.loads(await exported(story, "vulnerabilities", "json", **filters))
    assert rows == await story.walk("/vulnerabilities", **filters)


async def test_nothing_is_a_file_too(space):
    assert await exported(space, "vulnerabilities", "csv") == f"{_NAMES}\r\n".encode()
    assert await exported(space, "vulnerabilities", "json") == b"[\n\n]\n"
    export_id = await ask(space, "vulnerabilities", "ndjson")
    shown = await detail(space, export_id)
    assert (shown["state"], shown["rows"], shown["bytes"], shown["chunks"]) == ("completed", 0, 0, [])
    assert (await fetch(space, f"/export/{export_id}/download"))[2] == b""
    assert json.loads(await exported(space, "vulnerabilities", "sarif"))["runs"][0]["results"] == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
async def test_no_cell_is_a_formula(space, start):
    await space.take(nessus(Host(items=[Item(name=f"{start}cmd|x", family=f"{start}1")])))
    (row,) = csv.DictReader(io.StringIO((await exported(space, "vulnerabilities", "csv")).decode()))
    assert (row["name"], row["family"]) == (f"'{start}cmd|x", f"'{start}1")


async def test_a_cell_says_what_the_list_says(space, two):
    """Which the database spells: of moments with a fraction and without, of ids and of several of them."""
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        await unit.connection.execute(
            """UPDATE exposure_vulnerability SET flaw = asset_id, last_seen = last_seen + interval '20 us';
               UPDATE exposure_vulnerability SET unobserved_since = last_seen + interval '0.5 s'
               WHERE port = 0"""
        )
    table = list(csv.DictReader(io.StringIO((await exported(space, "vulnerabilities", "csv")).decode())))
    listed = [
        {name: "" if value is None else "; ".join(value) if isinstance(value, list) else str(value)}
        for row in await space.vulnerabilities()
        for name, value in row.items()
        if name not in {"name", "family"}
    ]
    assert [{name: row[name]} for row in table for name in row if name not in {"name", "family"}] == listed
    assert [row["lastSeen"][-11:] for row in table] == [":00.000020Z"] * 2
    assert [row["unobservedSince"][-11:] for row in table] == ["", ":00.500020Z"]
    assert [row["sameAs"] for row in table] == [two[1]["id"], two[0]["id"]]


@pytest.mark.parametrize("file_format", ["csv", "json", "ndjson", "sarif", "xlsx"])
async def test_a_download_is_a_file_with_a_name(story, file_format):
    export_id = await ask(story, "vulnerabilities", file_format)
    made = (await detail(story, export_id))["createdAt"][:10]
    _, headers, _ = await fetch(story, f"/export/{export_id}/download")
    assert headers["Content-Type"] == "application/octet-stream"  # as the document says of every format
    assert headers["Content-Disposition"] == f'attachment; filename="vulnerabilities-{made}.{file_format}"'


async def test_five_thousand_rows_by_chunks(space):
    hosts = [
        Host(name=f"10.7.{n}.1", items=[Item(plugin=n * 100 + i) for i in range(1, 101)]) for n in range(50)
    ]
    await space.take(nessus(*hosts))
    export_id = await ask(space, "vulnerabilities", "ndjson")
    shown = await detail(space, export_id)
    assert (shown["state"], shown["rows"]) == ("completed", 5000)
    sizes = [chunk["bytes"] for chunk in shown["chunks"]]
    assert len(sizes) > 1
    assert sum(sizes) == shown["bytes"]
    assert all(1 << 20 <= size < (1 << 20) + 1000 for size in sizes[:-1])
    parts = [(await fetch(space, f"/export/{export_id}/chunks/{n}"))[2] for n in range(1, len(sizes) + 1)]
    assert all(part.endswith(b"}\n") for part in parts)
    _, _, whole = await fetch(space, f"/export/{export_id}/download")
    assert b"".join(parts) == whole
    listed = {row["id"] for row in await space.walk("/vulnerabilities", limit=500)}
    exported_ids = [json.loads(line)["id"] for line in whole.splitlines()]
    assert len(exported_ids) == 5000
    assert set(exported_ids) == listed
