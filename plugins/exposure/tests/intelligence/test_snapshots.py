"""Signed snapshots: real feeds come in whole, and nothing that nobody signed, or that is older."""

import gzip
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from intel_desk import cve, epss, kev

NEW, OLD = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


async def feed(desk, name):
    return next(row for row in (await desk.space.get("/threat-intel/feeds"))["data"] if row["feed"] == name)


@pytest.mark.parametrize(
    ("name", "published", "records", "rows"),
    [
        ("kev", "2025-08-25T17:04:19Z", 1404, 1404),
        ("epss", "2026-01-01T00:00:00Z", 45441, 45441),
        ("cve", "2024-10-24T00:00:00Z", 44130, 44130),
        ("osv", "2024-10-10T17:22:00Z", 7281, None),
    ],
)
async def test_a_real_feed_comes_in_whole_and_again_changes_nothing(desk, name, published, records, rows):
    path = desk.real(name)
    done = await desk.take(path)
    assert (done["records"], done["changed"], done["removed"]) == (records, 0, 0)
    assert done["added"] == rows or rows is None
    assert done["added"] >= done["records"] * 0.95
    again = await desk.take(path)
    assert (again["added"], again["changed"], again["removed"]) == (0, 0, 0)
    held = await feed(desk, name)
    assert datetime.fromisoformat(held["published"]) == datetime.fromisoformat(published)
    age = datetime.now(UTC) - datetime.fromisoformat(published)
    assert held["ageSeconds"] == pytest.approx(age.total_seconds(), abs=60)
    assert held["records"] == records


async def test_feeds_that_nobody_imported_are_listed_without_values(desk):
    rows = (await desk.space.get("/threat-intel/feeds"))["data"]
    assert [row["feed"] for row in rows] == ["kev", "epss", "osv", "cve"]
    assert {row["published"] for row in rows} == {None}


async def test_a_snapshot_replaces_the_one_before(desk):
    await desk.take(desk.pack("epss", [epss("CVE-2024-0001", 0.1), epss("CVE-2024-0002", 0.2)]))
    done = await desk.take(
        desk.pack("epss", [epss("CVE-2024-0002", 0.3), epss("CVE-2024-0003", 0.4)], published=NEW)
    )
    assert (done["added"], done["changed"], done["removed"]) == (1, 1, 1)
    known = [(await desk.space.get(f"/threat-intel/cve/CVE-2024-000{n}"))["data"]["epss"] for n in (1, 2, 3)]
    assert known == [
        None,
        {"score": 0.3, "percentile": 0.3, "date": "2026-02-01"},
        {"score": 0.4, "percentile": 0.4, "date": "2026-02-01"},
    ]


async def test_an_older_one_is_refused_unless_it_is_asked_for(desk):
    older = desk.pack("kev", [kev("CVE-2024-0001")], published=OLD)
    await desk.take(desk.pack("kev", [kev("CVE-2024-0002")], published=NEW))
    answer = await desk.hand_in(older)
    assert (answer.status, answer.body["code"]) == (409, "SNAPSHOT_OLDER")
    assert [row["cve"] for row in await desk.space.walk("/threat-intel/kev")] == ["CVE-2024-0002"]
    await desk.take(older, replay=True)
    assert [row["cve"] for row in await desk.space.walk("/threat-intel/kev")] == ["CVE-2024-0001"]
    assert (await feed(desk, "kev"))["published"].startswith("2026-01-01")
    listed = await desk.space.walk("/threat-intel/snapshots", sort="createdAt")
    assert [(row["replay"], row["importedAt"] is None) for row in listed] == [
        (False, False),
        (True, False),
    ]


async def test_of_two_at_once_the_newer_one_holds(desk):
    """Both pass the door; the job of the older one finds that a newer one was before it, or is done first.

    Which of the two jobs has its turn first is nobody's to say.
    """
    newer, older = (
        desk.pack("kev", [kev(f"CVE-2024-000{n}")], published=at) for n, at in ((2, NEW), (1, OLD))
    )
    space, headers = desk.space, {"X-Filename": "s", "Prefer": "wait=0"}
    jobs = [
        (await space.call("POST", "/threat-intel/snapshots", data=path.read_bytes(), headers=headers)).body
        for path in (newer, older)
    ]
    ends = [await space.finished(job["jobId"]) for job in jobs if "jobId" in job]
    assert ends[0]["status"] == "completed"
    for end in ends[1:]:
        assert end["status"] == "completed" or end["error"]["code"] == "SNAPSHOT_OLDER", end
    assert [row["cve"] for row in await space.walk("/threat-intel/kev")] == ["CVE-2024-0002"]


def lines(path):
    return gzip.decompress(path.read_bytes()).split(b"\n")


def spoiled_manifest(desk):
    first, *rest = lines(desk.pack("kev", []))
    return b"\n".join([first.replace(b'"records":0', b'"records":1'), *rest])


def resigned(desk, **said):
    """A snapshot whose manifest was changed and signed again: the key is trusted, what it says is not."""
    first, second, *rest = lines(desk.pack("epss", [epss("CVE-2024-0001", 0.1)]))
    changed = json.dumps({**json.loads(first), **said}).encode()
    signature = urlsafe_b64encode(desk.key.sign(b"threatweaver-intel/1\n" + changed)).decode()
    return b"\n".join([changed, json.dumps({**json.loads(second), "signature": signature}).encode(), *rest])


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        (lambda d: d.pack("kev", [], key=Ed25519PrivateKey.generate()), "is not trusted"),
        (spoiled_manifest, "does not fit"),
        (lambda d: b"not a snapshot", "no snapshot"),
        (lambda d: b"{}\n{}\n", "no key"),
        (lambda d: b"{}\n[1]\n", "no object"),
        (lambda d: b"{}\n" + b"[" * 3000 + b"\n", "not JSON"),
        (lambda d: b"x" * 9000 + b"\n{}\n", "no snapshot"),
        (
            lambda d: lines(d.pack("kev", []))[0] + b'\n{"key":"AAAAAAAAAAAAAAAA","signature":"\xc3\xa9"}\n',
            "is not",
        ),
        (lambda d: d.pack("kev", [], published=datetime.now(UTC) + timedelta(days=3)), "future"),
        (lambda d: resigned(d, feed="news"), "not known"),
        (lambda d: resigned(d, records=10**12), "impossible"),
        (lambda d: resigned(d, records=True), "manifest"),
        (lambda d: resigned(d, sha256="x"), "impossible"),
        (lambda d: resigned(d, published="yesterday"), "no time"),
        (lambda d: resigned(d, format="other/1"), "manifest"),
        (lambda d: resigned(d, more=1), "manifest"),
    ],
)
async def test_what_is_not_signed_or_says_nonsense_is_refused_at_the_door(desk, spoiled, message):
    found = spoiled(desk)
    answer = await desk.hand_in(found)
    assert (answer.status, answer.body["code"]) == (422, "SNAPSHOT_REFUSED")
    assert message in answer.body["message"]
    assert await desk.space.walk("/threat-intel/snapshots") == []


async def test_without_trusted_keys_nothing_is_taken(space, desk):
    desk.space = space
    answer = await desk.hand_in(desk.pack("kev", []))
    assert (answer.status, answer.body["code"]) == (422, "SNAPSHOT_REFUSED")


GOOD = epss("CVE-2024-0001", 0.1)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [*rows, rows[0]],
        lambda rows: rows[:-1],
        lambda rows: [rows[0].replace(b"0.1", b"0.9"), *rows[1:]],
        lambda rows: [*rows[:-1], b"x" * 70_000],
    ],
    ids=["more", "fewer", "changed", "long"],
)
async def test_records_that_were_not_signed_change_nothing(desk, change):
    await desk.take(desk.pack("epss", [epss("CVE-2024-0009", 0.9)], published=OLD))
    before = await desk.space.snapshot()
    first, second, *rows, _ = lines(desk.pack("epss", [GOOD, epss("CVE-2024-0002", 0.2)], published=NEW))
    job = await desk.job(b"\n".join([first, second, *change(rows), b""]))
    assert (job["status"], job["error"]["code"]) == ("failed", "SNAPSHOT_REFUSED")
    after = await desk.space.snapshot()
    assert {k: v for k, v in after.items() if k != "exposure_intel_snapshot"} == {
        k: v for k, v in before.items() if k != "exposure_intel_snapshot"
    }
    assert (await feed(desk, "epss"))["published"].startswith("2026-01-01")


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("epss", {**GOOD, "score": 1.5}),
        ("epss", {**GOOD, "score": True}),
        ("epss", {**GOOD, "cve": "CVE-1"}),
        ("epss", {**GOOD, "cve": 5}),
        ("epss", {"cve": "CVE-2024-0001"}),
        ("kev", kev("CVE-2024-0001", added="soon")),
        ("kev", kev("CVE-2024-0001", added=None)),
        ("kev", kev("CVE-2024-0001", vendor="a\0b")),
        ("kev", kev("CVE-2024-0001", cwes=["CWE-1"])),
        ("kev", kev("CVE-2024-0001", ransomware=1)),
        ("cve", cve("CVE-2024-0001", cvss=[{"source": "x"}])),
        ("cve", cve("CVE-2024-0001", ssvc={"exploitation": "maybe"})),
        ("cve", cve("CVE-2024-0001", ssvc=[])),
        ("osv", {"id": "x y", "aliases": []}),
        ("osv", {"id": "GO-1", "aliases": "CVE-2024-0001"}),
    ],
    ids=str,
)
async def test_signed_records_that_cannot_be_are_refused(desk, name, record):
    job = await desk.job(desk.pack(name, [record]))
    assert (job["status"], job["error"]["code"]) == ("failed", "SNAPSHOT_REFUSED")


async def test_another_tenant_sees_nothing_of_it(desk, outsider):
    await desk.take(desk.pack("kev", [kev("CVE-2024-0001")]))
    assert await outsider.walk("/threat-intel/kev") == []
    assert (await outsider.get("/threat-intel/cve/CVE-2024-0001"))["data"]["kev"] is None


async def test_who_may_only_read_imports_nothing(desk, as_role):
    reader = await as_role("viewer", desk.space.tenant)
    desk.space.headers = reader
    assert (await desk.hand_in(desk.pack("kev", []))).status == 403
    assert len((await desk.space.get("/threat-intel/feeds"))["data"]) == 4
