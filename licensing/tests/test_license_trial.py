"""The trial a first start issues to itself."""

from datetime import UTC, datetime, timedelta

import pytest

from threatweaver_licensing import (
    KeyRing,
    LicenseMalformed,
    UnknownKey,
    evaluate,
    issue_trial,
    trial_claims,
    verify,
)

NOW = datetime(2030, 5, 1, 12, 0, 0, 999_999, tzinfo=UTC)


def test_issued_to_oneself():
    token, pem = issue_trial(NOW)
    claims = verify(token, KeyRing.from_pem(pem))
    assert (claims.type, claims.seats, claims.modules) == ("trial", 5, "*")
    assert claims.expires_at == datetime(2030, 5, 15, 12, tzinfo=UTC)
    assert evaluate(claims, now=NOW).state == "ACTIVE"
    assert "PRIVATE" not in pem


def test_every_trial_has_a_key_and_an_id_of_its_own():
    (first, first_pem), (second, second_pem) = issue_trial(NOW), issue_trial(NOW)
    with pytest.raises(UnknownKey):
        verify(first, KeyRing.from_pem(second_pem))
    ring = KeyRing.from_pem(first_pem, second_pem)
    assert verify(first, ring).jti != verify(second, ring).jti


def test_a_trial_to_order():
    claims = trial_claims(now=NOW, modules=frozenset({"appsec"}), days=30, seats=9, customer="Example Ltd")
    assert claims.issued_at == NOW.replace(microsecond=0)
    assert claims.expires_at - claims.issued_at == timedelta(days=30)
    assert (claims.seats, claims.customer, claims.grants("exposure")) == (9, "Example Ltd", False)


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"seats": 0}, {"customer": ""}, {"now": NOW.replace(tzinfo=None)}]
)
def test_a_wrong_trial(wrong):
    with pytest.raises(LicenseMalformed):
        trial_claims(**({"now": NOW} | wrong))
