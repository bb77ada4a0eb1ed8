"""A clock that was set back: noticed, reported, and believed for a day."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from threatweaver_licensing import Claims, State, evaluate
from threatweaver_licensing.state import JITTER, PATIENCE

START = datetime(2030, 1, 1, tzinfo=UTC)
END = datetime(2031, 1, 1, tzinfo=UTC)
DAY, TICK, NONE = timedelta(days=1), timedelta(microseconds=1), timedelta(0)
CLAIMS = Claims(
    jti="lic-1",
    customer="Example Ltd",
    issued_at=START,
    expires_at=END,
    type="standard",
    modules="*",
    seats=5,
)


@pytest.mark.parametrize(
    ("high_water", "behind"),
    [
        (None, NONE),
        (START - DAY, NONE),
        (START, NONE),
        (START + TICK, NONE),
        (START + JITTER, NONE),
        (START + JITTER + TICK, JITTER + TICK),
        (START + DAY, DAY),
        (datetime(2999, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC) - START),
    ],
)
def test_how_far_behind(high_water, behind):
    found = evaluate(CLAIMS, now=START, high_water=high_water)
    assert (found.clock_behind, found.clock_set_back) == (behind, behind > NONE)


@pytest.mark.parametrize("high_water", [END - TICK, END, END + 7 * DAY, END + 3650 * DAY])
@pytest.mark.parametrize("behind_for", [NONE, PATIENCE - TICK, PATIENCE])
def test_it_changes_no_state_at_once(high_water, behind_for):
    found = evaluate(CLAIMS, now=END - DAY, high_water=high_water, behind_for=behind_for)
    assert (found.state, found.clock_set_back, found.judged_at) == (State.ACTIVE, True, END - DAY)


@pytest.mark.parametrize(
    ("high_water", "state"),
    [
        (END - TICK, State.ACTIVE),
        (END, State.GRACE),
        (END + 7 * DAY - TICK, State.GRACE),
        (END + 7 * DAY, State.LOCKED),
    ],
)
def test_after_a_day_the_latest_time_is_believed(high_water, state):
    found = evaluate(CLAIMS, now=START, high_water=high_water, behind_for=PATIENCE + TICK)
    assert (found.state, found.judged_at, found.clock_behind) == (state, high_water, high_water - START)


@pytest.mark.parametrize("high_water", [None, START, END + JITTER])
def test_a_clock_that_was_put_right_is_believed(high_water):
    found = evaluate(CLAIMS, now=END, high_water=high_water, behind_for=10 * PATIENCE)
    assert (found.state, found.judged_at, found.clock_set_back) == (State.GRACE, END, False)


def test_without_a_license_it_is_noticed_too():
    found = evaluate(None, now=START, high_water=END, behind_for=2 * PATIENCE)
    assert (found.state, found.clock_behind) == (State.UNLICENSED, END - START)


def test_the_time_zone_changes_nothing():
    there = END.astimezone(timezone(timedelta(hours=14)))
    assert evaluate(CLAIMS, now=START, high_water=there).clock_behind == END - START


def test_a_mark_without_zone_is_refused():
    with pytest.raises(ValueError, match="high_water must have a time zone"):
        evaluate(CLAIMS, now=START, high_water=datetime(2030, 1, 1))  # noqa: DTZ001 - the point of the test
