"""Stories of random calls: those of one seed, or for as long as asked by TWTEST_STORY_SECONDS, from
TWTEST_STORY_SEED on, as `make nightly` does.

A failure prints the seed, the shortest story that fails, as code, and every request of it.
"""

import os
import time
from dataclasses import replace

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from stateful_machine import Story

SECONDS = float(os.environ.get("TWTEST_STORY_SECONDS", "0"))
SEED = int(os.environ.get("TWTEST_STORY_SEED", "1"))
SETTINGS = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
    print_blob=False,
)
SHORT = settings(SETTINGS, max_examples=60, stateful_step_count=8)  # shrinking long ones takes minutes
BROKEN = [("trespass", "the_other_tenants_list"), ("the_other_tenants_list", "trespass")]


def test_no_story_breaks_what_is_promised(world):
    assert len(world.kinds) >= 3
    Story.world = world
    began, seed = time.monotonic(), SEED
    while time.monotonic() - began < SECONDS or seed == SEED:
        print(f"TWTEST_STORY_SEED={seed}")  # noqa: T201 - pytest shows it when the story fails
        run_state_machine_as_test(hypothesis.seed(seed)(type("Told", (Story,), {})), settings=SETTINGS)
        seed += 1
    print(f"{seed - SEED} seeds, {world.calls} calls")  # noqa: T201


@pytest.mark.parametrize(("rule", "other"), BROKEN, ids=[rule for rule, _ in BROKEN])
def test_a_broken_promise_is_found_and_told_shortly(world, rule, other):
    """Somebody of the same tenant who passes for a stranger: a row, and a look at it, tell the story.

    Two rules notice, and which one does first hangs on what earlier stories left behind: each has to alone.
    """
    strange = replace(world, stranger=world.admin.headers)
    Told = type("Told", (Story,), {"world": strange, other: None})  # noqa: N806
    with pytest.raises(AssertionError, match="of another tenant") as caught:
        run_state_machine_as_test(hypothesis.seed(1)(Told), settings=SHORT)
    told = "\n".join(caught.value.__notes__)
    assert 1 <= told.count("state.create(") <= 4
    assert told.count(f"state.{rule}(") >= 1
    assert f"state.{other}(" not in told
    assert " -> 201" in told
