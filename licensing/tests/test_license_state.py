"""The state at every boundary, to the second and to the microsecond."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from threatweaver_licensing import Claims, Evaluation, State, evaluate

START = datetime(2030, 1, 1, tzinfo=UTC)
END = datetime(2031, 1, 1, tzinfo=UTC)
GRACE_END = END + timedelta(days=7)
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)

NOT_YET = Evaluation(
    state=State.LOCKED, reason="not yet valid", next_state=State.ACTIVE, next_change_at=START
)
ACTIVE = Evaluation(state=State.ACTIVE, reason="valid", next_state=State.GRACE, next_change_at=END)
GRACE = Evaluation(
    state=State.GRACE,
    reason="expired, in the grace period",
    next_state=State.LOCKED,
    next_change_at=GRACE_END,
)
EXPIRED = Evaluation(state=State.LOCKED, reason="expired")
REVOKED = Evaluation(state=State.REVOKED, reason="revoked")
MISMATCH = Evaluation(state=State.LOCKED, reason="fingerprint mismatch")


def claims(**changes):
    fields = {
        "jti": "lic-1",
        "customer": "Example Ltd",
        "issued_at": START - timedelta(days=30),
        "not_before": START,
        "expires_at": END,
        "type": "standard",
        "modules": frozenset({"appsec"}),
        "seats": 5,
        "deployment": "dedicated",
    }
    return Claims(**(fields | changes))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (START - timedelta(days=365), NOT_YET),
        (START - SECOND, NOT_YET),
        (START - TICK, NOT_YET),
        (START, ACTIVE),
        (START + TICK, ACTIVE),
        (START + SECOND, ACTIVE),
        (END - SECOND, ACTIVE),
        (END - TICK, ACTIVE),
        (END, GRACE),
        (END + TICK, GRACE),
        (END + SECOND, GRACE),
        (GRACE_END - SECOND, GRACE),
        (GRACE_END - TICK, GRACE),
        (GRACE_END, EXPIRED),
        (GRACE_END + TICK, EXPIRED),
        (GRACE_END + SECOND, EXPIRED),
        (GRACE_END + timedelta(days=3650), EXPIRED),
    ],
)
def test_boundary(now, expected):
    assert evaluate(claims(), now=now) == expected


@pytest.mark.parametrize(
    "offset", [timedelta(hours=-11), timedelta(hours=5, minutes=45), timedelta(hours=14)]
)
@pytest.mark.parametrize(("moment", "expected"), [(END - TICK, ACTIVE), (END, GRACE), (GRACE_END, EXPIRED)])
def test_the_time_zone_of_now_changes_nothing(offset, moment, expected):
    assert evaluate(claims(), now=moment.astimezone(timezone(offset))) == expected


def test_without_grace_active_locks_at_once():
    bare = claims(grace_days=0)
    before = evaluate(bare, now=END - TICK)
    assert (before.state, before.next_state, before.next_change_at) == (State.ACTIVE, State.LOCKED, END)
    assert evaluate(bare, now=END) == EXPIRED


def test_without_not_before_it_holds_at_once():
    assert evaluate(claims(not_before=None), now=START - timedelta(days=3650)) == ACTIVE


@pytest.mark.parametrize("now", [START - TICK, START, END, GRACE_END])
class TestAtAnyTime:
    def test_no_license(self, now):
        found = evaluate(None, now=now, revoked={"lic-1"}, fingerprint="x")
        assert found == Evaluation(state=State.UNLICENSED, reason="no license")

    def test_revoked_beats_everything(self, now):
        assert evaluate(claims(fingerprint="a"), now=now, revoked=["lic-1"], fingerprint="b") == REVOKED

    def test_another_revocation_is_no_revocation(self, now):
        assert evaluate(claims(), now=now, revoked={"lic-2", "lic-"}) == evaluate(claims(), now=now)

    @pytest.mark.parametrize("here", ["b", "A", "", None])
    def test_another_fingerprint_locks(self, now, here):
        assert evaluate(claims(fingerprint="a"), now=now, fingerprint=here) == MISMATCH

    def test_the_right_fingerprint_changes_nothing(self, now):
        assert evaluate(claims(fingerprint="a"), now=now, fingerprint="a") == evaluate(claims(), now=now)

    def test_a_license_without_fingerprint_runs_anywhere(self, now):
        assert evaluate(claims(), now=now, fingerprint="a") == evaluate(claims(), now=now)


@pytest.mark.parametrize(
    ("evaluation", "reads", "writes", "recover"),
    [
        (ACTIVE, True, True, True),
        (GRACE, True, False, True),
        (EXPIRED, False, False, True),
        (NOT_YET, False, False, True),
        (MISMATCH, False, False, True),
        (REVOKED, False, False, False),
        (Evaluation(state=State.UNLICENSED, reason="no license"), False, False, True),
    ],
)
def test_what_a_state_allows(evaluation, reads, writes, recover):
    allowed = (evaluation.reads_allowed, evaluation.writes_allowed, evaluation.can_recover)
    assert allowed == (reads, writes, recover)


@pytest.mark.parametrize("license_", [None, claims()])
def test_a_time_without_zone_is_refused(license_):
    with pytest.raises(ValueError, match="time zone"):
        evaluate(license_, now=datetime(2030, 6, 1))  # noqa: DTZ001 - the point of the test


def test_the_announced_change_happens_exactly_then():
    now, seen = START - SECOND, []
    while now is not None:
        found = evaluate(claims(), now=now)
        if seen:
            assert evaluate(claims(), now=now - TICK).state == seen[-1]
        seen.append(found.state)
        now = found.next_change_at
    assert seen == [State.LOCKED, State.ACTIVE, State.GRACE, State.LOCKED]


def test_the_latest_end_with_the_longest_grace_is_computed():
    last = claims(expires_at=datetime(9000, 1, 1, tzinfo=UTC), grace_days=365)
    assert evaluate(last, now=START).state is State.ACTIVE
    assert evaluate(last, now=datetime(9000, 12, 31, tzinfo=UTC)).state is State.GRACE
