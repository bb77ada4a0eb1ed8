"""Days that stand out: by how much, from what, and because of which severities."""

from itertools import chain

import pytest
from exposure_once import once
from trend_story import ago, days_pass, scan

from threatweaver_exposure.engine.baseline import Baseline


@pytest.mark.parametrize(
    ("values", "median", "mad", "value", "direction"),
    [
        ([2] * 28, 2.0, 0.0, 2, None),
        ([2] * 28, 2.0, 0.0, 3, "above"),
        ([2] * 28, 2.0, 0.0, 1, "below"),
        ([8, 9, 10, 11, 12] * 5 + [10] * 3, 10.0, 1.0, 14, None),  # up to 14.4478 is usual
        ([8, 9, 10, 11, 12] * 5 + [10] * 3, 10.0, 1.0, 15, "above"),
        ([8, 9, 10, 11, 12] * 5 + [10] * 3, 10.0, 1.0, 6, None),  # down to 5.5522
        ([8, 9, 10, 11, 12] * 5 + [10] * 3, 10.0, 1.0, 5, "below"),
        ([0, 1] * 14, 0.5, 0.5, 2, None),  # half of them lie half away
        ([0, 1] * 14, 0.5, 0.5, 0, None),  # no count is less than nothing
        ([1] * 27 + [1000], 1.0, 0.0, 1, None),  # one odd day is not what is usual
    ],
)
def test_what_is_usual(values, median, mad, value, direction):
    baseline = Baseline.of(values)
    assert (baseline.median, baseline.mad, baseline.direction(value)) == (median, mad, direction)


class Inventory:
    """One host on which as many new findings come each day as are said."""

    def __init__(self, space):
        self.space = space
        self.next = 1001
        self.found = {}
        self.days = 0

    async def day(self, *new, keep=True):
        """Scan once: add findings of these severities, to those there are or instead of them."""
        self.days += 1
        self.found = dict(self.found) if keep else {}
        for severity in new:
            self.found[self.next] = severity
            self.next += 1
        await self.space.take(scan(self.found, at=self.days))


@pytest.fixture
def inventory(space):
    return Inventory(space)


FOUR_WEEKS = [(2, 1, 1) if number == 5 else (2, 1) for number in range(28)]
"""One MEDIUM and one LOW a day, but for one day of three; the median is 2, the MAD 0."""


@once
async def _four_weeks(space):
    inventory = Inventory(space)
    for new in FOUR_WEEKS:
        await inventory.day(*new)
        await days_pass(space, 1)


async def four_weeks(inventory):
    await _four_weeks(inventory.space)
    inventory.days = len(FOUR_WEEKS)
    inventory.found = dict(enumerate(chain.from_iterable(FOUR_WEEKS), 1001))
    inventory.next += len(inventory.found)


async def test_a_day_that_stands_out_and_what_explains_it(space, inventory):
    await four_weeks(inventory)
    await inventory.day(4, 4, 4, 2, 2)
    body = await space.get("/dashboard/anomalies", days=10)
    assert (body["start"], body["end"], body["judgedFrom"]) == (ago(9), ago(), ago())
    assert body["anomalies"] == [
        {
            "day": ago(),
            "figure": "new",
            "direction": "above",
            "value": 5,
            "median": 2.0,
            "mad": 0.0,
            "lower": 2.0,
            "upper": 2.0,
            "explainedBy": [
                {"severity": "CRITICAL", "value": 3, "median": 0.0, "difference": 3.0},
                {"severity": "MEDIUM", "value": 2, "median": 1.0, "difference": 1.0},
            ],
        }
    ]
    chosen = await space.get("/dashboard/anomalies", days=10, severity="LOW")
    assert chosen["anomalies"] == []  # today may still bring the usual one
    chosen = await space.get("/dashboard/anomalies", days=10, severity="MEDIUM")
    assert [(item["value"], item["median"]) for item in chosen["anomalies"]] == [(2, 1.0)]


async def test_too_little_and_mass_closing_once_the_day_is_over(space, inventory):
    await four_weeks(inventory)
    await inventory.day(keep=False)  # 57 findings are gone, and nothing is new
    closed = {"figure": "closed", "direction": "above", "value": 57, "median": 0.0}
    body = await space.get("/dashboard/anomalies", days=1)
    assert [closed | item for item in body["anomalies"]] == body["anomalies"]
    assert len(body["anomalies"]) == 1
    await days_pass(space, 1)
    body = await space.get("/dashboard/anomalies", days=2)
    few, many = body["anomalies"]
    assert (few["day"], few["figure"], few["direction"], few["value"]) == (ago(1), "new", "below", 0)
    assert few["explainedBy"] == [
        {"severity": "MEDIUM", "value": 0, "median": 1.0, "difference": -1.0},
        {"severity": "LOW", "value": 0, "median": 1.0, "difference": -1.0},
    ]
    assert closed | many == many
    assert [(item["severity"], item["value"]) for item in many["explainedBy"]] == [
        ("LOW", 29),
        ("MEDIUM", 28),
    ]


async def test_a_past_day_is_judged_as_it_was(space, inventory):
    await four_weeks(inventory)
    await inventory.day(3, 3, 3)
    await days_pass(space, 3)
    then = await space.get("/dashboard/anomalies", days=1, asOf=ago(3))
    assert [(item["day"], item["figure"], item["value"]) for item in then["anomalies"]] == [
        (ago(3), "new", 3)
    ]
    # On the two days since, which are over, nothing came; today is not over.
    since = await space.get("/dashboard/anomalies", days=3)
    assert [(item["day"], item["direction"]) for item in since["anomalies"]] == [
        (ago(1), "below"),
        (ago(2), "below"),
    ]


async def test_without_four_weeks_before_it_no_day_is_judged(space, inventory):
    await inventory.day(*[4] * 50)
    body = await space.get("/dashboard/anomalies")
    assert (body["judgedFrom"], body["anomalies"]) == (None, [])
    await days_pass(space, 27)
    assert (await space.get("/dashboard/anomalies"))["judgedFrom"] is None
    await days_pass(space, 1)
    assert (await space.get("/dashboard/anomalies"))["judgedFrom"] == ago()
    await days_pass(space, 10)
    assert (await space.get("/dashboard/anomalies"))["judgedFrom"] == ago(10)
    assert (await space.get("/dashboard/anomalies", days=5))["judgedFrom"] == ago(4)


async def test_nothing_yet(space):
    body = await space.get("/dashboard/anomalies", days=7)
    assert body == {"start": ago(6), "end": ago(), "judgedFrom": None, "anomalies": []}
