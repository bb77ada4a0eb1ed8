"""The documented table of rate limits, and whom an address counts for."""

import pytest

from threatweaver.ratelimits.rules import Override, Rules, subject

RULES = Rules(general_limit=100)


@pytest.mark.parametrize(
    ("path", "amount", "seconds"),
    [
        ("/auth/login", 10, 900),
        ("/auth/change-password", 10, 900),
        ("/auth/mfa/validate", 10, 900),
        ("/auth/forgot-password", 10, 60),
        ("/auth/invite", 5, 60),
        ("/auth/reset-password", 5, 60),
        ("/auth/register", 10, 60),
        ("/auth/resend-verification", 10, 60),
        ("/auth/sso/ldap", 10, 900),
        ("/auth/me", 100, 60),
        ("/assets/{uuid}", 100, 60),
        ("/nothing/here", 100, 60),
    ],
)
def test_the_documented_limits_by_address(path, amount, seconds):
    rule = RULES.of_address(path)
    assert (rule.amount, rule.seconds) == (amount, seconds)
    assert rule.leased == (amount == 100)


@pytest.mark.parametrize("path", ["/dashboard/kpis", "/health/live", "/appsec/findings", None])
def test_paths_that_do_not_draw_on_an_address(path):
    assert RULES.of_address(path) is None


@pytest.mark.parametrize(("method", "amount"), [("GET", 2000), ("POST", 120), ("PUT", 120), ("DELETE", 120)])
def test_appsec_is_limited_by_user_and_route(method, amount):
    rule = RULES.of_user(method, "/appsec/findings/{id}")
    assert (rule.name, rule.amount, rule.seconds) == (f"{method} /appsec/findings/{{id}}", amount, 60)
    assert RULES.of_user(method, "/assets") is None


def test_an_override_takes_the_place_of_what_is_documented_and_keeps_sign_in_exact():
    own = (
        Override(path="/auth/login", limit=50, window_seconds=60),
        Override(path="/appsec/findings", limit=7, window_seconds=10),
        Override(path="/dashboard/kpis", limit=9, window_seconds=1),
    )
    rules = Rules(general_limit=100, overrides=own)
    found = [rules.of_address(item.path) for item in own]
    assert [(rule.amount, rule.seconds, rule.leased) for rule in found] == [
        (50, 60, False),
        (7, 10, True),
        (9, 1, True),
    ]
    assert rules.of_user("GET", "/appsec/findings") is None


def test_a_directorys_password_counts_as_any_other_unless_an_administrator_says_otherwise():
    assert RULES.of_address("/auth/sso/ldap") == RULES.of_address("/auth/login")
    more = Override(path="/auth/login", limit=50, window_seconds=60)
    rules = Rules(general_limit=100, overrides=(more,))
    assert rules.of_address("/auth/sso/ldap") == rules.of_address("/auth/login")
    apart = Override(path="/auth/sso/ldap", limit=7, window_seconds=60)
    rule = Rules(general_limit=100, overrides=(more, apart)).of_address("/auth/sso/ldap")
    assert (rule.name, rule.amount) == ("/auth/sso/ldap", 7)


@pytest.mark.parametrize("path", ["/auth/login", "/auth/invite", "/assets"])
def test_a_bucket_is_found_again_by_its_name(path):
    rule = RULES.of_address(path)
    assert RULES.named(rule.name) == rule


def test_a_bucket_of_a_user_is_found_again_and_one_out_of_force_is_not():
    rule = RULES.of_user("POST", "/appsec/ci/scan")
    assert RULES.named(rule.name) == rule
    assert RULES.named("/jobs/{id}") is None


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_client_counts_with_its_whole_network(address, counted):
    assert subject(address) == counted
