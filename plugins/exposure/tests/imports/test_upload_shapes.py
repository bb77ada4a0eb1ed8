"""The ways a report can be handed in, and what the answer looks like."""

import gzip
import re
from uuid import UUID

import pytest
from exposure_reports import Host, Item, nessus
from exposure_space import form

REPORT = nessus(Host(items=[Item(), Item(plugin=1002, severity=4)]), checks=[1001])
RESULT = {
    "importId",
    "assets",
    "findings",
    "duplicates",
    "created",
    "updated",
    "reopened",
    "unchanged",
    "closed",
    "unobserved",
}


@pytest.fixture(
    params=[
        lambda: (form(REPORT), {}),
        lambda: (form(gzip.compress(REPORT), filename="scan.nessus.gz"), {}),
        lambda: (REPORT, {"X-Filename": "scan.nessus"}),
        lambda: (gzip.compress(REPORT), {"X-Filename": "scan.nessus.gz"}),
        lambda: (gzip.compress(REPORT[:99]) + gzip.compress(REPORT[99:]), {"X-Filename": "two members.gz"}),
        lambda: (REPORT, {"X-Filename": "scan.nessus", "Content-Type": "application/xml"}),
    ],
    ids=["multipart", "multipart gzip", "raw", "raw gzip", "gzip in two members", "raw xml"],
)
def body(request):
    return request.param()


async def test_every_shape_gives_the_same(space, body):
    data, headers = body
    answer = await space.call("POST", "/imports", data=data, headers={"Prefer": "wait=30", **headers})
    assert answer.status == 202
    assert answer.body["status"] == "completed"
    result = answer.body["result"]
    assert {name: value for name, value in result.items() if name != "importId"} == {
        "assets": 1,
        "findings": 2,
        "duplicates": 0,
        "created": 2,
        "updated": 0,
        "reopened": 0,
        "unchanged": 0,
        "closed": 0,
        "unobserved": 0,
    }
    assert await space.states() == {(1001, 443): "open", (1002, 443): "open"}
    entry = (await space.get(f"/imports/{result['importId']}"))["data"]
    assert (entry["size"], entry["format"]) == (len(REPORT), "nessus")
    await space.check()


async def test_answer_of_a_waited_for_import(space):
    answer = await space.upload(REPORT, wait=30)
    job = answer.body
    assert answer.status == 202
    assert answer.headers["Preference-Applied"] == "wait=30"
    assert answer.headers["Location"] == job["statusUrl"] == f"/api/jobs/{UUID(job['jobId'])}"
    assert (job["status"], job["progress"]) == ("completed", 100)
    assert set(job["result"]) == RESULT
    assert await space.get(f"/jobs/{job['jobId']}") == job


async def test_answer_without_waiting(space):
    answer = await space.call("POST", "/imports", data=REPORT, headers={"X-Filename": "a"})
    assert answer.status == 202
    assert "Preference-Applied" not in answer.headers
    assert {"jobId", "status", "progress", "statusUrl"} <= set(answer.body)
    assert answer.body["status"] in {"queued", "running"}
    assert "result" not in answer.body
    job = await space.finished(answer.body["jobId"])
    assert job["result"]["created"] == 2
    assert (job["attempts"], job["kind"]) == (1, "exposure.import_report")


async def test_progress_is_seen_while_it_runs(space, slow_parser):
    job_id = await space.submit(nessus(Host(items=[Item(plugin=p) for p in range(1, 1001)])))
    seen = set()
    while (job := await space.get(f"/jobs/{job_id}"))["status"] in {"queued", "running"}:
        seen.add(job["progress"])
        assert 0 <= job["progress"] < 100
        assert "result" not in job
        if job["progress"] > 0:
            slow_parser.set()
    assert job["result"]["created"] == 1_000
    assert len(seen) > 1, "no progress between start and end"
    await space.check()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\june.nessus", "june.nessus"),
        ("a%00b%0Ac%1F%7F.nessus", "a_b_c__.nessus"),
        ("%2Fetc%2Fshadow", "shadow"),
        ("caf%C3%A9.nessus", "caf\u00e9.nessus"),
        ("%FF%FE.nessus", "\ufffd\ufffd.nessus"),
        ("x" * 300, "x" * 200),
        ("..", ".."),
    ],
)
async def test_file_name_is_kept_without_path_and_control_characters(space, given, kept):
    result = await space.hand_in(REPORT, name=given)
    assert (await space.get(f"/imports/{result['importId']}"))["data"]["filename"] == kept
    assert not [path for path in space.spool.iterdir() if not re.fullmatch("[0-9a-f]{32}", path.name)]


async def test_multipart_file_name(space):
    answer = await space.call(
        "POST",
        "/imports",
        data=form(REPORT, filename="../\u00e9 june.nessus"),
        headers={"Prefer": "wait=30"},
    )
    import_id = answer.body["result"]["importId"]
    assert (await space.get(f"/imports/{import_id}"))["data"]["filename"] == "\u00e9 june.nessus"


async def test_spool_file_is_gone_after_the_job(space):
    before = set(space.spool.iterdir())
    await space.hand_in(REPORT)
    assert set(space.spool.iterdir()) <= before


async def test_list_of_imports(space, make_space):
    for name in ("one.nessus", "two.nessus"):
        await space.hand_in(REPORT, name=name)
    rows = await space.walk("/imports", sort="createdAt", limit=1)
    assert [row["filename"] for row in rows] == ["one.nessus", "two.nessus"]
    assert rows[0]["sha256"] == rows[1]["sha256"]
    assert len(await space.walk("/imports", sha256=rows[0]["sha256"])) == 2
    assert await space.walk("/imports", format="openvas") == []
    counts = [(row["created"], row["unchanged"], row["finishedAt"] is not None) for row in rows]
    assert counts == [(2, 0, True), (0, 2, True)]
    other = await make_space()
    assert await other.walk("/imports") == []
    assert (await other.call("GET", f"/imports/{rows[0]['id']}")).status == 404
    assert (await other.call("GET", f"/jobs/{rows[0]['jobId']}")).status == 404
