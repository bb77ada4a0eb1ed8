"""Other origins: only listed ones may read or write with cookies; our own page behind a proxy may, too."""

import pytest

from threatweaver.ids import uuid7

PAGE = "https://portal.example.com"
ASKING = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}
CORS = "Access-Control-"


@pytest.fixture
def listed(edge):
    """A function: a client of an application that lists one origin, behind a trusted proxy."""
    return lambda: edge(TW_CORS_ORIGINS=f"{PAGE}, http://localhost:3000", TW_TRUSTED_PROXIES="127.0.0.1/32")


def cors(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith(CORS)}


async def test_a_listed_origin_is_told_what_it_may_do(listed):
    async with listed() as client:
        answer = await client.options("/api/tags", headers={"Origin": PAGE, **ASKING})
    assert answer.status == 204
    said = cors(answer)
    assert said[f"{CORS}Allow-Origin"] == PAGE
    assert said[f"{CORS}Allow-Credentials"] == "true"
    assert said[f"{CORS}Allow-Methods"] == "GET, HEAD, POST"
    assert {"Idempotency-Key", "If-Match", "X-API-Key"} <= set(said[f"{CORS}Allow-Headers"].split(", "))
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://portal.example.com", f"{PAGE}.evil.example", f"{PAGE}:444", "null", "*"],
)
async def test_any_other_origin_is_told_nothing(listed, admin, origin):
    async with listed() as client:
        asked = await client.options("/api/tags", headers={"Origin": origin, **ASKING})
        read = await client.get("/api/tags", headers={"Origin": origin, **admin})
    assert (asked.status, read.status) == (405, 200)
    assert cors(asked) == cors(read) == {}
    assert read.headers["Vary"] == "Origin"


async def test_a_listed_origin_reads_answers_errors_and_their_headers(listed, admin):
    async with listed() as client:
        for path, status in (("/api/tags", 200), ("/api/nothing", 404)):
            answer = await client.get(path, headers={"Origin": PAGE, **admin})
            assert answer.status == status
            assert answer.headers[f"{CORS}Allow-Origin"] == PAGE
            assert "ETag" in answer.headers[f"{CORS}Expose-Headers"]


async def test_nothing_is_listed_by_default(client, admin):
    answer = await client.options("/api/tags", headers={"Origin": PAGE, **ASKING})
    assert (answer.status, cors(answer)) == (405, {})
    assert "Vary" not in (await client.get("/api/tags", headers={"Origin": PAGE, **admin})).headers


async def test_a_preflight_of_a_path_that_is_not_there_is_404(listed):
    async with listed() as client:
        assert (await client.options("/api/nothing", headers={"Origin": PAGE, **ASKING})).status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": PAGE}, 201),
        ({"Origin": "http://localhost:3000"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Referer": f"{PAGE}/some/page"}, 201),
        ({"Referer": f"https://evil.example/{PAGE}"}, 403),
        ({"Origin": "https://[::1"}, 403),
    ],
)
async def test_a_write_with_a_cookie_comes_from_a_listed_page(listed, admin, headers, status):
    cookie = {"Cookie": "token=" + admin["Authorization"].removeprefix("Bearer ")}
    async with listed() as client:
        answer = await client.post("/api/tags", json={"name": uuid7().hex}, headers=cookie | headers)
    assert answer.status == status


@pytest.mark.parametrize(
    ("origin", "forwarded", "status"),
    [
        ("https://tw.example", {"X-Forwarded-Host": "tw.example", "X-Forwarded-Proto": "https"}, 201),
        ("https://tw.example:8443", {"Forwarded": 'for=192.0.2.1;host="tw.example:8443";proto=https'}, 201),
        ("http://tw.example", {"X-Forwarded-Host": "tw.example", "X-Forwarded-Proto": "https"}, 403),
        ("https://other.example", {"X-Forwarded-Host": "tw.example"}, 403),
    ],
)
async def test_our_own_page_behind_a_proxy_may_write(listed, admin, origin, forwarded, status):
    cookie = {"Cookie": "token=" + admin["Authorization"].removeprefix("Bearer "), "Origin": origin}
    if "Forwarded" not in forwarded:
        cookie["X-Forwarded-For"] = "192.0.2.1"
    async with listed() as client:
        answer = await client.post("/api/tags", json={"name": uuid7().hex}, headers=cookie | forwarded)
    assert answer.status == status


async def test_the_host_is_nobody_elses_to_say(client, admin):
    cookie = {"Cookie": "token=" + admin["Authorization"].removeprefix("Bearer ")}
    forged = {
        "Origin": "https://evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-For": "1.1.1.1",
    }
    answer = await client.post("/api/tags", json={"name": uuid7().hex}, headers=cookie | forged)
    assert (answer.status, (await answer.json())["code"]) == (403, "FOREIGN_ORIGIN")


async def test_every_answer_is_fenced_in(edge):
    async with edge(TW_TRUSTED_PROXIES="127.0.0.1/32") as client:
        for path in ("/api/license/status", "/api/nothing", "/api-playground"):
            answer = await client.get(
                path, headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
            )
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "camera=()" in answer.headers["Permissions-Policy"]
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            assert "form-action 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        plain = await client.get("/api/license/status")
    assert "Strict-Transport-Security" not in plain.headers


async def test_the_playground_keeps_no_token_in_the_browser(client):
    assert "persistAuthorization: false" in await (await client.get("/api-playground/start.js")).text()
