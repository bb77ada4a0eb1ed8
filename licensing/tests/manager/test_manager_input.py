"""What the manager refuses: each with its status, its code and the one form of errors."""

import json

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
