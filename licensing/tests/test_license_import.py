"""Importing: what may replace what, at every boundary, each refusal with its own code."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from threatweaver_licensing import Claims, LicenseError, State, check_import, evaluate

START = datetime(2030, 1, 1, tzinfo=UTC)
END = datetime(2031, 1, 1, tzinfo=UTC)
NOW = datetime(2030, 6, 1, tzinfo=UTC)
SECOND, TICK, DAY = timedelta(seconds=1), timedelta(microseconds=1), timedelta(days=1)

CURRENT = Claims(
    jti="lic-1",
    customer="Example Ltd",
    issued_at=START,
    expires_at=END,
    type="standard",
    modules="*",
    seats=5,
)
RENEWED = replace(CURRENT, jti="lic-2", issued_at=NOW, expires_at=END + 365 * DAY)
OTHER = replace(CURRENT, jti="lic-9", customer="Somebody Else")


def outcome(new, current=CURRENT, now=NOW, **more):
    try:
        check_import(new, current, now=now, **more)
    except LicenseError as error:
        return error.code
    return "taken"


@pytest.mark.parametrize(
    ("expected", "new", "more"),
    [
        ("taken", RENEWED, {}),
        ("taken", RENEWED, {"current": None}),
        ("taken", CURRENT, {}),
        ("taken", OTHER, {}),
        # revoked
        ("LICENSE_REVOKED", RENEWED, {"revoked": {"lic-2": NOW}}),
        ("LICENSE_REVOKED", CURRENT, {"revoked": {"lic-1": NOW}}),
        ("LICENSE_REVOKED", RENEWED, {"current": None, "revoked": {"lic-2": END}}),
        ("taken", RENEWED, {"revoked": {"lic-3": NOW}}),
        # the license in force is revoked
        ("taken", RENEWED, {"revoked": {"lic-1": NOW - SECOND}}),
        ("taken", RENEWED, {"revoked": {"lic-1": NOW}}),
        ("LICENSE_BEFORE_REVOCATION", RENEWED, {"revoked": {"lic-1": NOW + TICK}}),
        ("LICENSE_BEFORE_REVOCATION", RENEWED, {"revoked": {"lic-1": NOW + SECOND}}),
        ("LICENSE_BEFORE_REVOCATION", OTHER, {"revoked": {"lic-1": NOW}}),
        # kind of deployment
        ("taken", RENEWED, {"deployment": "dedicated"}),
        ("taken", RENEWED, {"deployment": None}),
        ("LICENSE_DEPLOYMENT", RENEWED, {"deployment": "saas"}),
        ("LICENSE_DEPLOYMENT", replace(RENEWED, deployment="saas"), {"deployment": "dedicated"}),
        ("taken", replace(RENEWED, deployment="saas"), {"deployment": "saas"}),
        # machine
        ("taken", RENEWED, {"fingerprint": "here"}),
        ("taken", replace(RENEWED, fingerprint="here"), {"fingerprint": "here"}),
        ("LICENSE_WRONG_MACHINE", replace(RENEWED, fingerprint="here"), {"fingerprint": "there"}),
        ("LICENSE_WRONG_MACHINE", replace(RENEWED, fingerprint="here"), {"fingerprint": "HERE"}),
        ("LICENSE_WRONG_MACHINE", replace(RENEWED, fingerprint="here"), {}),
        # time
        ("LICENSE_NOT_YET_VALID", replace(RENEWED, not_before=NOW + DAY), {"now": NOW}),
        ("LICENSE_NOT_YET_VALID", replace(RENEWED, not_before=NOW + DAY), {"now": NOW + DAY - TICK}),
        ("taken", replace(RENEWED, not_before=NOW + DAY), {"now": NOW + DAY}),
        ("taken", RENEWED, {"now": RENEWED.expires_at - TICK}),
        ("LICENSE_EXPIRED", RENEWED, {"now": RENEWED.expires_at}),
        ("LICENSE_EXPIRED", RENEWED, {"now": RENEWED.expires_at + 3650 * DAY}),
        ("taken", RENEWED, {"now": START - 3650 * DAY}),
        # order
        ("LICENSE_OLDER", CURRENT, {"current": RENEWED}),
        ("LICENSE_OLDER", replace(RENEWED, issued_at=START - SECOND), {}),
        ("taken", replace(RENEWED, issued_at=START), {}),
        ("taken", replace(RENEWED, issued_at=START + SECOND), {}),
        ("taken", replace(OTHER, issued_at=START - SECOND), {}),
    ],
)
def test_decision(expected, new, more):
    assert outcome(new, **more) == expected


def test_the_first_reason_that_fits_is_told():
    worst = replace(
        CURRENT,
        jti="bad",
        deployment="saas",
        fingerprint="there",
        issued_at=START - 60 * DAY,
        expires_at=NOW - DAY,
    )
    asked = {"revoked": {"bad": NOW, "lic-1": NOW}, "fingerprint": "here", "deployment": "dedicated"}
    codes = [outcome(worst, **asked)]
    codes.append(outcome(replace(worst, jti="good"), **asked))
    codes.append(outcome(replace(worst, jti="good", deployment="dedicated"), **asked))
    local = replace(worst, jti="good", deployment="dedicated", fingerprint="here")
    codes.append(outcome(local, **asked))
    lasting = replace(local, expires_at=END)
    codes.append(outcome(lasting, **asked))
    codes.append(outcome(lasting, **(asked | {"revoked": {}})))
    assert codes == [
        "LICENSE_REVOKED",
        "LICENSE_DEPLOYMENT",
        "LICENSE_WRONG_MACHINE",
        "LICENSE_EXPIRED",
        "LICENSE_BEFORE_REVOCATION",
        "LICENSE_OLDER",
    ]


def test_what_is_taken_is_active():
    """A license that passes leaves the deployment in ACTIVE, whatever was in force before."""
    for now in (START, NOW, END - TICK, END, RENEWED.expires_at - TICK):
        for more in ({}, {"revoked": {"lic-1": START}}, {"fingerprint": "here"}):
            for new in (RENEWED, replace(RENEWED, fingerprint="here"), replace(RENEWED, not_before=END)):
                if outcome(new, now=now, **more) == "taken":
                    assert evaluate(new, now=now, **more).state is State.ACTIVE


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        check_import(RENEWED, None, now=datetime(2030, 6, 1))  # noqa: DTZ001 - the point of the test
