"""Files that are no report, or a damaged one: status, body, and nothing left behind."""

import asyncio
import gzip
import zlib

import pytest
import pytest_asyncio
from exposure_reports import Host, Item, day, nessus
from exposure_space import form, until
from nessus_samples import negatives

GOOD = nessus(
    *(Host(name=f"10.0.{n}.1", items=[Item(plugin=p) for p in range(1001, 1021)]) for n in range(1, 41)),
    checks=[1001],
)
LEVELS = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMB = f"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">{LEVELS}]>
<NessusClientData_v2><Report name="&i;"/></NessusClientData_v2>""".encode()
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<NessusClientData_v2><Report name="x"><ReportHost name="&x;"/></Report></NessusClientData_v2>"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stocked(make_space):
    """A tenant with a report in it already, in which everything still agrees at the end."""
    space = await make_space()
    await space.take(nessus(Host(items=[Item()], end=day(1)), checks=[1001]))
    yield space
    await space.check()


@pytest.fixture
async def untouched(stocked):
    """That tenant; afterwards database and spool folder must be as before."""
    before, files = await stocked.snapshot(), stocked.spooled()
    imports = await stocked.sql("SELECT * FROM exposure_import ORDER BY id")
    yield stocked
    assert await stocked.snapshot() == before
    assert stocked.spooled() == files
    kept = await stocked.sql("SELECT * FROM exposure_import ORDER BY id")
    assert kept[: len(imports)] == imports
    assert all(row["finished_at"] is None for row in kept[len(imports) :])


def assert_error(answer, status, code, **members):
    assert answer.status == status, answer
    body = answer.body
    assert body["code"] == code
    assert body["error"]
    assert body["message"]
    assert body["status"] == status
    assert body["requestId"] == answer.headers["X-Request-Id"]
    assert {name: body.get(name) for name in members} == members


async def assert_refused(space, data, reason, **headers):
    """Refused at once, or by the job; the same code and reason either way. No import may have been made."""
    answer = await space.upload(data, **headers)
    if answer.status == 422:
        assert_error(answer, 422, "REPORT_REFUSED", reason=reason)
        return
    assert answer.status == 202, answer
    assert answer.body["status"] == "failed", answer
    error = answer.body["error"]
    assert (error["code"], error["reason"], error["status"]) == ("REPORT_REFUSED", reason, 422)
    assert error["message"]
    assert "result" not in answer.body


UNREACHED = [path for path in negatives() if "unresolvable" in path.name]


@pytest.mark.parametrize(
    "path", [path for path in negatives() if path not in UNREACHED], ids=lambda path: path.name
)
async def test_file_that_is_no_report(untouched, path):
    reason = "REPORT_FORBIDDEN_XML" if "local_includer" in path.name else "REPORT_UNSUPPORTED"
    await assert_refused(untouched, path.read_bytes(), reason)


async def test_a_scan_that_reached_nobody_holds_nothing(space):
    for path in UNREACHED:
        result = await space.take(path.read_bytes(), name=path.name)
        assert result["findings"] == 0
    assert await space.vulnerabilities() == []


@pytest.mark.parametrize("part", range(1, 21))
async def test_report_cut_short(untouched, part):
    cut = len(GOOD) * part // 21
    reason = "REPORT_UNSUPPORTED" if cut < 60 else "REPORT_TRUNCATED"
    await assert_refused(untouched, GOOD[:cut], reason)


@pytest.mark.parametrize("cut", [1, 5, 21, 30, 45])
async def test_report_cut_within_its_first_bytes(untouched, cut):
    answer = await untouched.upload(GOOD[:cut])
    assert answer.status == 422
    assert answer.body["reason"] in {"REPORT_UNSUPPORTED", "REPORT_TRUNCATED"}


@pytest.mark.parametrize("bomb", [BOMB, EXTERNAL], ids=["entities", "external"])
async def test_document_type_is_refused_at_once(untouched, bomb):
    answer = await untouched.upload(bomb)
    assert_error(answer, 422, "REPORT_REFUSED", reason="REPORT_FORBIDDEN_XML")


async def test_malformed_in_the_middle_fails_the_job_and_leaves_nothing(untouched):
    middle = len(GOOD) // 2
    broken = GOOD[:middle] + b"<oops>" + GOOD[middle:]
    answer = await untouched.upload(broken)
    assert answer.status == 202
    job = await untouched.get(f"/jobs/{answer.body['jobId']}")
    assert job["status"] == "failed"
    assert job["error"]["code"] == "REPORT_REFUSED"
    assert job["error"]["reason"] == "REPORT_MALFORMED"
    assert job["attempts"] == 1
    assert job["finishedAt"]


@pytest.mark.parametrize("attribute", [b'severity="9"', b'severity=""', b'pluginID="x"', b'port="70000"'])
async def test_item_without_meaning_fails_the_job(untouched, attribute):
    name = attribute.split(b"=")[0]
    good = {b"severity": b'severity="2"', b"pluginID": b'pluginID="1020"', b"port": b'port="443"'}[name]
    await assert_refused(untouched, GOOD.replace(good, attribute), "REPORT_MALFORMED")


async def test_unknown_entity_fails_the_job(untouched):
    await assert_refused(untouched, GOOD.replace(b">seen<", b">&nobody;<"), "REPORT_MALFORMED")


async def test_gzip_bomb_is_too_large(untouched):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    assert len(bomb) < 1 << 20
    assert_error(await untouched.upload(bomb), 413, "PAYLOAD_TOO_LARGE")


async def test_gzip_damaged(untouched):
    packed = bytearray(gzip.compress(GOOD))
    packed[len(packed) // 2] ^= 0xFF
    answer = await untouched.upload(bytes(packed))
    assert_error(answer, 400, "VALIDATION_ERROR", error="Validation Error")
    assert answer.body["details"] == [{"field": "file", "message": "The gzip stream is damaged."}]


async def test_gzip_cut_short(untouched):
    answer = await untouched.upload(gzip.compress(GOOD)[:-20])
    assert_error(answer, 400, "VALIDATION_ERROR")
    assert answer.body["details"] == [{"field": "file", "message": "The gzip stream is cut short."}]


@pytest.mark.parametrize("data", [b"", gzip.compress(b"")], ids=["empty", "empty in gzip"])
async def test_empty_file(untouched, data):
    answer = await untouched.upload(data)
    assert_error(answer, 400, "VALIDATION_ERROR")
    assert answer.body["details"] == [{"field": "file", "message": "The file is empty."}]


async def test_json_body(untouched):
    answer = await untouched.call("POST", "/imports", json={"file": "scan"})
    assert_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_missing_file_name(untouched):
    answer = await untouched.call("POST", "/imports", data=GOOD)
    assert_error(answer, 400, "VALIDATION_ERROR")
    assert answer.body["details"][0]["field"] == "X-Filename"


async def test_no_body_at_all(untouched):
    answer = await untouched.call("POST", "/imports")
    assert_error(answer, 400, "VALIDATION_ERROR")


async def test_wrong_field_name(untouched):
    answer = await untouched.call("POST", "/imports", data=form(GOOD, field_name="report"))
    assert_error(answer, 400, "VALIDATION_ERROR")
    assert answer.body["details"][0]["field"] == "file"


PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.nessus"\r\n\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", PART + GOOD + b"\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--other\r\n\r\nx"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"garbage"),
        ("multipart/form-data; boundary=b", b"--b\r\nno header at all\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
    ],
    ids=["no boundary", "other boundary", "nothing", "garbage", "bad header", "no part"],
)
async def test_multipart_malformed(untouched, kind, body):
    answer = await untouched.call("POST", "/imports", data=body, headers={"Content-Type": kind})
    assert_error(answer, 400, "VALIDATION_ERROR")
    assert answer.body["details"]


@pytest.mark.parametrize(
    "body",
    [PART + GOOD[:5000], PART + GOOD[:5000] + b"\r\n--"],
    ids=["cut", "cut at the end"],
)
async def test_multipart_cut_short(untouched, body):
    answer = await untouched.call(
        "POST", "/imports", data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status in {400, 422}, answer
    assert answer.body["code"] in {"VALIDATION_ERROR", "REPORT_REFUSED"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods(untouched, method):
    assert_error(await untouched.call(method, "/imports"), 405, "METHOD_NOT_ALLOWED")


async def test_connection_that_ends_in_the_middle_leaves_no_file(untouched):
    before = untouched.spooled()
    url = untouched.client.make_url("/api/imports")
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /api/imports HTTP/1.1\r\nHost: x\r\nAuthorization: {untouched.headers['Authorization']}\r\n"
    writer.write(head.encode() + b"X-Filename: a\r\nContent-Length: 900000\r\n\r\n" + GOOD[:90_000])
    await writer.drain()

    async def begun():
        return untouched.spooled() != before

    async def gone():
        return untouched.spooled() == before

    await until(begun, seconds=5)
    writer.close()
    await until(gone, seconds=5)


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("analyst", 403), ("scanner_admin", 422), ("admin", 422)]
)
async def test_roles_that_may_import(untouched, as_role, role, status):
    headers = await as_role(role, untouched.tenant)
    answer = await untouched.call("POST", "/imports", data=b"x", headers={**headers, "X-Filename": "a"})
    assert answer.status == status


async def test_anonymous_may_not_import(untouched):
    answer = await untouched.call("POST", "/imports", data=GOOD, headers={"Authorization": "Bearer x"})
    assert_error(answer, 401, "INVALID_TOKEN")
