"""Headers and cookies: what protects users is missed where it lacks, and only there."""

import pytest

from threatweaver_appsec.engine.agents import cookies, headers

HTML = ("Content-Type", "text/html; charset=utf-8")
STRICT = "default-src 'none'; script-src 'nonce-x' 'unsafe-inline'; object-src 'none'; frame-ancestors 'none'"
FORM = "<form method=post action=/pay><button>Pay</button></form>"


def csp(value):
    return ("Content-Security-Policy", value)


@pytest.mark.parametrize(
    ("ident", "sent", "count"),
    [
        ("csp-missing", [], 1),
        ("csp-missing", [csp(STRICT)], 0),
        ("csp-weak", [csp(STRICT)], 0),
        ("csp-weak", [csp("default-src 'self'")], 0),
        ("csp-weak", [csp("script-src 'self' 'unsafe-inline'")], 1),
        ("csp-weak", [csp("default-src *")], 1),
        ("csp-weak", [csp("img-src 'self'")], 1),
        ("clickjacking", [], 1),
        ("clickjacking", [("X-Frame-Options", "sameorigin")], 0),
        ("clickjacking", [("X-Frame-Options", "ALLOW-FROM https://a.test")], 1),
        ("clickjacking", [csp(STRICT)], 0),
        ("hsts", [], 1),
        ("hsts", [("Strict-Transport-Security", "max-age=300")], 1),
        ("hsts", [("Strict-Transport-Security", "max-age=31536000")], 0),
        ("nosniff", [], 1),
        ("nosniff", [("X-Content-Type-Options", "nosniff")], 0),
        ("referrer-policy", [], 0),  # browsers' own default is good
        ("referrer-policy", [("Referrer-Policy", "unsafe-url")], 1),
        ("referrer-policy", [("Referrer-Policy", "unsafe-url, same-origin")], 0),
    ],
)
def test_headers_of_a_page(look, ident, sent, count):
    found = look(headers.AGENTS, ident, headers=[HTML, *sent], body=FORM)
    assert len(found) == count
    assert look(headers.AGENTS, ident, headers=[("Content-Type", "image/png"), *sent], body=b"x") == []


def test_a_frame_matters_more_where_a_click_acts(look):
    [anybody] = look(headers.AGENTS, "clickjacking", headers=[HTML], body=FORM)
    [someone] = look(headers.AGENTS, "clickjacking", headers=[HTML], body=FORM, identity="first")
    assert (anybody.severity, someone.severity) == (None, "LOW")


@pytest.mark.parametrize(
    ("ident", "line", "found"),
    [
        ("cookie-httponly", "sessionid=abc; Path=/", ["LOW"]),
        ("cookie-httponly", "sessionid=abc; Path=/; HttpOnly", []),
        ("cookie-httponly", "csrftoken=abc", []),
        ("cookie-httponly", "theme=dark", []),
        ("cookie-httponly", "sessionid=; Max-Age=0", []),
        ("cookie-secure", "PHPSESSID=abc", ["LOW"]),
        ("cookie-secure", "theme=dark", ["INFO"]),
        ("cookie-secure", "theme=dark; secure", []),
        ("cookie-samesite", "connect.sid=abc", ["INFO"]),
        ("cookie-samesite", "connect.sid=abc; SameSite=Lax", []),
        ("cookie-samesite", "connect.sid=abc; SameSite=None; Secure", ["INFO"]),
        ("cookie-prefix", "__Host-x=1; Path=/; Secure", []),
        ("cookie-prefix", "__Host-x=1; Path=/app; Secure", ["INFO"]),
        ("cookie-prefix", "__Secure-x=1", ["INFO"]),
    ],
)
def test_cookies(look, ident, line, found):
    proofs = look(cookies.AGENTS, ident, headers=[HTML, ("Set-Cookie", line)])
    assert [proof.severity for proof in proofs] == found
    assert all("abc" not in proof.excerpt for proof in proofs)


def test_a_site_without_tls_is_not_asked_for_secure_cookies(look):
    sent = [HTML, ("Set-Cookie", "sessionid=abc")]
    assert look(cookies.AGENTS, "cookie-secure", url="http://shop.test/", headers=sent) == []
    assert look(headers.AGENTS, "hsts", url="http://shop.test/", headers=sent, body="x") == []
