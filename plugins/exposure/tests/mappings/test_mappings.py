"""Files of tools that no parser knows: guessed, tried out, imported by what was said of them."""

import json

import pytest

TABLE = b"""Host,IP Address,Issue,Rule ID,Risk,CVE,Port,State,Last Seen
web-1,192.0.2.1,Old TLS,R-1,P1,CVE-2024-12345,443,open,2024-05-01T10:00:00Z
web-1,192.0.2.1,Weak cipher,R-2,medium,,443,open,2024-05-01T10:00:00Z
web-2,192.0.2.2,Old TLS,R-1,P1,CVE-2024-12345,8443,closed,2024-05-01T10:00:00Z
"""
MEANT = {
    "kind": "csv",
    "columns": {
        "host": "Host",
        "ip": "ip address",
        "title": "Issue",
        "check": "Rule ID",
        "severity": "Risk",
        "cves": "CVE",
        "port": "Port",
        "state": "State",
        "seen": "Last Seen",
    },
    "severities": {"p1": "CRITICAL"},
    "leftOut": ["Closed"],
}


@pytest.fixture
async def keep(space):
    """A function: keep a mapping, and return it; there is none before."""
    for row in await space.walk("/imports/mappings"):
        await space.call("DELETE", f"/imports/mappings/{row['id']}")

    async def made(mapping=MEANT, name="acme"):
        body = {"name": name, "title": "Acme", "mapping": mapping}
        answer = await space.call("POST", "/imports/mappings", json=body)
        assert answer.status == 201, answer
        return answer.body["data"]

    return made


@pytest.fixture
def send(space):
    """A function: hand a file to a path below /imports, and return the answer."""

    async def sent(path, data=TABLE, **params):
        headers = {"X-Filename": "acme.csv", "Prefer": "wait=60"}
        return await space.call("POST", f"/imports{path}", data=data, headers=headers, params=params)

    return sent


async def imported(send, mapping, data=TABLE, **params):
    answer = await send("", data, mapping=mapping["id"], **params)
    assert (answer.status, answer.body["status"]) == (202, "completed"), answer
    return answer.body["result"]


async def test_from_a_guess_to_vulnerabilities_and_back(space, keep, send):
    guess = (await send("/mappings/guess")).body
    assert (guess["kind"], guess["rows"]) == ("csv", "")
    assert guess["columns"] == {
        "host": "host",
        "ip": "ip address",
        "check": "rule id",
        "title": "issue",
        "severity": "risk",
        "cves": "cve",
        "port": "port",
        "state": "state",
        "seen": "last seen",
    }
    mapping = await keep({**MEANT, "columns": guess["columns"]})
    before = await space.snapshot()
    preview = (await send(f"/mappings/{mapping['id']}/preview")).body
    assert {name: preview[name] for name in ("rows", "leftOut", "refused", "namesAssets")} == {
        "rows": 3,
        "leftOut": 1,
        "refused": 0,
        "namesAssets": True,
    }
    assert preview["first"][0] == {
        "row": 1,
        "identifiers": [{"kind": "hostname", "value": "web-1"}, {"kind": "ip", "value": "192.0.2.1"}],
        "check": "R-1",
        "title": "Old TLS",
        "severity": "CRITICAL",
        "cves": ["CVE-2024-12345"],
        "port": 443,
        "location": "",
    }
    tried = await imported(send, mapping, dryRun="true")
    assert (tried["created"], await space.snapshot()) == (2, before)
    done = await imported(send, mapping)
    assert (done["created"], done["assets"]) == (2, 1)
    rows = {row["name"]: row for row in await space.vulnerabilities()}
    assert {name: (row["severity"], row["port"], row["cves"]) for name, row in rows.items()} == {
        "Old TLS": ("CRITICAL", 443, ["CVE-2024-12345"]),
        "Weak cipher": ("MEDIUM", 443, []),
    }
    await space.check()
    again = await imported(send, mapping)
    assert (again["created"], again["unchanged"]) == (0, 2)
    listed = (await space.get("/imports"))["data"]
    assert {row["format"] for row in listed} == {"mapped-acme"}
    for row in listed:
        if not row["dryRun"]:
            await space.call("POST", f"/imports/{row['id']}/revert", headers={"Prefer": "wait=60"})
    assert await space.vulnerabilities() == []
    await space.check()


DOCUMENT = {
    "scan": {
        "findings": [
            {"asset": {"name": "db-1"}, "rule": "A", "level": "high", "cve": ["CVE-2024-1111", "x"]},
            {"asset": {"name": "db-2"}, "rule": "B", "level": "low", "cve": []},
        ]
    }
}
MEMBERS = {"host": "asset.name", "check": "rule", "severity": "level", "cves": "cve"}


@pytest.mark.parametrize(
    ("kind", "rows", "data"),
    [
        ("json", "scan.findings", json.dumps(DOCUMENT)),
        ("json", "", json.dumps(DOCUMENT["scan"]["findings"])),
        ("jsonl", "", "\n".join(json.dumps(row) for row in DOCUMENT["scan"]["findings"])),
    ],
)
async def test_json_has_its_rows_wherever(space, keep, send, kind, rows, data):
    guess = (await send("/mappings/guess", data.encode())).body
    assert (guess["kind"], guess["rows"]) == (kind, rows)
    assert {"asset.name", "rule", "level", "cve"} <= set(guess["found"])
    mapping = await keep({"kind": kind, "rows": rows, "columns": MEMBERS})
    assert (await imported(send, mapping, data.encode()))["created"] == 2
    found = {row["assetName"]: (row["severity"], row["cves"]) for row in await space.vulnerabilities()}
    assert found == {"db-1": ("HIGH", ["CVE-2024-1111"]), "db-2": ("LOW", [])}


async def test_a_row_that_cannot_be_read_refuses_the_file(space, keep, send):
    mapping = await keep()
    bad = TABLE + b"web-3,192.0.2.3,Odd,R-3,P9,,,open,\n,,Nobody,R-4,low,,,open,\n"
    preview = (await send(f"/mappings/{mapping['id']}/preview", bad)).body
    assert preview["refused"] == 2
    assert preview["errors"] == [
        {"row": 4, "message": "nobody said what the severity 'P9' means"},
        {"row": 5, "message": "it names no asset"},
    ]
    before = await space.snapshot()
    answer = await send("", bad, mapping=mapping["id"])
    assert answer.body["status"] == "failed"
    error = answer.body["error"]
    assert error["reason"] == "REPORT_MALFORMED"
    assert "Row 4 of the report: nobody said what the severity 'P9' means" in error["message"]
    assert await space.snapshot() == before


async def test_a_refused_file_is_released_to_its_mapping(space, keep, send):
    """Not to what its content looks like; once the mapping says what the word means, all comes in."""
    mapping = await keep({"kind": "csv", "columns": {"title": "Issue", "severity": "Risk"}})
    refused = await send("", b"Issue,Risk\nOld TLS,P9\n", mapping=mapping["id"], asset="the-shop")
    kept = refused.body["error"]["quarantineId"]
    assert (await space.get(f"/admin/quarantine/{kept}"))["source"] == "exposure.import_mapped_report"
    assert (await released(space, kept))["error"]["reason"] == "REPORT_MALFORMED"
    meant = {**mapping["mapping"], "severities": {"P9": "LOW"}}
    changed = await space.call("PUT", f"/imports/mappings/{mapping['id']}", json={"mapping": meant})
    assert changed.body["data"]["version"] == 2
    assert (await released(space, kept))["result"]["created"] == 1
    (row,) = await space.vulnerabilities()
    assert (row["assetName"], row["severity"], row["source"]) == ("the-shop", "LOW", "mapped-acme")
    assert (await space.call("GET", f"/admin/quarantine/{kept}")).status == 404
    await space.check()


async def test_a_deleted_mapping_still_reads_what_it_was_given(space, keep, send):
    mapping = await keep({"kind": "csv", "columns": {"title": "Issue", "severity": "Risk"}})
    refused = await send("", b"Issue,Risk\nOld TLS,P8\n", mapping=mapping["id"])
    assert (await space.call("DELETE", f"/imports/mappings/{mapping['id']}")).status == 204
    again = await released(space, refused.body["error"]["quarantineId"])
    assert "what the severity 'P8' means" in again["error"]["message"]


async def released(space, record_id):
    """The job of a release, at its end."""
    answer = await space.call("POST", f"/admin/quarantine/{record_id}/release", headers={"Prefer": "wait=30"})
    assert answer.status == 202, answer
    return await space.finished(answer.body["jobId"])


async def test_what_does_not_name_assets_is_about_what_was_said(space, keep, send):
    mapping = await keep({"kind": "csv", "columns": {"title": "Issue", "severity": "Risk"}})
    await imported(send, mapping, b"Issue,Risk\nOld TLS,high\n", asset="the-shop")
    (row,) = await space.vulnerabilities()
    assert (row["assetName"], row["severity"]) == ("the-shop", "HIGH")


async def test_what_is_complete_closes(space, keep, send):
    mapping = await keep({**MEANT, "complete": True, "leftOut": []})
    await imported(send, mapping)
    lines = TABLE.replace(b"2024-05-01", b"2024-06-01").splitlines(keepends=True)
    later = await imported(send, mapping, b"".join(lines[:2]))
    assert (later["closed"], later["unchanged"]) == (1, 1)
    await space.check()


async def test_versions_names_and_what_is_refused(space, keep, send):
    mapping = await keep()
    path = f"/imports/mappings/{mapping['id']}"
    assert (mapping["version"], mapping["mapping"]["leftOut"]) == (1, ["Closed"])
    same = await space.call(
        "POST", "/imports/mappings", json={"name": "acme", "title": "x", "mapping": MEANT}
    )
    assert same.status == 409
    changed = await space.call("PUT", path, json={"mapping": {**MEANT, "complete": True}})
    assert changed.body["data"]["version"] == 2
    renamed = await space.call("PUT", path, json={"title": "Other"})
    assert (renamed.body["data"]["version"], renamed.body["data"]["title"]) == (2, "Other")
    assert (await space.call("DELETE", path)).status == 204
    assert (await space.call("GET", path)).status == 404
    assert (await send("", mapping=mapping["id"])).status == 422
    for wrong in (
        {"kind": "xml", "columns": {"title": "a"}},
        {"kind": "csv", "columns": {"host": "a"}},
        {"kind": "csv", "columns": {"title": "a", "color": "b"}},
        {"kind": "csv", "columns": {"title": "a"}, "rows": "x"},
        {"kind": "json", "columns": {"title": "a"}, "rows": "x.[]"},
        {"kind": "csv", "columns": {"title": "a"}, "severities": {"P1": "URGENT"}},
        {"kind": "csv", "columns": {"title": "a"}, "more": 1},
    ):
        body = {"name": "b", "title": "b", "mapping": wrong}
        assert (await space.call("POST", "/imports/mappings", json=body)).status == 400, wrong


@pytest.mark.parametrize("data", [b"\0\1\2", b"{}", b"[]", b"one line\n", b"[1, 2]", b"<a/>"])
async def test_what_has_no_rows_is_refused(send, data):
    answer = await send("/mappings/guess", data)
    assert (answer.status, answer.body["code"]) == (422, "REPORT_REFUSED")
