"""A shell command in a process group of its own, ended after a while."""

import asyncio
import os
import signal

from lab.world import SLEEP_LIMIT


async def run(*command: str) -> str:
    """Return what a command writes, both streams; what it wrote is lost when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), SLEEP_LIMIT)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return ""
    return output.decode("utf-8", "replace")[:20_000]
