"""What is usual: properties of the statistics, whatever the figures."""

import math

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from threatweaver_exposure.engine.baseline import LEAST, WINDOW, Baseline, silence, usual

# A machine that is busy draws slowly; the properties hold all the same.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
COUNTS = st.lists(st.integers(0, 10_000), min_size=LEAST, max_size=2 * WINDOW)
WEEKDAY = st.integers(0, 6)


def judged(values, following=0, *, scatter=True, limit=3.5):
    return usual(values, following, scatter=scatter, limit=limit)


@_patient
@given(COUNTS, WEEKDAY)
def test_limits_enclose_what_is_expected_on_every_weekday(values, following):
    found = judged(values, following)
    for weekday in range(7):
        day = found.on(weekday, least=0)
        assert 0 <= day.lower <= day.median <= day.upper
        assert day.direction(day.median) is None
        assert day.share(day.median) == 0
        assert day.share(day.upper + 1) > 1 - 1e-9
    assert found.days == min(len(values), WINDOW)


@_patient
@given(COUNTS, WEEKDAY, st.integers(1, 1_000_000))
def test_a_change_of_all_figures_by_one_amount_moves_the_limits_by_it(values, following, amount):
    one = judged(values, following, scatter=False).on(following)
    other = judged([value + amount for value in values], following, scatter=False).on(following)
    assert other.median == pytest.approx(one.median + amount)
    assert other.mad == pytest.approx(one.mad)
    assert other.lower == pytest.approx(one.lower + amount)
    assert other.upper == pytest.approx(one.upper + amount)


@_patient
@given(st.lists(st.integers(90, 110), min_size=2 * LEAST, max_size=WINDOW), WEEKDAY, st.data())
def test_a_few_odd_days_do_not_hide_another_one(values, following, data):
    odd = data.draw(st.sets(st.integers(0, len(values) - 1), max_size=len(values) // 8))
    for place in odd:
        values[place] = 1_000_000
        alike = range(place % 7, len(values), 7)
        assume(2 * len(odd.intersection(alike)) < len(alike))  # half of a weekday's figures are its habit
    found = judged(values, following)
    assume(found.baseline.mad > 0)
    assert found.on(following).direction(1_000_000) == "above"


@_patient
@given(st.integers(0, 100), st.integers(LEAST, WINDOW), WEEKDAY, st.data())
def test_where_days_are_alike_one_odd_day_is_an_exception_and_two_are_a_habit(level, count, following, data):
    values = [level] * count
    first, second = data.draw(st.permutations(range(count)))[:2]
    values[first] = 1_000_000
    assert judged(values, following).on(following).direction(1_000_000) == "above"
    values[second] = 1_000_000
    assert judged(values, following).on(following).direction(1_000_000) is None
    assert judged(values, following).on(following).direction(1_100_000) == "above"


@_patient
@given(COUNTS, WEEKDAY)
def test_only_the_last_eight_weeks_count(values, following):
    padded = [10_000_000] * WINDOW + values
    assert judged(padded[-WINDOW:], following) == judged(padded, following)


@_patient
@given(st.lists(st.integers(0, 10_000), max_size=LEAST - 1), WEEKDAY)
def test_with_less_than_a_fortnight_nothing_is_usual(values, following):
    assert judged(values, following) is None


@_patient
@given(st.lists(st.integers(0, 60), min_size=1, max_size=60))
def test_nine_gaps_of_ten_are_usual(gaps):
    found = silence(gaps, limit=3.5)
    assert sum(gap > found.upper for gap in gaps) <= len(gaps) // 10
    assert found.direction(max(gaps) * 10 + 1_000) == "above"
    assert found.direction(0) is None


def test_a_weekly_scan_is_usual_on_its_weekday_and_on_no_other():
    values = [1000, 0, 0, 0, 0, 0, 0] * 6  # from a Monday on
    found = judged(values, 0)
    assert found.season == (1000.0, 0, 0, 0, 0, 0, 0)
    assert found.on(0, least=0).direction(1000) is None
    assert found.on(0, least=0).direction(0) == "below"
    assert found.on(1, least=0).direction(1000) == "above"
    # Three weeks are too few to know weekdays by, but such days have been there.
    early = judged(values[:21], 0)
    assert early.season is None
    assert early.on(0, least=0).direction(1000) is None
    assert early.on(0, least=0).direction(1200) == "above"


def test_weekdays_that_do_not_differ_have_no_season():
    values = [(37 * day) % 11 for day in range(56)]
    assert judged(values, 0).season is None


@pytest.mark.parametrize(
    ("values", "lower", "upper"),
    [
        ([0] * 14, 0, 3.5),  # at least one more or less
        ([100] * 14, 65, 135),  # at least their square root, ten
        ([0] * 13 + [1000], 0, 3.5),  # once is an exception
        ([0] * 11 + [4, 4, 9], 0, 4 + 3.5 * 2),  # the root of 4
        ([0] * 12 + [2, 1000], 0, 3.5),  # 2 is no exception, so there is one
        ([9] * 11 + [2, 2, 2], 2 - 3.5 * math.sqrt(2), 9 + 3.5 * 3),
        ([8, 9, 10, 11, 12, 10, 10] * 2, 10 - 3.5 * math.sqrt(10), 10 + 3.5 * math.sqrt(10)),
        ([10, 20, 30, 40, 50, 30, 30] * 2, 30 - 3.5 * 14.826, 30 + 3.5 * 14.826),
    ],
)
def test_how_far_is_usual(values, lower, upper):
    found = judged(values).on(0, least=0)
    assert (found.lower, found.upper) == (pytest.approx(max(0, lower)), pytest.approx(upper))


@pytest.mark.parametrize(
    ("gaps", "upper"),
    [
        ([0] * 14, 0),  # every day
        ([0, 0, 0, 0, 2] * 4, 2),  # on working days
        ([6] * 8, 6),  # once a week
        ([0] * 40 + [9], 0),  # it failed once
        ([5, 6, 7, 5, 6, 7, 6], 6 + 3.5 * 1.4826),
    ],
)
def test_how_long_silence_is_usual(gaps, upper):
    assert silence(gaps, limit=3.5).upper == pytest.approx(upper)


def test_the_dashboard_judges_by_three_deviations():
    assert Baseline.of([8, 9, 10, 11, 12]).upper == pytest.approx(10 + 3 * 1.4826)
