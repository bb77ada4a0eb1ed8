"""The claims: their ranges, and their way to the wire and back."""

import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatweaver_licensing import ALL, Claims, LicenseMalformed, Limits

ISSUED = datetime(2030, 1, 1, tzinfo=UTC)
PAYLOAD = {
    "iss": "threatweaver-license",
    "ver": 1,
    "jti": "lic-1",
    "customer": "Example Ltd",
    "iat": 1893456000,
    "nbf": 1893542400,
    "exp": 1924992000,
    "type": "enterprise",
    "modules": ["appsec", "vulnerability_dashboard"],
    "seats": 25,
    "tenants": {"max": 3},
    "deployment": "saas",
    "limits": {"assets": 1000, "sensors": None},
    "graceDays": 14,
    "fingerprint": "host-1",
}
CLAIMS = Claims(
    jti="lic-1",
    customer="Example Ltd",
    issued_at=ISSUED,
    not_before=datetime(2030, 1, 2, tzinfo=UTC),
    expires_at=datetime(2031, 1, 1, tzinfo=UTC),
    type="enterprise",
    modules=frozenset({"appsec", "vulnerability_dashboard"}),
    seats=25,
    tenants_max=3,
    deployment="saas",
    limits=Limits(assets=1000),
    grace_days=14,
    fingerprint="host-1",
)


def test_the_wire_form():
    assert CLAIMS.to_payload() == PAYLOAD
    assert Claims.from_payload(PAYLOAD) == CLAIMS


def test_what_may_be_left_out():
    optional = {"nbf", "tenants", "limits", "graceDays", "fingerprint"}
    found = Claims.from_payload({name: PAYLOAD[name] for name in PAYLOAD.keys() - optional})
    assert (found.not_before, found.tenants_max, found.fingerprint) == (None, None, None)
    assert (found.limits, found.grace_days) == (Limits(assets=None, sensors=None), 7)


@pytest.mark.parametrize("name", ["iss", "ver", "jti", "customer", "iat", "exp", "type", "modules", "seats"])
def test_what_may_not_be_left_out(name):
    with pytest.raises(LicenseMalformed, match="is missing") as caught:
        Claims.from_payload({key: value for key, value in PAYLOAD.items() if key != name})
    assert caught.value.field == name


HUGE = 10**4000
WRONG = {
    "iss": [None, "", "threatweaver", 1],
    "ver": [None, 0, 2, "1", 1.0, True],
    "jti": [None, "", 7, "a b", "a\n", "-a", "x" * 129, ["a"]],
    "customer": [
        None,
        "",
        " ",
        " Example",
        "Example ",
        "a\x00b",
        "a\x1b[2J",
        "a\u202eb",
        "\ud800",
        "x" * 201,
        5,
    ],
    "iat": [None, "1893456000", 1893456000.0, True, -1, 0, HUGE, -HUGE, 10**12, float("inf"), 1924992000],
    "nbf": ["", 1893542400.5, False, -1, HUGE, 1924992000],
    "exp": [None, "", 1924992000.0, True, 0, HUGE, 10**12, 1893456000, 1893542400],
    "type": [None, "", "Trial", "free", ["trial"], {"a": 1}, 3],
    "modules": [
        None,
        "",
        "all",
        "appsec",
        {},
        {"appsec": 1},
        ["*"],
        [1],
        [None],
        [["a"]],
        ["A"],
        ["a b"],
        [""],
        ["x" * 65],
        ["appsec", "appsec"],
        True,
        5,
    ],
    "seats": [None, 0, -1, 1.0, "5", True, HUGE, 2**31, float("nan")],
    "tenants": [None, 3, [], {"max": 0}, {"max": "3"}, {"max": 1.5}, {"max": True}, {"most": 3}],
    "deployment": [None, "", "cloud", ["saas"], 0],
    "limits": [
        None,
        [],
        5,
        {"assets": -1},
        {"assets": "9"},
        {"sensors": True},
        {"sensors": HUGE},
        {"users": 1},
    ],
    "graceDays": [None, -1, 366, 1.0, "7", True, HUGE],
    "fingerprint": ["", 5, "x" * 257, "a\nb", ["host-1"]],
}


CASES = [
    pytest.param(field, value, id=f"{field}-{number}")
    for field, values in WRONG.items()
    for number, value in enumerate(values)
]


@pytest.mark.parametrize(("field", "value"), CASES)
def test_wrong_value(field, value):
    with pytest.raises(LicenseMalformed) as caught:
        Claims.from_payload(PAYLOAD | {field: value})
    named = caught.value.field.split(".")[0]
    assert named in {field, "exp", "most", "users"}
    assert caught.value.code == "LICENSE_MALFORMED"
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("payload", [None, [], "x", 5, {}, {1: 2}])
def test_no_payload_at_all(payload):
    with pytest.raises(LicenseMalformed):
        Claims.from_payload(payload)


def test_an_unknown_field_is_named():
    with pytest.raises(LicenseMalformed) as caught:
        Claims.from_payload(PAYLOAD | {"admin": True})
    assert str(caught.value) == "The license is malformed. admin: is not a known field"


def test_an_unknown_field_with_a_name_to_hide_is_not_repeated():
    with pytest.raises(LicenseMalformed) as caught:
        Claims.from_payload(PAYLOAD | {"\x1b[2J secret": True})
    assert "secret" not in str(caught.value)


class TestBounds:
    @pytest.mark.parametrize("seats", [1, 2**31 - 1])
    def test_seats(self, seats):
        assert Claims.from_payload(PAYLOAD | {"seats": seats}).seats == seats

    @pytest.mark.parametrize("days", [0, 365])
    def test_grace(self, days):
        assert Claims.from_payload(PAYLOAD | {"graceDays": days}).grace_days == days

    def test_zero_assets_is_a_limit(self):
        assert Claims.from_payload(PAYLOAD | {"limits": {"assets": 0}}).limits == Limits(assets=0)

    def test_a_second_is_a_lifetime(self):
        assert Claims.from_payload(PAYLOAD | {"exp": PAYLOAD["nbf"] + 1}).expires_at > CLAIMS.not_before


class TestModules:
    def test_named(self):
        assert CLAIMS.grants("appsec")
        assert not CLAIMS.grants("compliance_reporting")
        assert not CLAIMS.grants("*")
        assert not CLAIMS.grants("app")

    def test_all(self):
        everything = Claims.from_payload(PAYLOAD | {"modules": "*"})
        assert everything.modules == ALL
        assert everything.grants("anything")
        assert everything.to_payload()["modules"] == "*"

    def test_none(self):
        assert not Claims.from_payload(PAYLOAD | {"modules": []}).grants("appsec")


class TestValue:
    def fields(self, **changes):
        names = (name for name in Claims.__slots__)
        return {name: getattr(CLAIMS, name) for name in names} | changes

    @pytest.mark.parametrize(
        "changes",
        [
            {"issued_at": datetime(2030, 1, 1)},  # noqa: DTZ001 - the point of the test
            {"issued_at": None},
            {"expires_at": None},
            {"expires_at": 1924992000},
            {"not_before": datetime(1999, 12, 31, tzinfo=UTC)},
            {"modules": {"appsec"}},
            {"modules": ["appsec"]},
            {"limits": {"assets": 1}},
        ],
    )
    def test_a_value_cannot_be_built_wrong(self, changes):
        with pytest.raises(LicenseMalformed):
            Claims(**self.fields(**changes))

    def test_times_become_utc(self):
        there = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
        assert Claims(**self.fields(issued_at=there)).issued_at.utcoffset() == timedelta(0)
        assert Claims(**self.fields(issued_at=there)) == CLAIMS

    def test_frozen(self):
        with pytest.raises(FrozenInstanceError):
            CLAIMS.seats = 1000

    def test_positions_are_refused(self):
        with pytest.raises(TypeError):
            Claims("lic-1")

    def test_errors_travel_between_processes(self):
        error = LicenseMalformed("seats", "is missing")
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


SECONDS = st.integers(min_value=946684800, max_value=4102444800)
COUNT = st.integers(min_value=1, max_value=2**31 - 1)


@given(
    customer=st.text(min_size=1, max_size=200).filter(
        lambda text: text.isprintable() and text == text.strip()
    ),
    modules=st.just("*") | st.lists(st.from_regex(r"[a-z][a-z0-9_-]{0,63}", fullmatch=True), unique=True),
    start=SECONDS,
    length=st.integers(min_value=1, max_value=10**9),
    seats=COUNT,
    most=st.none() | COUNT,
)
def test_every_valid_payload_survives_the_round_trip(customer, modules, start, length, seats, most):
    payload = PAYLOAD | {"customer": customer, "iat": start, "nbf": start, "exp": start + length}
    payload |= {"seats": seats, "tenants": {"max": most}}
    payload["modules"] = modules if modules == "*" else sorted(modules)
    assert Claims.from_payload(payload).to_payload() == payload
