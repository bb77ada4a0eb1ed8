"""Every route of every plugin: what is not declared is refused, and the answer says which field."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from marshmallow import Schema, fields

from threatweaver.http.route import Route
from threatweaver.testing.conformance import choices
from threatweaver.testing.conformance.fixtures import Nowhere, Routes
from threatweaver.testing.contract import values
from threatweaver.testing.contract.answers import Answer, Call
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import Person
from threatweaver.testing.identities import Headers

pytestmark = pytest.mark.asyncio(loop_scope="session")
Faults = Callable[..., Awaitable[list[str]]]
Expected = tuple[int, str]
VALIDATION = (400, "VALIDATION_ERROR")
LONG = "x" * 70_000


def unexpected(answers: Sequence[Answer], expected: Expected = VALIDATION) -> list[str]:
    """Return the answers that are not as expected, or whose details name nothing."""
    return [
        str(item)
        for item in answers
        if (item.status, item.code) != expected or (expected == VALIDATION and not item.body.get("details"))
    ]


@pytest.fixture
def faults(api: DocumentedApi, nowhere: Nowhere, operator: Headers) -> Faults:
    """A function: what a malformed request to these routes answers that it should not."""

    async def ask(
        routes: Routes,
        expected: Expected = VALIDATION,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> list[str]:
        sent = {**operator, **(headers or {})}
        calls = [nowhere(route, headers=sent, **options) for route in routes]
        return unexpected([await api.send(replace(c, path=c.path + query)) for c in calls], expected)

    return ask


@pytest.mark.parametrize("query", ["unknownThing=1", "__proto__=1", "%00=1", "=1", "limit%00=5"])
async def test_unknown_query_parameters(faults: Faults, routes: Routes, query: str) -> None:
    assert await faults(routes, query=f"?{query}") == []


async def test_repeated_query_parameters(faults: Faults, routes: Routes) -> None:
    wrong = []
    for route in filter(choices.has_query, routes):
        for name, kind in (route.query().fields if route.query else {}).items():
            once = f"{kind.data_key or name}={quote(text_for(kind, name))}"
            wrong += await faults([route], query=f"?{once}&{once}")
    assert wrong == []


def text_for(kind: fields.Field[Any], name: str) -> str:
    """Return a value for a query parameter, one that it takes where that is known."""
    try:
        return str(values.plain(kind, name))
    except values.NoValue:
        return "1"


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
async def test_paging_of_every_list(faults: Faults, routes: Routes, query: str) -> None:
    assert await faults(list(filter(choices.is_paged, routes)), query=f"?{query}") == []


@pytest.mark.parametrize("query", ["sort=size%3Bdrop", "cursor=AAAA", "cursor=%00", "search=%00", "search="])
async def test_sort_cursor_and_search_of_every_list(
    api: DocumentedApi, callable_routes: Routes, person: Person, query: str
) -> None:
    name, _, _ = query.partition("=")
    knowing = [route for route in callable_routes if name in choices.parameters(route)]
    chosen = [route for route in knowing if name == "search" or choices.is_paged(route)]
    calls = [await person.prepare(route) for route in chosen]
    assert unexpected([await api.send(replace(call, path=f"{call.path}?{query}")) for call in calls]) == []


@pytest.mark.parametrize("text", ["1", "no-uuid", "%00", "..%2f..", "%ff%fe", "0" * 500, "%27%20OR%201=1"])
async def test_path_ids_that_are_no_uuid(faults: Faults, routes: Routes, text: str) -> None:
    assert await faults(list(filter(choices.has_id, routes)), text=text) == []


async def test_path_parameters_take_no_nul(faults: Faults, routes: Routes) -> None:
    assert await faults([route for route in routes if route.params], text="a%00") == []


@pytest.mark.parametrize("text", ["CVE-1-1", "-1", "99999999999999999999", "a%0ab", "..%2f..", "9" * 500])
async def test_other_path_parameters_are_checked_as_well(
    api: DocumentedApi, callable_routes: Routes, person: Person, nowhere: Nowhere, text: str
) -> None:
    taking = [route for route in callable_routes if route.params and not choices.has_id(route)]
    calls = [(await person.prepare(route), nowhere(route, text=text).path) for route in taking]
    answers = [await api.send(replace(call, path=path)) for call, path in calls]
    assert [str(item) for item in answers if item.status not in {400, 404}] == []


@pytest.fixture
def bodied(routes: Routes) -> list[Route]:
    """Every route that takes JSON."""
    return list(filter(choices.has_body, routes))


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
async def test_bodies_of_the_wrong_shape(faults: Faults, bodied: Routes, value: Any) -> None:
    headers = {"Content-Type": "application/json"}
    assert await faults(bodied, headers=headers, data=json.dumps(value).encode()) == []


def variants(kind: fields.Field[Any]) -> Iterator[Any]:
    """Yield what no field of this kind takes."""
    yield {"no": ["such", "thing"]} if not isinstance(kind, fields.Dict) else 7
    if isinstance(kind, fields.String):
        yield from (7, "a\x00b", LONG)
    if isinstance(kind, fields.List):
        yield from (7, [LONG], [None])
    if isinstance(kind, fields.Integer):
        yield from ("many", 1.5, 10**30)


def members(schema: Schema, body: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], fields.Field[Any]]]:
    """Yield the keys to each member of a body with its field; to nested ones where the body has them."""
    for name, kind in schema.fields.items():
        key = kind.data_key or name
        if not kind.dump_only:
            yield (key,), kind
        if isinstance(kind, fields.Nested) and not kind.many and isinstance(body.get(key), dict):
            yield from (((key, *keys), inner) for keys, inner in members(kind.schema, body[key]))


def with_member(body: Mapping[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """Return the body with another value at the end of these keys."""
    head, *rest = keys
    return {**body, head: with_member(body.get(head, {}), rest, value) if rest else value}


def made_wrong(schema: Schema, body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the body with one member wrong, beside the member's name."""
    yield "unknownField", {**body, "unknownField": 1}
    for keys, kind in members(schema, body):
        for value in variants(kind):
            yield keys[0], with_member(body, keys, value)


async def test_each_member_of_a_right_body_made_wrong(
    api: DocumentedApi, callable_routes: Routes, person: Person
) -> None:
    """One member at a time, so that no other fault hides it; the answer names the member."""
    wrong = []
    for route in callable_routes:
        if route.body is None:
            continue
        call = await person.prepare(route)
        for name, body in made_wrong(route.body(), call.json):
            answer = await api.send(replace(call, json=body))
            named = {item["field"] for item in answer.body.get("details", [])}
            about = [text for text in named if text in {name, "body"} or text.startswith(f"{name}.")]
            if answer.status != 400 or not about:
                wrong.append(f"{answer}: {name}={str(body.get(name))[:40]!r}: {named}")
    assert wrong == []


async def test_a_body_nested_too_deeply(faults: Faults, bodied: Routes) -> None:
    value: dict[str, Any] = {}
    for _ in range(40):
        value = {"a": value}
    assert await faults(bodied, json=value) == []


@pytest.mark.parametrize(
    "text", [b"", b"{", b"{'a':1}", b'{"a":NaN}', b"\xff\xfe", b"[" * 5000, b'{"a":"\\ud800"}']
)
async def test_malformed_json(faults: Faults, bodied: Routes, text: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert await faults(bodied, (400, "MALFORMED_JSON"), headers=headers, data=text) == []


async def test_a_body_that_does_not_decode(faults: Faults, bodied: Routes) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert await faults(bodied, (400, "MALFORMED_JSON"), headers=headers, data=b"no gzip") == []


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "multipart/form-data", "application/jsonx"]
)
async def test_other_media_types(faults: Faults, bodied: Routes, media: str) -> None:
    expected = (415, "UNSUPPORTED_MEDIA_TYPE")
    assert await faults(bodied, expected, headers={"Content-Type": media}, data=b'{"a":1}') == []


async def test_a_body_beyond_the_limit(faults: Faults, bodied: Routes) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"a":"' + b"x" * (1 << 20) + b'"}'
    assert await faults(bodied, (413, "PAYLOAD_TOO_LARGE"), headers=headers, data=body) == []


@pytest.mark.parametrize(
    "text", [b"x", b"[]", b'{"a":1}', b"x" * (2 << 20)], ids=["x", "list", "object", "2 MB"]
)
async def test_a_body_where_none_is_taken(faults: Faults, routes: Routes, text: bytes) -> None:
    chosen = list(filter(choices.has_no_body, routes))
    assert await faults(chosen, headers={"Content-Type": "application/json"}, data=text) == []


async def test_a_parameter_that_is_unknown_beside_a_right_call(
    api: DocumentedApi, callable_routes: Routes, person: Person
) -> None:
    calls = [await person.prepare(route) for route in callable_routes]
    answers = [await api.send(stranger_parameter(call)) for call in calls]
    assert unexpected(answers) == []


def stranger_parameter(call: Call) -> Call:
    """Return the call with a parameter that nobody declared."""
    return replace(call, path=f"{call.path}{'&' if '?' in call.path else '?'}unknownThing=1")
