"""Insertion points: each place of a request can take another value, and nothing else of it changes."""

import json

import pytest

from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import FORM, Point, Where, points_of, put

JSON = (("Content-Type", "application/json"),)
FORMS = (("Content-Type", FORM),)
BODY = json.dumps({"user": {"name": "ann", "a/b": 1}, "tags": ["x", "y"]}).encode()
GRAPHQL = json.dumps({"query": "query($id: ID!) { x(id: $id) }", "variables": {"id": "7"}}).encode()


def places(request, **options):
    return [(point.where, point.name, point.value) for point in points_of(request, **options)]


def test_each_kind_of_place_is_found():
    request = Request("GET", "https://a.test/shop/a%20b?q=1&q=2&empty=", (("Cookie", "s=1; t=2"),))
    assert places(request) == [
        ("path", "1", "shop"),
        ("path", "2", "a b"),
        ("query", "q", "2"),
        ("query", "empty", ""),
        ("cookie", "s", "1"),
        ("cookie", "t", "2"),
    ]
    assert places(Request("POST", "https://a.test/", FORMS, b"a=1&b=x+y")) == [
        ("form", "a", "1"),
        ("form", "b", "x y"),
    ]
    assert places(Request("POST", "https://a.test/", JSON, BODY)) == [
        ("json", "/user/name", "ann"),
        ("json", "/user/a~1b", 1),
        ("json", "/tags/0", "x"),
        ("json", "/tags/1", "y"),
    ]
    assert places(Request("POST", "https://a.test/", JSON, GRAPHQL)) == [("graphql", "/variables/id", "7")]
    assert [where for where, _, _ in places(Request("GET", "https://a.test/"), headers=True)] == [
        "header"
    ] * 4


def test_an_xml_body_is_one_place():
    request = Request("POST", "https://a.test/", (("Content-Type", "text/xml; charset=utf-8"),), b"<a>1</a>")
    (point,) = points_of(request)
    assert (point.where, point.name, point.value) == ("xml", "", "<a>1</a>")
    assert put(request, point, "<b/>").body == b"<b/>"


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_has_no_places(body):
    assert points_of(Request("POST", "https://a.test/", JSON, body)) == ()


def test_a_value_is_put_where_it_belongs():
    request = Request(
        "GET", "https://a.test/shop/7/x?q=1&r=2&q=3", (("Cookie", "s=1; t=2"), ("Accept", "*/*"))
    )
    assert put(request, Point(Where.PATH, "2"), "../é").url == "https://a.test/shop/..%2F%C3%A9/x?q=1&r=2&q=3"
    assert put(request, Point(Where.QUERY, "q"), "'&").url == "https://a.test/shop/7/x?q=%27%26&r=2"
    assert put(request, Point(Where.QUERY, "r"), {"$ne": ""}).parts.query == "q=1&r%5B%24ne%5D=&q=3"
    assert put(request, Point(Where.QUERY, "new"), "1").parts.query.endswith("&new=1")
    assert put(request, Point(Where.COOKIE, "t"), "a;b").headers == (
        ("Accept", "*/*"),
        ("Cookie", "s=1; t=a%3Bb"),
    )
    assert put(request, Point(Where.HEADER, "referer"), "a\r\nb").headers[-1] == ("referer", "ab")


def test_a_value_in_a_body_keeps_the_rest():
    form = Request("POST", "https://a.test/", FORMS, b"a=1&b=2")
    assert put(form, Point(Where.FORM, "a"), "x y").body == b"a=x+y&b=2"
    document = Request("POST", "https://a.test/", JSON, BODY)
    for name, value in (("/user/a~1b", {"$gt": 0}), ("/tags/1", "z"), ("/user/role", "admin")):
        changed = put(document, Point(Where.JSON, name), value)
        assert next(point for point in points_of(changed) if point.name.startswith(name)).value in (value, 0)
        assert json.loads(changed.body)["user"]["name"] == "ann"
    query = put(Request("POST", "https://a.test/", JSON, GRAPHQL), Point(Where.GRAPHQL, "/variables/id"), "8")
    assert json.loads(query.body) == json.loads(GRAPHQL) | {"variables": {"id": "8"}}


def test_every_place_of_a_request_can_be_put_back():
    for request in (
        Request("GET", "https://a.test/shop/7?q=1&r=", (("Cookie", "s=1"),)),
        Request("POST", "https://a.test/x", FORMS, b"a=1&b=2"),
        Request("POST", "https://a.test/x", JSON, BODY),
    ):
        for point in points_of(request, headers=True):
            if point.where is not Where.HEADER:
                assert places(put(request, point, point.value)) == places(request)


MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89\r\n\x00\r\n"
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n2\r\n--b--\r\n'
)


def test_fields_beside_a_file_are_points_and_the_file_stays_as_it_is():
    headers = (("Content-Type", "multipart/form-data; boundary=b"),)
    request = Request("POST", "http://t.test/", headers, MULTIPART)
    points = [point for point in points_of(request) if point.where is Where.FORM]
    assert points == [Point(Where.FORM, "a", "2")]
    changed = put(request, points[0], 'x"\r\ny')
    file = MULTIPART[MULTIPART.index(b"--b", 3) : MULTIPART.rindex(b"--b", 0, -6)]
    assert changed.body == MULTIPART[: MULTIPART.index(b"1\r\n")] + b'x"\r\ny\r\n' + file + b"--b--\r\n"
    assert put(request, Point(Where.FORM, "new"), "3").body.endswith(
        b'--b\r\nContent-Disposition: form-data; name="new"\r\n\r\n3\r\n--b--\r\n'
    )
    objects = points_of(put(request, points[0], {"$ne": "1"}))
    assert [point for point in objects if point.where is Where.FORM] == [Point(Where.FORM, "a[$ne]", "1")]
