"""Every route of every plugin: what is not declared is refused, and the answer says which field."""

import json
from functools import partial

import pytest

from threatweaver.http.route import Shape

VALIDATION = (400, "VALIDATION_ERROR")


async def failures(api, routes, expected, *, suffix="", **options):
    """Return the answers that are not as expected, or whose details name nothing."""
    wrong = []
    for route in routes:
        answer = await api.call(route, options.get("path") and options["path"](route), **_kept(options))
        named = answer.body.get("details") if isinstance(answer.body, dict) else None
        if (answer.status, answer.body["code"]) != expected or (expected == VALIDATION and not named):
            wrong.append(str(answer))
    return wrong


def _kept(options):
    return {key: value for key, value in options.items() if key != "path"}


@pytest.mark.parametrize("query", ["unknownThing=1", "__proto__=1", "%00=1", "=1", "limit%00=5"])
async def test_unknown_query_parameters(api, routes, admin, path_of, query):
    wrong = await failures(api, routes, VALIDATION, headers=admin, path=lambda r: f"{path_of(r)}?{query}")
    assert wrong == []


async def test_repeated_query_parameters(api, routes, admin, path_of):
    taking = [route for route in routes if route.query is not None]
    assert len(taking) > 8
    for query in ("limit=5&limit=5", "severity=HIGH&severity=LOW", "page=1&page=2"):
        name = query.split("=")[0]
        chosen = [r for r in taking if name in {item.data_key for item in r.query().fields.values()}]
        paths = {(route.method, route.path): f"{path_of(route)}?{query}" for route in chosen}
        assert (
            await failures(
                api, chosen, VALIDATION, headers=admin, path=lambda r, known=paths: known[r.method, r.path]
            )
            == []
        )


@pytest.mark.parametrize(
    "query",
    [
        "limit=abc",
        "limit=0",
        "limit=-1",
        "limit=501",
        "limit=",
        "limit=1.5",
        "page=0",
        "page=-1",
        "page=1000000000000000000000000000000",
        "page=NaN",
    ],
)
async def test_paging_of_every_list(api, routes, admin, path_of, query):
    lists = [route for route in routes if route.returns.shape is Shape.PAGE]
    assert len(lists) >= 8
    assert await failures(api, lists, VALIDATION, headers=admin, path=lambda r: f"{path_of(r)}?{query}") == []


@pytest.mark.parametrize("query", ["sort=size%3Bdrop", "cursor=AAAA", "cursor=%00", "search=%00", "search="])
async def test_sort_cursor_and_search_of_every_list(api, routes, admin, rows, path_of, query):
    name = query.split("=")[0]
    lists = [r for r in routes if r.query and name in {f.data_key for f in r.query().fields.values()}]
    paging = [route for route in lists if name == "search" or route.returns.shape is Shape.PAGE]
    assert len(paging) >= 4

    def path(route):
        return f"{path_of(route, uuid=rows.asset)}?{query}"

    assert await failures(api, paging, VALIDATION, headers=admin, path=path) == []


@pytest.mark.parametrize("text", ["1", "no-uuid", "%00", "..%2f..", "%ff%fe", "0" * 500, "%27%20OR%201=1"])
async def test_path_ids_that_are_no_uuid(api, routes, admin, text):
    taking = [route for route in routes if any(type(k).__name__ == "UUID" for k in route.params.values())]
    assert len(taking) > 10
    broken = partial(with_parameters, text=text)
    assert await failures(api, taking, VALIDATION, headers=admin, path=broken) == []


@pytest.mark.parametrize("text", ["%00", "CVE-1-1", "-1", "99999999999999999999", "a%0ab"])
async def test_other_path_parameters_are_checked_as_well(api, routes, admin, text):
    taking = [
        r for r in routes if r.params and not any(type(k).__name__ == "UUID" for k in r.params.values())
    ]
    broken = partial(with_parameters, text=text)
    assert await failures(api, taking, VALIDATION, headers=admin, path=broken) == []


def with_parameters(route, text):
    return "/".join(text if part.startswith("{") else part for part in route.path.split("/"))


def bodied(routes):
    chosen = [route for route in routes if route.body is not None]
    assert len(chosen) >= 10
    return chosen


@pytest.mark.parametrize(
    "value",
    [
        {"unknownField": 1},
        {"": 1},
        {"$where": {}},
        [],
        None,
        "text",
        7,
        [[]],
        {"name": "a\x00b"},
        {"a": {"b": ["c\x00"]}},
    ],
    ids=str,
)
async def test_bodies_of_the_wrong_shape(api, routes, admin, value):
    headers = {**admin, "Content-Type": "application/json"}
    body = json.dumps(value).encode()
    assert await failures(api, bodied(routes), VALIDATION, headers=headers, data=body) == []


async def test_a_body_nested_too_deeply(api, routes, admin):
    value = {}
    for _ in range(40):
        value = {"a": value}
    assert await failures(api, bodied(routes), VALIDATION, headers=admin, json=value) == []


@pytest.mark.parametrize(
    "text", [b"", b"{", b"{'a':1}", b'{"a":NaN}', b"\xff\xfe", b"[" * 5000, b'{"a":"\\ud800"}']
)
async def test_malformed_json(api, routes, admin, text):
    headers = {**admin, "Content-Type": "application/json"}
    assert await failures(api, bodied(routes), (400, "MALFORMED_JSON"), headers=headers, data=text) == []


async def test_a_body_that_does_not_decode(api, routes, admin):
    headers = {**admin, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    expected = (400, "MALFORMED_JSON")
    assert await failures(api, bodied(routes), expected, headers=headers, data=b"no gzip") == []


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "multipart/form-data", "application/jsonx"]
)
async def test_other_media_types(api, routes, admin, media):
    headers = {**admin, "Content-Type": media}
    expected = (415, "UNSUPPORTED_MEDIA_TYPE")
    assert await failures(api, bodied(routes), expected, headers=headers, data=b'{"a":1}') == []


async def test_a_body_beyond_the_limit(api, routes, admin):
    headers = {**admin, "Content-Type": "application/json"}
    body = b'{"a":"' + b"x" * (1 << 20) + b'"}'
    assert await failures(api, bodied(routes), (413, "PAYLOAD_TOO_LARGE"), headers=headers, data=body) == []


@pytest.mark.parametrize(
    "text", [b"x", b"[]", b'{"a":1}', b"x" * (2 << 20)], ids=["x", "list", "object", "2 MB"]
)
async def test_a_body_where_none_is_taken(api, routes, admin, text):
    chosen = [route for route in routes if route.body is None and route.upload is None]
    assert {"GET", "POST", "DELETE"} <= {route.method for route in chosen}
    headers = {**admin, "Content-Type": "application/json"}
    assert await failures(api, chosen, VALIDATION, headers=headers, data=text) == []
