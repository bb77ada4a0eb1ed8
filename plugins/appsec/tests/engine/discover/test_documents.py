"""Documents: what they say becomes requests; hostile ones become nothing, in bounded time."""

import gzip
import json
import time

import pytest
from graphql import build_schema, introspection_from_schema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from threatweaver_appsec.engine.discover import (
    documents,
    graphql,
    openapi,
    plain,
    scripts,
    template,
    well_known,
)

URL = "http://t.test:5000/docs/api.json"
SWAGGER = {
    "swagger": "2.0",
    "host": "production.example.com",
    "basePath": "/v1",
    "securityDefinitions": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "security": [{"key": []}],
    "paths": {
        "/users/{id}": {
            "parameters": [{"in": "path", "name": "id", "type": "integer", "minimum": 7}],
            "get": {"security": [], "parameters": [{"in": "query", "name": "sort", "enum": ["up", "down"]}]},
            "put": {"parameters": [{"in": "body", "name": "b", "schema": {"$ref": "#/definitions/User"}}]},
        },
        "/mail": {"post": {"parameters": [{"in": "formData", "name": "email", "type": "string"}]}},
    },
    "definitions": {
        "User": {
            "type": "object",
            "properties": {
                "email": {"type": "string", "format": "email"},
                "id": {"type": "integer", "readOnly": True},
                "kind": {"enum": ["a", "b"]},
                "friend": {"$ref": "#/definitions/User"},
            },
        }
    },
}
YAML = b"""
openapi: 3.1.0
servers: [{url: "https://{host}/api", variables: {host: {default: x.test}}}]
paths:
  /a/{b}:
    get:
      parameters: [{in: path, name: b, required: true, schema: {type: [string, "null"], format: uuid}}]
"""


def described(leads):
    return [(one.request.method, one.request.url, one.request.body.decode()) for one in leads]


def test_openapi_gives_requests_with_values_that_fit():
    leads = documents.recognize(json.dumps(SWAGGER).encode(), URL)
    assert described(leads[:1]) == [("GET", "http://t.test:5000/v1/users/7?sort=up", "")]
    body = json.loads(leads[1].request.body)
    assert {"email", "kind", "friend"} == set(body)
    assert (body["email"], body["kind"]) == ("alex@example.com", "a")
    assert described(leads[2:]) == [("POST", "http://t.test:5000/v1/mail", "email=alex%40example.com")]
    assert [(one.template, one.needs_login, one.writes) for one in leads] == [
        ("/v1/users/{id}", False, False),
        ("/v1/users/{id}", True, True),
        ("/v1/mail", True, True),
    ]
    assert openapi.schemes(SWAGGER) == [openapi.Scheme("key", "apiKey", "header", "X-Key")]


def test_openapi_in_yaml():
    leads = documents.recognize(YAML, "http://t.test/openapi.yaml")
    assert described(leads) == [("GET", "http://t.test/api/a/3fa85f64-5717-4562-b3fc-2c963f66afa6", "")]


def test_graphql_gives_operations_that_the_schema_accepts():
    schema = build_schema(
        "type Query { user(id: ID!, f: F, k: [K!]): User posts: [Post] search(q: String): Any }"
        "type Mutation { add(name: String!, in: I!): User } enum K { A B } input F { a: Int b: F }"
        "input I { email: String! n: [Int!] } union Any = User | Post "
        "type User { id: ID name: String posts(first: Int): [Post] strict(x: Int!): Int }"
        "type Post { title: String author: User }"
    )
    body = json.dumps({"data": introspection_from_schema(schema)}).encode()
    leads = documents.recognize(body, "http://t.test/graphql")
    assert [one.writes for one in leads] == [False, False, False, True]
    for lead in leads:
        assert validate(schema, parse(json.loads(lead.request.body)["query"])) == []
    assert json.loads(leads[3].request.body)["variables"]["in"] == {"email": "alex@example.com", "n": [1]}
    assert validate(schema, parse(graphql.QUERY)) == []


def test_postman_and_har_give_requests_without_sessions():
    collection = {
        "info": {"schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": [{"key": "id", "value": "5"}],
        "item": [{"item": [{"request": {
            "method": "POST", "url": {"raw": "{{baseUrl}}/u/{{id}}/:what", "variable": [{"key": "what", "value": "x"}]},  # noqa: E501
            "header": [{"key": "Authorization", "value": "s"}, {"key": "X-A", "value": "1\r\nB: 2"}],
            "body": {"mode": "raw", "raw": '{"a": 1}'}}}]}],
    }  # fmt: skip
    (lead,) = documents.recognize(json.dumps(collection).encode(), "http://t.test", "http://t.test/app")
    assert described([lead]) == [("POST", "http://t.test/app/u/5/x", '{"a": 1}')]
    assert lead.request.headers == (("X-A", "1B: 2"), ("Content-Type", "application/json"))
    entries = [
        {"request": {"method": "POST", "url": "http://t.test/a?b=1", "headers": [{"name": "Cookie", "value": "s=1"}],  # noqa: E501
                     "postData": {"mimeType": "application/json", "text": "[1]"}}},
        {"request": {"method": "GET", "url": "http://t.test/x.png"}},
    ]  # fmt: skip
    leads = documents.recognize(json.dumps({"log": {"entries": entries}}).encode(), "http://t.test/")
    assert described(leads) == [("POST", "http://t.test/a?b=1", "[1]")]
    assert leads[0].request.headers == (("Content-Type", "application/json"),)


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("{{baseUrl}}/u", "http://t.test/app/u"),
        ("http://{{host}}/u", "http://t.test/u"),
        ("https://{{host}}:{{port}}/u", "http://t.test/u"),
        ("http://{{host}}:8080/u", "http://t.test/u"),
        ("http://{{known}}/u", "http://other.test/u"),
    ],
)
def test_a_place_that_an_environment_names_is_the_target(written, url):
    collection = {
        "info": {"schema": "postman"},
        "variable": [{"key": "known", "value": "other.test"}],
        "item": [{"request": {"method": "GET", "url": {"raw": written}}}],
    }
    (lead,) = documents.recognize(json.dumps(collection).encode(), "http://t.test", "http://t.test/app")
    assert lead.request.url == url


def test_scripts_give_what_they_call():
    text = """fetch("/api/x?id=1"); axios.post('/api/y', {}); $.getJSON(`/api/u/${id}/z`); x.open("PUT", "/rest/z");
    const a = "/api/v2/q/:id", kind = "application/json", style = "/css/x.css", words = "and/or";"""  # noqa: E501
    assert scripts.endpoints(text, "http://a.test/")[:4] == [
        ("GET", "http://a.test/api/x?id=1"),
        ("POST", "http://a.test/api/y"),
        ("GET", "http://a.test/api/u/1/z"),
        ("PUT", "http://a.test/rest/z"),
    ]
    found = {url for _, url in scripts.endpoints(text, "http://a.test/")}
    assert "http://a.test/api/v2/q/1" in found
    assert not any("css" in url or "json" in url or "and" in url for url in found)


@pytest.mark.parametrize(
    "text", ['"/' + "a{" * 300_000, "fetch(" * 200_000, 'url="/' * 100_000, "`/api/${" * 100_000, "/api/" * 200_000]  # noqa: E501
)  # fmt: skip
def test_scripts_are_read_in_bounded_time(text):
    began = time.process_time()
    assert len(scripts.endpoints(text, "http://a.test/")) <= scripts.MOST_FOUND
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("123", "{n}"),
        ("2024-05-17", "{date}"),
        ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "{uuid}"),
        ("d41d8cd98f00b204e9800998ecf8427e", "{hash}"),
        ("how-to-bake-good-bread", "{slug}"),
        ("v2", "v2"),
        ("users", "users"),
        ("page12.html", "page{n}.html"),
        ("index.php", "index.php"),
    ],
)
def test_segments_have_templates(text, kind):
    assert template.segment(text) == kind


def test_too_many_words_of_one_kind_are_generated():
    templates = template.Templates()
    words = [f"{a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]
    shapes = {templates.of(f"http://a.test/tag/{word}").path for word in words}
    assert len(shapes) == template.MOST_LITERALS + 1
    assert templates.of("http://a.test/tag/zz").generated


def test_sitemaps_are_read_within_bounds():
    xml = b"<?xml version='1.0'?><sitemapindex xmlns='urn:x'><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>"  # noqa: E501
    assert list(well_known.read_sitemap(xml, "http://a.test/")) == [("sitemap", "http://a.test/a.xml")]
    packed = gzip.compress(b"<urlset><url><loc>/p</loc></url></urlset>")
    assert list(well_known.read_sitemap(packed, "http://a.test/")) == [("page", "http://a.test/p")]
    bomb = gzip.compress(b"\0" * 300_000_000, 1)
    assert len(well_known.unpack(bomb)) == well_known.MOST_UNPACKED
    entity = (
        b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>/&x;</loc></url></urlset>"
    )
    assert not any("root" in url for _, url in well_known.read_sitemap(entity, "http://a.test/"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"openapi: &a [*a]",
        b"openapi: 3.0.0\na: &a [x,x]\nb: &b [*a,*a]\npaths: {/a: {get: *b}}",
        b"openapi: " + b"[" * 5_000,
        b'{"openapi": "3.0.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}',
        b'{"swagger": 2, "paths": {"/a": {"get": {"parameters": 7, "security": 1}}}}',
        b"\xff\xfe" * 1_000,
        b"{" + b" " * 9_000_000,
    ],
    ids=range(9),
)
def test_hostile_documents_are_nothing(body):
    began = time.process_time()
    assert all(lead.request.url == "http://t.test:5000/a" for lead in documents.recognize(body, URL))
    assert time.process_time() - began < 5


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "type",
                    "properties",
                    "items",
                    "allOf",
                    "enum",
                    "in",
                    "name",
                    "schema",
                    "parameters",
                    "get",
                    "post",
                    "/a/{b}",
                    "requestBody",
                    "content",
                    "application/json",
                    "security",
                    "example",
                    "servers",
                    "url",
                    "kind",
                    "fields",
                    "args",
                    "ofType",
                    "queryType",
                    "types",
                    "request",
                    "header",
                    "body",
                    "mode",
                    "raw",
                    "entries",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=250, deadline=None)
@given(_JSON)
def test_any_document_of_any_kind_is_read(inner):
    for document in (
        {
            "openapi": "3.0.0",
            "paths": {"/a": inner, "/b": {"get": inner, "post": {"parameters": [inner]}}},
            "servers": inner,
        },
        {
            "swagger": "2.0",
            "paths": {"/c": {"post": {"requestBody": inner}}},
            "security": inner,
            "host": inner,
        },
        {
            "data": {
                "__schema": {"types": [{"name": "Q", "fields": [inner]}, inner], "queryType": {"name": "Q"}}
            }
        },
        {"info": {"schema": "postman"}, "item": [{"request": inner}, inner], "variable": inner},
        {"log": {"entries": [{"request": inner}, inner]}},
    ):
        for lead in documents.recognize(json.dumps(document).encode(), URL):
            assert lead.request.url.startswith(("http://", "https://"))
            assert all("\n" not in value for _, value in lead.request.headers)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read(body):
    plain.load(body)
    list(well_known.read_sitemap(body, URL))
    well_known.robots_paths(body.decode("latin-1"), "http://a.test/")
    scripts.json_links(body.decode("latin-1"), URL)
