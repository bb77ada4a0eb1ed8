"""What is said ahead of a change: announcements 30, 14, 7 and 1 days before; seats; the state on a date."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from threatweaver_licensing import Announcement, Claims, Seats, State, announce, evaluate, on

START = datetime(2030, 1, 1, tzinfo=UTC)
END = datetime(2031, 1, 1, tzinfo=UTC)
DAY, SECOND, TICK = timedelta(days=1), timedelta(seconds=1), timedelta(microseconds=1)
CLAIMS = Claims(
    jti="lic-1",
    customer="Example Ltd",
    issued_at=START,
    not_before=START + DAY,
    expires_at=END,
    type="standard",
    modules="*",
    seats=5,
    grace_days=20,
)
LOCK = END + 20 * DAY


def due(now, claims=CLAIMS, **more):
    found = announce(evaluate(claims, now=now, **more))
    return None if found is None else (found.days, found.state.value)


class TestLadder:
    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            (START, None),
            (START + DAY, None),
            (END - 30 * DAY - SECOND, None),
            (END - 30 * DAY - TICK, None),
            (END - 30 * DAY, (30, "GRACE")),
            (END - 14 * DAY - TICK, (30, "GRACE")),
            (END - 14 * DAY, (14, "GRACE")),
            (END - 7 * DAY - TICK, (14, "GRACE")),
            (END - 7 * DAY, (7, "GRACE")),
            (END - DAY - TICK, (7, "GRACE")),
            (END - DAY, (1, "GRACE")),
            (END - TICK, (1, "GRACE")),
            (END, (30, "LOCKED")),
            (LOCK - 14 * DAY - TICK, (30, "LOCKED")),
            (LOCK - 14 * DAY, (14, "LOCKED")),
            (LOCK - 7 * DAY, (7, "LOCKED")),
            (LOCK - DAY - TICK, (7, "LOCKED")),
            (LOCK - DAY, (1, "LOCKED")),
            (LOCK - TICK, (1, "LOCKED")),
            (LOCK, None),
            (LOCK + 365 * DAY, None),
        ],
    )
    def test_boundary(self, now, expected):
        assert due(now) == expected

    def test_it_says_when(self):
        found = announce(evaluate(CLAIMS, now=END - 3 * DAY))
        assert found == Announcement(days=7, state=State.GRACE, at=END)

    def test_without_grace_the_end_locks(self):
        bare = replace(CLAIMS, grace_days=0)
        assert due(END - DAY, bare) == (1, "LOCKED")
        assert due(END, bare) is None

    @pytest.mark.parametrize(("grace", "days"), [(365, None), (31, None), (30, 30), (10, 14), (7, 7), (1, 1)])
    def test_a_grace_period_starts_on_the_step_it_is_at(self, grace, days):
        found = due(END, replace(CLAIMS, grace_days=grace))
        assert found == (None if days is None else (days, "LOCKED"))

    def test_each_step_is_taken_once_and_in_order(self):
        hours = [START + timedelta(hours=number) for number in range(24 * 400)]
        steps = [due(now) for now in hours]
        changes = [step for step, before in zip(steps, [None, *steps], strict=False) if step != before]
        ladder = [(days, state) for state in ("GRACE", "LOCKED") for days in (30, 14, 7, 1)]
        assert changes == [*ladder, None]

    @pytest.mark.parametrize("more", [{"revoked": {"lic-1"}}, {"claims": None}])
    def test_nothing_to_announce(self, more):
        assert due(END - DAY, **more) is None

    def test_a_license_of_another_machine_announces_nothing(self):
        assert due(END - DAY, replace(CLAIMS, fingerprint="a"), fingerprint="b") is None

    def test_the_clock_that_is_believed_decides(self):
        assert due(START + DAY, high_water=END - DAY, behind_for=2 * DAY) == (1, "GRACE")


class TestSeats:
    @pytest.mark.parametrize(
        ("used", "exceeded", "may_add"),
        [(0, False, True), (4, False, True), (5, False, False), (6, True, False), (10**6, True, False)],
    )
    def test_counted(self, used, exceeded, may_add):
        seats = evaluate(CLAIMS, now=START + DAY, seats_used=used).seats
        assert seats == Seats(used=used, licensed=5)
        assert (seats.exceeded, seats.may_add) == (exceeded, may_add)

    @pytest.mark.parametrize("now", [START, START + DAY, END, LOCK])
    def test_too_many_users_lock_nothing(self, now):
        found = evaluate(CLAIMS, now=now, seats_used=10**6)
        assert replace(found, seats=None) == evaluate(CLAIMS, now=now)

    def test_uncounted(self):
        assert evaluate(CLAIMS, now=START).seats is None
        assert evaluate(None, now=START, seats_used=3).seats is None


class TestDate:
    @pytest.mark.parametrize(
        ("when", "state"),
        [
            (date(2030, 1, 1), State.LOCKED),
            (date(2030, 1, 2), State.ACTIVE),
            (date(2030, 12, 31), State.ACTIVE),
            (date(2031, 1, 1), State.GRACE),
            (date(2031, 1, 20), State.GRACE),
            (date(2031, 1, 21), State.LOCKED),
        ],
    )
    def test_a_day_is_judged_at_its_first_moment(self, when, state):
        assert on(CLAIMS, when).state is state
        assert on(CLAIMS, when) == evaluate(CLAIMS, now=datetime(when.year, when.month, when.day, tzinfo=UTC))

    def test_a_moment_is_taken_as_it_is(self):
        assert on(CLAIMS, LOCK - TICK).state is State.GRACE
        assert on(CLAIMS, LOCK).state is State.LOCKED

    def test_what_else_counts(self):
        assert on(CLAIMS, date(2030, 6, 1), revoked={"lic-1"}).state is State.REVOKED
        assert on(None, date(2030, 6, 1)).state is State.UNLICENSED
        bound = replace(CLAIMS, fingerprint="a")
        assert on(bound, date(2030, 6, 1), fingerprint="a").state is State.ACTIVE
        assert on(bound, date(2030, 6, 1)).state is State.LOCKED
