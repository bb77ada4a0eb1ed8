"""Each finding's line reproduces it with the real curl, and its retest tells the twins of the lab apart."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that stand beside this file

from apart import tell_apart
from families import FAMILIES, LEFT_OUT, SLOW
from lab_scans import AGENTS, twin

from threatweaver_appsec.engine.retest import Still

AT_ONCE = 4
QUICK = tuple(name for name in FAMILIES if name not in SLOW)
RETESTS = 6
"""More than an agent tries to register: names of the last time must not be in the way."""


def test_each_agent_has_a_finding_here_or_a_reason():
    agents = {agent.about.id for agent in AGENTS}
    covered = {agent for family in FAMILIES.values() for agent in family.findings}
    assert sorted(covered & LEFT_OUT.keys()) == []
    assert sorted(agents - covered - LEFT_OUT.keys()) == []
    assert sorted((covered | LEFT_OUT.keys()) - agents) == []


@pytest.fixture(scope="module")
async def told_apart() -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """A function: wait for a family, while the next ones go on. Each is paced, so that it mostly waits."""
    running: dict[str, asyncio.Task[None]] = {}

    def of(name: str) -> Awaitable[None]:
        place = QUICK.index(name)
        for other in QUICK[place : place + AT_ONCE]:
            if other not in running:
                running[other] = asyncio.create_task(tell_apart(FAMILIES[other]))
        return running[name]

    yield of
    for task in running.values():
        task.cancel()


@pytest.mark.parametrize("name", QUICK)
async def test_each_line_reproduces_and_the_retest_tells_the_twins_apart(told_apart, name):
    await told_apart(name)


async def test_a_retest_may_be_repeated():
    async with twin(FAMILIES["passwords"], safe=False) as vulnerable:
        (finding,), _ = await vulnerable.scan()
        states = [(await vulnerable.again(finding)).state for _ in range(RETESTS)]
    assert states == [Still.OPEN] * RETESTS


async def test_where_nobody_can_register_any_more_nothing_is_closed():
    family = FAMILIES["fixation"]
    async with twin(family, safe=False) as vulnerable:
        (finding,), _ = await vulnerable.scan()
    closed = replace(family, without=(*family.without, "/register*"))
    async with twin(closed, safe=True, port=urlsplit(vulnerable.base).port) as safe:
        again = await safe.again(finding)
    assert (again.state, "nobody can register" in again.says) == (Still.INCONCLUSIVE, True)
