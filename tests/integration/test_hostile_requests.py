"""What no client library sends: bytes on the socket that must end in a documented error, never in a 500."""

import asyncio
import json
import re

import pytest

from threatweaver.auth import service

MULTIPART = {"Content-Type": "multipart/form-data; boundary=XX"}
FILE = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.nessus"\r\n\r\n'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def send(client, admin):
    """A function: sends raw bytes, returns status and code."""

    async def sent(method, path, headers=None, body=b"", *, signed=True):
        lines = {"Host": "x", "Connection": "close", "Content-Length": str(len(body))}
        lines |= (admin if signed else {}) | (headers or {})
        head = b"".join(
            f"{name}: {value}\r\n".encode("utf-8", "surrogateescape") for name, value in lines.items()
        )
        reader, writer = await asyncio.open_connection(client.host, client.port)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + body)
            async with asyncio.timeout(10):
                headers = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", headers)
                text = await reader.readexactly(int(length[1]) if length else 0)
        finally:
            writer.close()
            await writer.wait_closed()
        status = int(headers.split()[1])
        return status, json.loads(text).get("code") if b"json" in headers else None

    return sent


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "VALIDATION_ERROR"),
        (b"hello", "VALIDATION_ERROR"),
        (b"--XX--\r\n", "VALIDATION_ERROR"),
        (b"--XX\r\nContent-Dispo sition: x\r\n\r\nx\r\n--XX--\r\n", "VALIDATION_ERROR"),
        (b"--XX\r\nContent-Disposition: " + b"a" * 20000 + b"\r\n\r\nx\r\n--XX--\r\n", "VALIDATION_ERROR"),
        (FILE.replace(b"file", b"other", 1) + b"x\r\n--XX--\r\n", "VALIDATION_ERROR"),
        (FILE + b"\r\n--XX--\r\n", "VALIDATION_ERROR"),
        (FILE + b"<NessusClientData_v2>", "REPORT_REFUSED"),
        (FILE.replace(b"a.nessus", b"\xff\xfe\x80") + b"x\r\n--XX--\r\n", "REPORT_REFUSED"),
        (FILE.replace(b"a.nessus", b"../../etc/passwd") + b"x\r\n--XX--\r\n", "REPORT_REFUSED"),
    ],
    ids=range(10),
)
async def test_broken_multipart(send, body, code):
    status, said = await send("POST", "/api/imports", MULTIPART, body)
    assert (status, said) == (422 if code == "REPORT_REFUSED" else 400, code)


async def test_multipart_without_a_boundary(send):
    headers = {"Content-Type": "multipart/form-data"}
    assert await send("POST", "/api/imports", headers, FILE) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("name", ["\udcff\udcfe.nessus", "%ff%fe.nessus", "%00", "a" * 200, "..%2f..%2fx"])
async def test_odd_file_names_are_kept_in_a_form_that_can_be_stored(send, name):
    report = b"<NessusClientData_v2></NessusClientData_v2>"
    headers = {"X-Filename": name, "Content-Type": "application/xml"}
    assert (await send("POST", "/api/imports", headers, report))[0] == 202


async def test_a_file_larger_than_the_limit_is_refused_by_its_length_alone(send):
    headers = {"X-Filename": "x", "Content-Length": str(3 << 30), "Content-Type": "application/xml"}
    assert await send("POST", "/api/imports", headers) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("path", ["/api/tags", "/api/auth/login", "/api/imports"])
async def test_a_body_that_is_not_gzip_though_it_says_so(send, path):
    headers = {**JSON, "Content-Encoding": "gzip", "X-Filename": "x"}
    assert await send("POST", path, headers, b"no gzip at all") == (400, "MALFORMED_JSON")


async def test_bytes_in_headers_that_are_no_utf_8(send, kernel, tenant):
    await service.create_user(
        kernel.database,
        email="odd@example.com",
        password="a long passphrase",
        role="viewer",
        tenant_id=tenant.id,
    )
    body = b'{"email":"odd@example.com","password":"a long passphrase"}'
    headers = {**JSON, "User-Agent": "browser \udcff"}
    assert (await send("POST", "/api/auth/login", headers, body, signed=False))[0] == 200
    assert await send("GET", "/api/tags", {"Authorization": "Bearer \udcff"}) == (401, "INVALID_TOKEN")
    cookie = {"Cookie": f"refreshToken={'0' * 32}.\udcff"}
    assert await send("POST", "/api/auth/refresh", cookie, signed=False) == (401, "INVALID_REFRESH_TOKEN")
    assert (await send("GET", "/api/tags", {"X-Request-Id": "\udcff" * 10}))[0] == 200
    assert (await send("GET", "/api/tags", {"Prefer": "wait=\udcff"}))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing/here", 404, "NOT_FOUND"),
        ("GET", "/api//tags", 404, "NOT_FOUND"),
        ("GET", "/api/tags/", 404, "NOT_FOUND"),
        ("GET", "/%00", 404, "NOT_FOUND"),
        ("GET", "/api/%2e%2e/tags", 404, "NOT_FOUND"),
        ("GET", "/api/tags?search=%ED%A0%80", 200, None),
        ("PATCH", "/api/tags", 405, "METHOD_NOT_ALLOWED"),
        ("OPTIONS", "/api/tags", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api-playground/..%2f..%2fconfig.py", 404, "NOT_FOUND"),
        ("GET", "/api-playground/%00", 404, "NOT_FOUND"),
    ],
)
async def test_odd_paths_and_methods(send, method, path, status, code):
    assert await send(method, path) == (status, code)


async def test_every_answer_carries_its_request_id_and_security_headers(client, admin):
    for path in ("/api/tags", "/api/nothing", "/api-docs/swagger.json"):
        async with client.get(path, headers={**admin, "X-Request-Id": "my-request-1"}) as answer:
            assert answer.headers["X-Request-Id"] == "my-request-1"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    async with client.get("/api/tags", headers={**admin, "X-Request-Id": "a b<script>"}) as answer:
        assert "script" not in answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/", "/api", "/api-docs", "/api-playground/"])
async def test_a_newcomer_is_shown_the_playground(client, path):
    answer = await client.get(path, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/api-playground")
