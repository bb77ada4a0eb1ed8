"""A format of another plugin: from records to vulnerabilities, and every way in which a parser may fail."""

import asyncio
import json
import logging
from dataclasses import replace
from uuid import UUID

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from exposure_reports import DAY_ONE, Host, Item, day, nessus, weaver

from threatweaver import app as application
from threatweaver.http.errors import ApiError
from threatweaver.jobs import inline
from threatweaver.jobs.run import JobRun, call
from threatweaver.sdk import (
    Asset,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.imports import staging

KINDS = {"asset": Asset, "definition": Definition, "finding": Finding, "coverage": Coverage}
OTHER = b"#other\n"
scripted = []


def parse(stream):
    """Read a record a line: its kind, and its members as Python writes them."""
    assert stream.readline() == OTHER
    for line in stream:
        kind, members = line.decode().split(" ", 1)
        yield KINDS[kind](**eval(members, {"day": day, "inf": float("inf"), "nan": float("nan")}))


def parse_script(stream):
    """Yield, or raise, what a test has put down."""
    for item in scripted:
        if isinstance(item, BaseException):
            raise item
        yield item() if callable(item) else item


def check_ends(head, tail):
    if tail.endswith(b"#cut"):
        raise ReportError(ReportFault.TRUNCATED, "the report is cut")
    if tail.endswith(b"#broken"):
        raise LookupError("of the inside")


def detects_by(words):
    """A detector that is as sure as the file says."""

    def detects(head, filename):
        for line in head.decode(errors="replace").splitlines():
            if line.startswith(words):
                answer = json.loads(line.removeprefix(words))
                return {}["no such key"] if answer == "raise" else answer
        return filename.endswith(f".{words}") and 40

    return detects


PARSERS = (
    ImportParser(
        name="other",
        title="Other",
        detects=lambda head, _: head.startswith(OTHER),
        parse=parse,
        check_ends=check_ends,
    ),
    ImportParser(
        name="script", title="Script", detects=lambda head, _: head.startswith(b"#script"), parse=parse_script
    ),
    ImportParser(name="left", title="Left", detects=detects_by("left"), parse=parse_script),
    ImportParser(name="right", title="Right", detects=detects_by("right"), parse=parse_script),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(kernel, make_space):
    """A tenant of an installation whose other plugins contribute these formats."""
    parsers = (*kernel.registry.import_parsers, *PARSERS)
    more = replace(kernel, registry=replace(kernel.registry, import_parsers=parsers))
    async with TestClient(TestServer(application.build(more)), cookie_jar=DummyCookieJar()) as client:
        made = await make_space(client)
        made.kernel = more
        yield made


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def emptied(place):
    await place.empty()
    yield
    scripted.clear()
    if any((await place.snapshot()).values()):  # most leave nothing at all
        await place.check()


@pytest.fixture
def take_in(place, tmp_path):
    """A function: import a file as the command line does."""

    async def taken(data, name="report"):
        path = tmp_path / name
        path.write_bytes(data)
        result = await inline.import_file(place.kernel, place.tenant, path)
        return {
            count: result[count] for count in ("created", "updated", "reopened", "closed") if result[count]
        }

    return taken


def other(*records):
    return OTHER + b"".join(f"{kind} {members!r}\n".encode() for kind, members in records)


ASSET = ("asset", {"number": 5, "name": "web", "identifiers": (("mac", "02-00-5E-10-00-01"),)})
DONE = ("asset", {**ASSET[1], "finished_at": "LATER"})
CHECK = (
    "definition",
    {"check": "rule/sql-injection", "name": "SQL injection", "cves": ("cve-2024-1234", "?")},
)
FOUND = ("finding", {"asset": 5, "check": "rule/sql-injection", "severity": 3, "port": 443})


def on(number, *records):
    """A report of a day of the story."""
    return other(*records).replace(b"'LATER'", f"day({number})".encode())


async def test_a_report_of_another_format_becomes_vulnerabilities(place, take_in):
    assert await take_in(on(1, DONE, CHECK, FOUND), name="scan.other") == {"created": 1}
    row = await place.only()
    assert (row["source"], row["check"], row["pluginId"]) == ("other", "rule/sql-injection", None)
    assert (row["name"], row["severity"], row["port"], row["cves"]) == (
        "SQL injection",
        "HIGH",
        443,
        ["CVE-2024-1234"],
    )
    ((entry),) = (await place.get("/imports", format="other"))["data"]
    assert (entry["filename"], entry["findings"]) == ("scan.other", 1)
    assert await take_in(on(1, DONE, CHECK, FOUND)) == {}


async def test_an_asset_is_the_same_in_every_format(place, take_in):
    seen = Host(name="web", tags={"mac-address": "02:00:5e:10:00:01"}, items=[Item()])
    await take_in(nessus(seen))
    await take_in(on(2, DONE, CHECK, FOUND))
    (asset,) = await place.walk("/assets")
    assert {row["assetId"] for row in await place.vulnerabilities()} == {asset["id"]}


async def test_a_number_of_another_scanner_is_no_tenable_plugin(place, take_in):
    numbered = [(kind, {**members, "check": "1001"}) for kind, members in (CHECK, FOUND)]
    await take_in(on(1, DONE, *numbered))
    await take_in(nessus(Host(items=[Item(plugin=1001)])))
    assert {(row["source"], row["check"]) for row in await place.vulnerabilities()} == {
        ("other", "1001"),
        ("nessus", "1001"),
    }
    (row,) = (await place.get("/vulnerabilities/plugin/1001"))["data"]
    assert (row["source"], row["pluginId"]) == ("nessus", 1001)


async def test_what_is_said_again_holds(place, take_in):
    better = ("definition", {**CHECK[1], "name": "Blind SQL injection", "cvss3_score": 9.0})
    named = ("asset", {**DONE[1], "operating_system": "Linux"})
    assert await take_in(on(1, ASSET, CHECK, FOUND, named, better)) == {"created": 1}
    assert (await place.only())["name"] == "Blind SQL injection"
    (asset,) = await place.walk("/assets")
    assert (asset["operatingSystem"], asset["riskScore"]) == ("Linux", weaver(cvss=90))


@pytest.mark.parametrize(
    ("coverage", "asset", "closed"),
    [
        ({"checks": frozenset({"rule/sql-injection"})}, DONE, {"closed": 1}),
        ({"checks": None}, DONE, {"closed": 1}),
        ({"checks": frozenset({"another"})}, DONE, {}),
        ({"checks": frozenset()}, DONE, {}),
        (None, DONE, {}),
        ({"checks": None}, ASSET, {}),
    ],
    ids=["named", "every", "another", "none", "silent", "not finished"],
)
async def test_what_the_coverage_proves_to_be_gone(place, take_in, coverage, asset, closed):
    seen = Host(name="web", tags={"mac-address": "02:00:5e:10:00:01"}, items=[Item()], end=day(1))
    await take_in(nessus(seen))
    await take_in(on(1, DONE, CHECK, FOUND))
    records = [] if coverage is None else [("coverage", coverage)]
    assert await take_in(on(2, *records, asset)) == closed
    states = {row["source"]: row["state"] for row in await place.vulnerabilities()}
    assert states == {"nessus": "open", "other": "fixed" if closed else "open"}


async def test_a_time_without_a_zone_is_utc(place, take_in):
    scripted[:] = [GOOD[0]._replace(finished_at=DAY_ONE.replace(tzinfo=None)), *GOOD[1:]]
    await take_in(b"#script")
    assert (await place.only())["lastSeen"] == "2024-05-01T12:00:00Z"


async def test_several_coverages_add_up(take_in):
    again = [(kind, {**members, "check": "second"}) for kind, members in (CHECK, FOUND)]
    await take_in(on(1, DONE, CHECK, FOUND, *again))
    parts = [("coverage", {"checks": frozenset({name})}) for name in ("rule/sql-injection", "second")]
    assert await take_in(on(2, parts[0], DONE, parts[1])) == {"closed": 2}


GOOD = [
    Asset(number=1, name="a", finished_at=DAY_ONE),
    Definition(check="c", name="C"),
    Finding(asset=1, check="c", severity=2),
]
LONG = "x" * 201
WRONG = {
    "raises": ZeroDivisionError("of the inside"),
    "raises what it should not": RecursionError(),
    "is too large": MemoryError(),
    "no record": ("finding", 1),
    "nothing": None,
    "unknown asset": Finding(asset=2, check="c", severity=2),
    "unknown check": Finding(asset=1, check="d", severity=2),
    "severity": Finding(asset=1, check="c", severity=5),
    "negative severity": Finding(asset=1, check="c", severity=-1),
    "severity in words": Finding(asset=1, check="c", severity="HIGH"),
    "port": Finding(asset=1, check="c", severity=1, port=65536),
    "no port": Finding(asset=1, check="c", severity=1, port=None),
    "NUL": Finding(asset=1, check="c", severity=1, output="a\0b"),
    "surrogate": Finding(asset=1, check="c", severity=1, output="a\ud800"),
    "bytes": Finding(asset=1, check="c", severity=1, output=b"a"),
    "service": Finding(asset=1, check="c", severity=1, service=7),
    "no service": Finding(asset=1, check="c", severity=1, service=None),
    "list as check": Finding(asset=1, check=["c"], severity=1),
    "asset without a text": Asset(number=2, name=None),
    "asset number": Asset(number=2**31, name="a"),
    "asset number as text": Asset(number="2", name="a"),
    "identifier kind": Asset(number=2, name="a", identifiers=(("serial", "1"),)),
    "identifier": Asset(number=2, name="a", identifiers=("ip",)),
    "NUL in an identifier": Asset(number=2, name="a", identifiers=(("netbios", "a\0"),)),
    "day": Asset(number=2, name="a", finished_at="2024-05-01"),
    "no list": Definition(check="d", name="D", see_also=None),
    "check": Definition(check=LONG, name="C"),
    "no check": Definition(check="", name="C"),
    "check as number": Definition(check=7, name="C"),
    "name as number": Definition(check="d", name=7),
    "no name": Definition(check="d", name=None),
    "score": Definition(check="d", name="D", cvss3_score=11),
    "NaN": Definition(check="d", name="D", vpr_score=float("nan")),
    "EPSS in percent": Definition(check="d", name="D", epss_score=97.0),
    "CWE": Definition(check="d", name="D", cwes=("CWE-79",)),
    "published": Definition(check="d", name="D", published_on="yesterday"),
    "NUL in a check": Definition(check="d\0", name="D"),
    "coverage of numbers": Coverage(frozenset({1})),
    "coverage with NUL": Coverage(frozenset({"a\0"})),
    "coverage with a surrogate": Coverage(frozenset({"a\ud800"})),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_parser_that_fails_is_named_and_leaves_nothing(place, take_in, wrong, caplog):
    before = await place.snapshot()
    scripted[:] = [*GOOD, wrong, *GOOD[2:]]
    with caplog.at_level(logging.WARNING), pytest.raises(ApiError) as caught:
        await take_in(b"#script")
    refused = caught.value
    assert (refused.status, refused.code, refused.members["reason"]) == (
        422,
        "REPORT_REFUSED",
        "REPORT_PARSER_FAILED",
    )
    assert "the parser script could not read the report" in refused.message[:1].lower() + refused.message[1:]
    assert "of the inside" not in refused.message
    assert await place.snapshot() == before
    (kept,) = (await place.get("/admin/quarantine", limit=1))["data"]
    assert (kept["id"], kept["code"]) == (refused.members["quarantineId"], "REPORT_PARSER_FAILED")
    (line,) = [record for record in caplog.records if record.message == "import_parser_failed"]
    assert (line.parser, line.exc_info[1].__cause__ is not None) == ("script", True)


async def test_what_a_parser_refuses_keeps_its_own_words(take_in):
    scripted[:] = [*GOOD, ReportError(ReportFault.LIMIT, "it is too deep", line=7)]
    with pytest.raises(ApiError, match="It is too deep") as caught:
        await take_in(b"#script")
    assert caught.value.members["reason"] == "REPORT_LIMIT"


@pytest.mark.parametrize(
    ("tail", "reason"), [(b"#cut", "REPORT_TRUNCATED"), (b"#broken", "REPORT_PARSER_FAILED")]
)
async def test_what_both_ends_show_is_answered_at_once(place, tail, reason):
    answer = await place.upload(OTHER + tail)
    assert (answer.status, answer.body["code"], answer.body["reason"]) == (422, "REPORT_REFUSED", reason)
    assert "inside" not in str(answer.body)


async def test_an_xml_report_that_declares_an_entity_is_no_ones(place):
    answer = await place.upload(b'<!DOCTYPE x [<!ENTITY a "b">]>\nleft100\n<x/>')
    assert (answer.status, answer.body["reason"]) == (422, "REPORT_FORBIDDEN_XML")
    assert (await place.upload(b"<!DOCTYPE x>\nleft100\n<x/>")).status == 202


@pytest.mark.parametrize(
    ("data", "name", "taken"),
    [
        (b"left60\nright50", "x", "left"),
        (b"left50\nright60", "x", "right"),
        (b"left1", "x", "left"),
        (b"left300\nright99", "x", "left"),
        (b"lefttrue\nright99", "x", "left"),
        (b"left", "scan.right", "right"),
        (b'left"raise"\nright1', "x", "right"),
        (b"left0.9\nright1", "x", "right"),
        (b"leftnull\nright1", "x", "right"),
    ],
)
async def test_the_surest_parser_takes_the_file(place, data, name, taken):
    answer = await place.upload(data, name=name, wait=0)
    assert answer.status == 202, answer
    (entry,) = (await place.get("/imports", limit=1))["data"]
    assert entry["format"] == taken


@pytest.mark.parametrize("data", [b"left50\nright50", b"lefttrue\nright100", b"left200\nright100"])
async def test_two_parsers_that_are_equally_sure(place, data):
    answer = await place.upload(data)
    assert (answer.status, answer.body["reason"]) == (422, "REPORT_AMBIGUOUS")
    assert answer.body["message"] == "The parsers left and right both take this file for theirs"


@pytest.mark.parametrize("data", [b"left0\nright0", b"leftfalse", b"left-5", b'left"raise"', b"nobody's"])
async def test_a_file_of_nobody_is_refused_and_what_is_known_is_listed(place, data):
    answer = await place.upload(data)
    assert (answer.status, answer.body["reason"]) == (422, "REPORT_UNSUPPORTED")
    listed = (await place.get("/imports/formats"))["data"]
    assert f"any of the {len(listed)} formats" in answer.body["message"]
    titles = [item["title"] for item in listed]
    assert titles == sorted(titles, key=str.lower)
    assert {"Nessus v2", "Other", "Script", "Left", "Right"} <= set(titles)


async def test_a_parser_that_does_not_end_is_not_waited_for(place, monkeypatch):
    held = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(staging, "_STOPPING", 0.1)
    scripted[:] = [lambda: asyncio.run_coroutine_threadsafe(held.wait(), loop).result()]
    answer = await place.upload(b"#script", wait=0)
    job = place.kernel.registry.jobs["exposure.import_report"]
    payload = {
        "import_id": (await place.get("/imports"))["data"][0]["id"],
        "path": __file__,
        "format_name": "script",
    }
    run = JobRun(
        id=UUID(answer.body["jobId"]),
        tenant_id=place.tenant.id,
        schema=place.tenant.schema,
        attempt=1,
        kernel=place.kernel,
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await call(job, run, payload)
    held.set()


async def test_a_module_that_left_since_the_upload(place, kernel):
    answer = await place.upload(b"#script")  # its job runs where only exposure is licensed
    assert answer.body["status"] == "failed"
    assert answer.body["error"]["reason"] == "REPORT_UNSUPPORTED"
    assert "reads script any more" in answer.body["error"]["message"]
