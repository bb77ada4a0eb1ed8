"""`threatweaver doctor isolation`: on a running server, or on an application of its own beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import orjson
from aiohttp import web

from threatweaver.isolation import service
from threatweaver.jobs.worker import Worker
from threatweaver.kernel import Kernel


async def run(
    kernel: Kernel, url: str | None, *, build: Callable[[Kernel], web.Application], say: Callable[[str], None]
) -> bool:
    """Probe, say what was found and where the signed report lies; return whether nothing leaked."""
    async with AsyncExitStack() as stack:
        if url is None:
            url = await stack.enter_async_context(service.serving(kernel, build))
            await stack.enter_async_context(_working(kernel))
        report = await service.examine(kernel, url)
    found = orjson.loads(report.content)
    for leak in found["leaks"]:
        say(f"LEAK  {leak['route']}  {leak['place']}  {leak['kind']}: {leak['detail']}")
    for name, reason in found["not_called"].items():
        say(f"note  not called: {name}: {reason}")
    say(f"      {found['routes']} routes, {found['places']} places for {found['ids']} ids")
    slowest = max(found["times"].values(), default=1.0)
    say(f"      {found['calls']} calls; another tenant's id took at most {slowest} times a random one's time")
    say(f"{'ok  ' if report.passed else 'FAIL'}  {service.file_of(kernel.settings.home, report.id)}")
    return report.passed


@asynccontextmanager
async def _working(kernel: Kernel) -> AsyncIterator[None]:
    """Run jobs in this process, too: an installation that stands still has no worker."""
    worker = Worker(kernel)
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        with suppress(ConnectionError, asyncio.CancelledError):
            await task
