"""As test_replays.py, where times are the proof: nothing else goes on beside them in this process."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that stand beside this file

from apart import tell_apart
from families import FAMILIES, SLOW


async def test_each_line_that_waits_reproduces_and_the_retest_tells_the_twins_apart():
    async with asyncio.TaskGroup() as side_by_side:
        for name in SLOW:
            side_by_side.create_task(tell_apart(FAMILIES[name]))
