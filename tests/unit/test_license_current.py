"""The license in force: what each state lets through, and that the clock moves it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from threatweaver.http.errors import LicenseLocked, LicenseReadOnly
from threatweaver.license.current import CurrentLicense
from threatweaver_licensing import trial_claims


def claims(*, expired_days=-1.0, **changes):
    now = datetime.now(UTC)
    made = trial_claims(now=now - timedelta(days=100), days=100)
    return replace(made, expires_at=now - timedelta(days=expired_days), **changes)


def test_active_lets_everything_through():
    current = CurrentLicense(claims())
    current.check(writes=False)
    current.check(writes=True)


def test_grace_lets_reads_through():
    current = CurrentLicense(claims(expired_days=3))
    current.check(writes=False)
    with pytest.raises(LicenseReadOnly) as caught:
        current.check(writes=True)
    assert caught.value.members == {
        "state": "GRACE",
        "canRecover": True,
        "recoveryUrl": "/settings/license",
    }


@pytest.mark.parametrize("writes", [False, True])
def test_locked_lets_nothing_through(writes):
    current = CurrentLicense(claims(expired_days=8))
    with pytest.raises(LicenseLocked) as caught:
        current.check(writes=writes)
    assert caught.value.members["state"] == "LOCKED"


def test_a_license_of_another_machine_is_locked():
    with pytest.raises(LicenseLocked):
        CurrentLicense(claims(fingerprint="another machine")).check(writes=False)


def test_unlicensed_grants_no_module():
    current = CurrentLicense(None)
    current.check(writes=True)
    assert (current.jti, current.grants("vulnerability_dashboard")) == (None, False)


def test_modules_are_granted_by_name():
    current = CurrentLicense(claims(modules=frozenset({"appsec"})))
    assert (current.grants("appsec"), current.grants("scan")) == (True, False)


def test_the_state_is_derived_anew_once_its_second_is_over():
    current = CurrentLicense(claims())
    assert current.evaluation() is current.evaluation()
    current.claims = claims(expired_days=8)
    current._until = 0.0
    with pytest.raises(LicenseLocked):
        current.check(writes=False)
