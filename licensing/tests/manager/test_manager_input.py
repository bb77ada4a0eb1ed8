"""What the manager refuses: each with its status, its code and the one form of errors."""

import gzip
import json
import socket

import pytest
import requests

from threatweaver_licensing.manager.routes import TABLE

ORDER = {"customer": "Input Ltd", "modules": "*", "seats": 5, "days": 30}


@pytest.fixture(scope="module")
def jti(manager):
    return manager.issue("Input Ltd")["jti"]


def well_formed(answer, status, code):
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert body.keys() >= {"error", "message", "code", "requestId"}
    assert answer.headers["X-Request-Id"] == body["requestId"]
    assert "Traceback" not in answer.text
    return body


def refused(manager, method, path, body=None):
    headers = {"Authorization": f"Bearer {manager.token}"}
    answer = requests.request(method, manager.url + path, json=body, headers=headers, timeout=30)
    (detail,) = well_formed(answer, 400, "VALIDATION_ERROR")["details"]
    return detail["field"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer", None),
        ("customer", ""),
        ("customer", 5),
        ("customer", " Input Ltd"),
        ("customer", "a\x00b"),
        ("customer", "\ud800"),
        ("customer", "x" * 201),
        ("modules", None),
        ("modules", "appsec"),
        ("modules", ["A"]),
        ("modules", ["appsec", "appsec"]),
        ("seats", 0),
        ("seats", "5"),
        ("seats", 2**31),
        ("seats", 1.5),
        ("seats", True),
        ("type", "gold"),
        ("type", None),
        ("tenants", 3),
        ("tenants.max", {"max": 0}),
        ("tenants.names", {"names": ["A"]}),
        ("most", {"most": 1}),
        ("plugins.versions", [{"name": "acme", "versions": "latest"}]),
        ("deployment", "cloud"),
        ("limits.assets", {"assets": -1}),
        ("graceDays", 366),
        ("fingerprint", ""),
        ("reference", ""),
        ("reference", "x" * 101),
        ("days", 0),
        ("days", "30"),
        ("days", 36_501),
        ("expires", "2040-01-01"),
        ("notBefore", "tomorrow"),
        ("notBefore", 1893456000),
        ("extra", 1),
        ("jti", "mine"),
        ("iat", 1893456000),
        ("exp", 1893456000),
        ("iss", "me"),
    ],
)
def test_a_wrong_order(manager, jti, field, value):
    where = {"tenants.max": "tenants", "tenants.names": "tenants", "most": "tenants"}
    where |= {"limits.assets": "limits", "plugins.versions": "plugins"}
    body = ORDER | {where.get(field, field): value}
    assert refused(manager, "POST", "/api/licenses", body) == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"days": None}, "expires"),
        ({"days": None, "expires": "2001-01-01"}, "expires"),
        ({"days": None, "expires": "9999-12-31T23:59:59-23:59"}, "expires"),
        ({"days": None, "expires": "2040-01-01", "notBefore": "2041-01-01"}, "expires"),
        ({"notBefore": "8999-12-31"}, "expires"),
        ({"tenants": {"max": 1, "names": ["a", "b"]}}, "tenants.names"),
    ],
)
def test_an_order_that_makes_no_sense(manager, jti, changes, field):
    assert refused(manager, "POST", "/api/licenses", ORDER | changes) == field


@pytest.mark.parametrize("missing", ["customer", "modules", "seats"])
def test_an_order_without(manager, missing):
    body = {name: value for name, value in ORDER.items() if name != missing}
    assert refused(manager, "POST", "/api/licenses", body) == missing


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/customers", {}, "name"),
        ("/api/customers", {"name": ""}, "name"),
        ("/api/customers", {"name": "x", "contact": None}, "contact"),
        ("/api/customers", {"name": "x", "contact": "a\nb"}, "contact"),
        ("/api/customers", {"name": "x", "id": 1}, "id"),
        ("/api/licenses/{jti}/renew", {}, "expires"),
        ("/api/licenses/{jti}/renew", {"days": 1, "customer": "Else"}, "customer"),
        ("/api/licenses/{jti}/renew", {"days": 1, "seats": None}, "seats"),
        ("/api/licenses/{jti}/renew", {"days": 1, "notBefore": "2040-01-01"}, "notBefore"),
        ("/api/licenses/{jti}/renew", {"expires": "2001-01-01"}, "expires"),
        ("/api/licenses/{jti}/revoke", {}, "reason"),
        ("/api/licenses/{jti}/revoke", {"reason": ""}, "reason"),
        ("/api/licenses/{jti}/revoke", {"reason": "x" * 201}, "reason"),
        ("/api/licenses/{jti}/revoke", {"reason": "x", "at": "2030-01-01"}, "at"),
    ],
)
def test_other_wrong_bodies(manager, jti, path, body, field):
    assert refused(manager, "POST", path.format(jti=jti), body) == field


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=1e3", "page"),
        ("page=-1", "page"),
        ("page=", "page"),
        ("page=99999999999999999999", "page"),
        ("page=%D9%A1", "page"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("state=UNLICENSED", "state"),
        ("state=active", "state"),
        ("state=ACTIVE&state=GRACE", "state"),
        ("type=gold", "type"),
        ("search=", "search"),
        ("search=%00", "search"),
        ("customer=%1B", "customer"),
        ("expiresBefore=soon", "expiresBefore"),
        ("sort=jti", "sort"),
    ],
)
def test_wrong_queries(manager, query, field):
    assert refused(manager, "GET", f"/api/licenses?{query}") == field


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=1001", "before=1"])
def test_wrong_queries_of_the_audit_log(manager, query):
    assert refused(manager, "GET", f"/api/audit?{query}") == query.split("=")[0]


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _, _ in TABLE])
def test_no_path_takes_an_unknown_parameter(manager, jti, method, path):
    body = {"days": 1} if method == "POST" else None
    assert refused(manager, method, path.format(jti=jti) + "?debug=1", body) == "debug"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"name":"a","name":"b"}',
        b'{"name":NaN}',
        b"[" * 9000,
        b'"\x00"' * 2,
    ],
)
def test_no_json(manager, raw):
    headers = {"Authorization": f"Bearer {manager.token}", "Content-Type": "application/json"}
    answer = requests.post(f"{manager.url}/api/customers", data=raw, headers=headers, timeout=30)
    well_formed(answer, 400, "MALFORMED_JSON")


@pytest.mark.parametrize("value", [None, [], "x", 5, True])
def test_json_but_no_object(manager, value):
    headers = {"Authorization": f"Bearer {manager.token}", "Content-Type": "application/json"}
    raw = json.dumps(value)
    answer = requests.post(f"{manager.url}/api/customers", data=raw, headers=headers, timeout=30)
    assert well_formed(answer, 400, "VALIDATION_ERROR")["details"][0]["field"] == "body"


def test_another_content_type(manager):
    headers = {"Authorization": f"Bearer {manager.token}"}
    answer = requests.post(f"{manager.url}/api/customers", data={"name": "x"}, headers=headers, timeout=30)
    well_formed(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_too_large(manager):
    headers = {"Authorization": f"Bearer {manager.token}"}
    body = {"name": "x" * 70_000}
    answer = requests.post(f"{manager.url}/api/customers", json=body, headers=headers, timeout=30)
    well_formed(answer, 413, "PAYLOAD_TOO_LARGE")


def test_no_such_path_or_method(manager):
    for path in ("/", "/api", "/api/nothing", "/api/licenses/a/b/c", "/../etc/passwd"):
        well_formed(requests.get(manager.url + path, timeout=30), 404, "NOT_FOUND")
    answer = requests.delete(f"{manager.url}/api/licenses/x", timeout=30)
    well_formed(answer, 405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("given", "taken"), [("abcd-1234", True), ("short", False), ("a b c d e", False), ("x" * 65, False)]
)
def test_the_request_id(manager, given, taken):
    answer = requests.get(f"{manager.url}/health", headers={"X-Request-Id": given}, timeout=30)
    assert (answer.headers["X-Request-Id"] == given) is taken


def raw(manager, *lines, body=b""):
    """Send bytes as they are, and return the first line of the answer and its body."""
    host, port = manager.url.removeprefix("http://").split(":")
    head = [*lines, b"Host: x", b"Authorization: Bearer " + manager.token.encode(), b"Connection: close"]
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"\r\n".join([*head, b"", body]))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return answer.split(b"\r\n")[0], answer.rpartition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("encoded", [b"%FF", b"%ED%A0%80", b"%00", b"%1B", b"\xc3\x28"])
def test_a_query_that_is_no_text(manager, encoded):
    line, _ = raw(manager, b"GET /api/licenses?search=" + encoded + b" HTTP/1.1")
    assert line.split(b" ")[1] in {b"400", b"200"}  # what is no UTF-8 may be read as U+FFFD


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([b"Content-Encoding: gzip", b"Content-Length: 7"], b"garbage"),
        ([b"Content-Encoding: deflate", b"Content-Length: 7"], b"garbage"),
        ([b"Transfer-Encoding: chunked"], b"zz\r\n\r\n"),
        ([b"Content-Length: -1"], b""),
        ([b"Content-Length: 5", b"Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    ],
)
def test_a_body_that_does_not_decode(manager, headers, body):
    line, _ = raw(
        manager, b"POST /api/customers HTTP/1.1", b"Content-Type: application/json", *headers, body=body
    )
    assert line.split(b" ")[1] == b"400"


def test_a_body_that_grows(manager):
    bomb = gzip.compress(b" " * 50_000_000)
    headers = [
        b"Content-Type: application/json",
        b"Content-Encoding: gzip",
        b"Content-Length: %d" % len(bomb),
    ]
    line, text = raw(manager, b"POST /api/customers HTTP/1.1", *headers, body=bomb)
    assert (line.split(b" ")[1], json.loads(text)["code"]) == (b"413", "PAYLOAD_TOO_LARGE")


def test_no_http(manager):
    assert raw(manager, b"garbage")[0].split(b" ")[1] == b"400"


def test_nothing_of_all_this_was_a_fault_of_ours(manager):
    assert '"status": 413' in manager.log.read_text()
    assert '"status": 500' not in manager.log.read_text()
