"""Every route of every plugin: what is not declared is refused, and the answer says which field."""

import json
from dataclasses import replace

import pytest
from marshmallow import fields

from threatweaver.http.route import Shape
from threatweaver.testing.contract.answers import Call

VALIDATION = (400, "VALIDATION_ERROR")
LONG = "x" * 70_000


def unexpected(answers, expected=VALIDATION):
    """Return the answers that are not as expected, or whose details name nothing."""
    return [
        str(item)
        for item in answers
        if (item.status, item.code) != expected or (expected == VALIDATION and not item.body.get("details"))
    ]


@pytest.fixture
def faults(api, nowhere, admin):
    """A function: what a malformed request to these routes answers that it should not."""

    async def ask(routes, expected=VALIDATION, *, query="", headers=None, text=None, **options):
        sent = {**admin, **(headers or {})}
        calls = [nowhere(route, text=text, headers=sent, **options) for route in routes]
        return unexpected([await api.send(replace(c, path=c.path + query)) for c in calls], expected)

    return ask


def has_uuid(route):
    return any(isinstance(kind, fields.UUID) for kind in route.params.values())


def parameters(route):
    return {item.data_key for item in route.query().fields.values()} if route.query else set()


@pytest.mark.parametrize("query", ["unknownThing=1", "__proto__=1", "%00=1", "=1", "limit%00=5"])
async def test_unknown_query_parameters(faults, routes, query):
    assert await faults(routes, query=f"?{query}") == []


async def test_repeated_query_parameters(faults, routes):
    taking = [route for route in routes if route.query is not None]
    assert len(taking) > 8
    for query in ("limit=5&limit=5", "severity=HIGH&severity=LOW", "page=1&page=2"):
        chosen = [route for route in taking if query.split("=")[0] in parameters(route)]
        assert await faults(chosen, query=f"?{query}") == []


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
async def test_paging_of_every_list(faults, routes, query):
    lists = [route for route in routes if route.returns.shape is Shape.PAGE]
    assert len(lists) >= 8
    assert await faults(lists, query=f"?{query}") == []


@pytest.mark.parametrize("query", ["sort=size%3Bdrop", "cursor=AAAA", "cursor=%00", "search=%00", "search="])
async def test_sort_cursor_and_search_of_every_list(api, routes, person, query):
    name = query.split("=")[0]
    lists = [route for route in routes if name in parameters(route)]
    paging = [route for route in lists if name == "search" or route.returns.shape is Shape.PAGE]
    assert len(paging) >= 4
    calls = [await person.prepare(route) for route in paging]
    assert unexpected([await api.send(replace(call, path=f"{call.path}?{query}")) for call in calls]) == []


@pytest.mark.parametrize("text", ["1", "no-uuid", "%00", "..%2f..", "%ff%fe", "0" * 500, "%27%20OR%201=1"])
async def test_path_ids_that_are_no_uuid(faults, routes, text):
    taking = [route for route in routes if has_uuid(route)]
    assert len(taking) > 10
    assert await faults(taking, text=text) == []


async def test_path_parameters_take_no_nul(faults, routes):
    assert await faults([route for route in routes if route.params], text="a%00") == []


@pytest.mark.parametrize("text", ["CVE-1-1", "-1", "99999999999999999999", "a%0ab", "..%2f..", "9" * 500])
async def test_other_path_parameters_are_checked_as_well(api, routes, person, nowhere, text):
    taking = [route for route in routes if route.params and not has_uuid(route)]
    calls = [(await person.prepare(route), nowhere(route, text=text).path) for route in taking]
    answers = [await api.send(replace(call, path=path)) for call, path in calls]
    assert [str(item) for item in answers if item.status not in (400, 404)] == []


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
async def test_bodies_of_the_wrong_shape(faults, routes, value):
    headers = {"Content-Type": "application/json"}
    assert await faults(bodied(routes), headers=headers, data=json.dumps(value).encode()) == []


def variants(kind):
    """What no field of this kind takes."""
    yield {"no": ["such", "thing"]} if not isinstance(kind, fields.Dict) else 7
    if isinstance(kind, fields.String):
        yield from (7, "a\x00b", LONG)
    if isinstance(kind, fields.List):
        yield from (7, [LONG], [None])
    if isinstance(kind, fields.Integer):
        yield from ("many", 1.5, 10**30)


def members(schema, body):
    """Yield the keys to each member of a body with its field; to nested ones where the body has them."""
    for name, kind in schema.fields.items():
        key = kind.data_key or name
        if not kind.dump_only:
            yield (key,), kind
        if isinstance(kind, fields.Nested) and not kind.many and isinstance(body.get(key), dict):
            yield from (((key, *keys), inner) for keys, inner in members(kind.schema, body[key]))


def with_member(body, keys, value):
    head, *rest = keys
    return {**body, head: with_member(body.get(head, {}), rest, value) if rest else value}


async def test_each_member_of_a_right_body_made_wrong(api, callable_routes, person):
    """One member at a time, so that no other fault hides it; the answer names the member."""
    wrong = []
    for route in callable_routes:
        if route.body is None:
            continue
        call = await person.prepare(route)
        bodies = [("unknownField", {**call.json, "unknownField": 1})]
        for keys, kind in members(route.body(), call.json):
            bodies += [(keys[0], with_member(call.json, keys, value)) for value in variants(kind)]
        for name, body in bodies:
            answer = await api.send(replace(call, json=body))
            named = {item["field"] for item in answer.body.get("details", [])}
            about = [text for text in named if text in {name, "body"} or text.startswith(f"{name}.")]
            if answer.status != 400 or not about:
                wrong.append(f"{answer}: {name}={str(body.get(name))[:40]!r}: {named}")
    assert wrong == []


async def test_a_body_nested_too_deeply(faults, routes):
    value = {}
    for _ in range(40):
        value = {"a": value}
    assert await faults(bodied(routes), json=value) == []


@pytest.mark.parametrize(
    "text", [b"", b"{", b"{'a':1}", b'{"a":NaN}', b"\xff\xfe", b"[" * 5000, b'{"a":"\\ud800"}']
)
async def test_malformed_json(faults, routes, text):
    headers = {"Content-Type": "application/json"}
    assert await faults(bodied(routes), (400, "MALFORMED_JSON"), headers=headers, data=text) == []


async def test_a_body_that_does_not_decode(faults, routes):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert await faults(bodied(routes), (400, "MALFORMED_JSON"), headers=headers, data=b"no gzip") == []


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "multipart/form-data", "application/jsonx"]
)
async def test_other_media_types(faults, routes, media):
    expected = (415, "UNSUPPORTED_MEDIA_TYPE")
    assert await faults(bodied(routes), expected, headers={"Content-Type": media}, data=b'{"a":1}') == []


async def test_a_body_beyond_the_limit(faults, routes):
    headers = {"Content-Type": "application/json"}
    body = b'{"a":"' + b"x" * (1 << 20) + b'"}'
    assert await faults(bodied(routes), (413, "PAYLOAD_TOO_LARGE"), headers=headers, data=body) == []


@pytest.mark.parametrize(
    "text", [b"x", b"[]", b'{"a":1}', b"x" * (2 << 20)], ids=["x", "list", "object", "2 MB"]
)
async def test_a_body_where_none_is_taken(faults, routes, text):
    chosen = [route for route in routes if route.body is None and route.upload is None and route.form is None]
    assert {"GET", "POST", "DELETE"} <= {route.method for route in chosen}
    assert await faults(chosen, headers={"Content-Type": "application/json"}, data=text) == []


async def test_a_parameter_that_is_unknown_beside_a_right_call(api, callable_routes, person):
    calls = [await person.prepare(route) for route in callable_routes]
    answers = [await api.send(stranger_parameter(call)) for call in calls]
    assert unexpected(answers) == []


def stranger_parameter(call: Call) -> Call:
    return replace(call, path=f"{call.path}{'&' if '?' in call.path else '?'}unknownThing=1")
