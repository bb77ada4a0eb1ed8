"""Times as proof: what is late by chance may be, what is early refutes, and a slow page shows nothing."""

import math

import pytest

from threatweaver_appsec.engine.agent import Sight
from threatweaver_appsec.engine.agents.attacks import NOTHING
from threatweaver_appsec.engine.agents.delays import TRIES, waits
from threatweaver_appsec.engine.messages import Exchange, Fault, Request, Response

ASKED = Request("GET", "http://a.test/?q=1")


class Two:
    """A nonce whose delays are two seconds, and four."""

    def number(self, low, high):
        return 20


def took(seconds):
    if seconds == math.inf:
        return Exchange(ASKED, None, Fault.TIMEOUT)
    return Exchange(ASKED, Response(200, (), b"", seconds))


def sight(*seconds, usual=(0.1, 0.1)):
    before, again = map(took, usual)
    return Sight(before, tuple(map(took, seconds)), (), again)


def attempts():
    return waits(lambda seconds: f"wait {seconds:g}", Two(), "It waits.")


@pytest.mark.parametrize(
    ("usual", "seconds", "worth"),
    [
        ((0.1, 0.1), 2.1, True),
        ((0.9, 0.1), 2.1, True),  # late by chance, before anything was tried
        ((0.9, 0.9), 2.1, True),
        ((0.1, 0.1), 1.9, False),
        ((2.0, 2.0), 2.1, False),  # as slow as ever
        ((2.0, 2.0), 4.0, True),
    ],
)
def test_one_request_tells_whether_it_is_worth_more(usual, seconds, worth):
    ways = attempts()
    next(ways).shows(sight(seconds, usual=usual))
    assert (next(ways) is not NOTHING) == worth


@pytest.mark.parametrize(
    ("seconds", "shows"),
    [
        ((2.1, 0.1, 4.1, 0.1), True),
        ((2.5, 0.5, 4.5, 0.5), True),
        ((3.9, 0.1, 4.1, 0.1), True),
        ((2.1, 0.1, 9.0, 0.1), True),
        ((2.1, 1.8, 4.1, 0.1), True),
        ((3.9, 0.1, 5.9, 0.1), False),
        ((2.1, 0.9, 4.1, 1.9), True),
        ((2.1, 2.2, 4.1, 2.3), False),
        ((2.1, 0.1, 2.1, 0.1), False),
        ((1.0, 0.1, 4.1, 0.1), False),
        ((math.inf, 0.1, math.inf, 0.1), False),
        ((0.1, 0.1, 0.1, 0.1), False),
    ],
)
def test_one_of_four_answers_may_be_late_and_none_early(seconds, shows):
    ways = attempts()
    next(ways)
    assert (next(ways).shows(sight(*seconds)) is not None) == shows


def test_what_was_only_late_is_tried_again_and_what_was_early_is_not():
    for seconds, more in (((5.0, 0.1, 9.0, 0.1), TRIES), ((0.1, 0.1, 4.1, 0.1), 1)):
        ways, tried = attempts(), 0
        next(ways).shows(sight(2.1))
        for way in ways:
            tried += way is not NOTHING
            way.shows(sight(*seconds))
        assert tried == more
