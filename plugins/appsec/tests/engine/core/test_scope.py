"""Scope: what may be asked is decided before anything is sent."""

import ipaddress

import pytest

from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of

SHOP = Scope(frozenset({"https://shop.test:443"}), ("/app",), ("/app/logout*", "*/admin/*"))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("HTTPS://Shop.Test/x", "https://shop.test:443"),
        ("http://shop.test.:8080", "http://shop.test:8080"),
        ("http://[::1]/", "http://[::1]:80"),
        ("ftp://shop.test/", None),
        ("https://user@shop.test/", None),
        ("https://shop.test:99999/", None),
        ("https://[bad/", None),
        ("/relative", None),
        ("https://shop.test/\r\nX: y", None),
        ("https://shop.test\t/", None),
    ],
)
def test_an_origin_is_written_one_way(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/x?y=/../", "/app/a/../b", "/app/%2e/x"])
def test_what_is_in_scope_is_asked(path):
    assert SHOP.refusal(Request("GET", f"https://shop.test{path}")) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://shop.test/app", "origin"),
        ("https://shop.test:8443/app", "origin"),
        ("https://shop.test.evil.test/app", "origin"),
        ("https://shop.test@evil.test/app", "no http"),
        ("https://shop.test/application", "path"),
        ("https://shop.test/app/../x", "path"),
        ("https://shop.test/app/%2e%2e/x", "path"),
        ("https://shop.test/app/%252e%252e%252fx", "path"),
        ("https://shop.test/app/..\\x", "path"),
        ("https://shop.test/app/logout?x", "excluded"),
        ("https://shop.test/app/%6cogout", "excluded"),
        ("https://shop.test/app/admin/users", "excluded"),
    ],
)
def test_what_is_not_in_scope_is_refused_with_the_reason(url, why):
    assert why in SHOP.refusal(Request("GET", url))


def test_destructive_methods_wait_for_an_unsafe_scan():
    for method in ("DELETE", "put", "PATCH", "CONNECT", "GET\r\nX"):
        assert "method" in SHOP.refusal(Request(method, "https://shop.test/app"))
    unsafe = Scope(SHOP.origins, safe=False)
    assert unsafe.refusal(Request("DELETE", "https://shop.test/app")) is None
    assert unsafe.refusal(Request("CONNECT", "https://shop.test/app"))


INSIDE = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "100.64.0.1", "::1", "fd12::1", "::ffff:10.0.0.1"]
NEVER = ["169.254.1.1", "fe80::1%eth0", "224.0.0.1", "0.0.0.0", "255.255.255.255", "::"]
METADATA = ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "nonsense"]


def test_only_public_addresses_are_connected_to_unless_others_are_allowed():
    private = Scope(frozenset(), allowed=PRIVATE)
    for text in ("8.8.8.8", "2606:4700::1111"):
        assert SHOP.address_refusal(text) is None
    for text in [*INSIDE, *NEVER, *METADATA, "2002:7f00:1::", "64:ff9b::7f00:1"]:
        assert SHOP.address_refusal(text), text
    assert [text for text in INSIDE if private.address_refusal(text)] == []
    for text in [*NEVER, *METADATA]:
        assert private.address_refusal(text), text
    exact = Scope(frozenset(), allowed=(ipaddress.ip_network("169.254.169.254/32"),))
    assert exact.address_refusal("169.254.169.254") is None


def test_an_address_in_a_url_is_judged_like_a_resolved_one():
    scope = Scope(frozenset({"http://169.254.169.254:80", "http://127.0.0.1:80"}), allowed=PRIVATE)
    assert "metadata" in scope.refusal(Request("GET", "http://169.254.169.254/latest"))
    assert scope.refusal(Request("GET", "http://127.0.0.1/")) is None
