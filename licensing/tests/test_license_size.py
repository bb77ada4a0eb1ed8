"""The bounds of a token: its size, and the whole seconds it counts in."""

from datetime import UTC, datetime, timedelta

import pytest

from threatweaver_licensing import (
    Claims,
    KeyRing,
    LicenseError,
    LicenseMalformed,
    LicenseTooLarge,
    generate_key,
    issue,
    public_pem,
    trial_claims,
    verify,
)
from threatweaver_licensing.token import MAX_BYTES

NOW = datetime(2030, 1, 1, tzinfo=UTC)
EDWARDS = generate_key()
RING = KeyRing.from_pem(public_pem(EDWARDS))


def code_of(token):
    with pytest.raises(LicenseError) as caught:
        verify(token, RING)
    return caught.value.code


class TestSize:
    def test_the_bound_is_exact_and_first(self):
        assert code_of("!" * MAX_BYTES) == "LICENSE_MALFORMED"
        assert code_of("!" * (MAX_BYTES + 1)) == "LICENSE_TOO_LARGE"
        assert code_of("a." * 5_000_000) == "LICENSE_TOO_LARGE"

    def test_a_license_too_large_to_verify_is_not_issued(self):
        modules = frozenset(f"module_{number:050}" for number in range(300))
        with pytest.raises(LicenseTooLarge):
            issue(trial_claims(now=NOW, modules=modules), EDWARDS)

    def test_a_large_license_passes(self):
        modules = frozenset(f"module_{number:050}" for number in range(150))
        claims = trial_claims(now=NOW, modules=modules)
        assert verify(issue(claims, EDWARDS), RING) == claims


def test_a_lifetime_lost_to_whole_seconds_is_not_issued():
    moment = NOW + timedelta(microseconds=1)
    brief = Claims(
        jti="a",
        customer="b",
        issued_at=moment,
        expires_at=moment + timedelta(microseconds=5),
        type="standard",
        modules="*",
        seats=1,
    )
    with pytest.raises(LicenseMalformed):
        issue(brief, EDWARDS)
