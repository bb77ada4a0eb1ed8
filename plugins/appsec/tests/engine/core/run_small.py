"""Scans a base with the small agents, remembering in a file: a process for tests to kill."""

import asyncio
import json
import sys
from pathlib import Path

from small_agents import ALL
from small_target import crawl

from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.checkpoint import FileStore
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of


async def main(base: str, state: str) -> None:
    order = Order(
        base,
        Scope(frozenset({origin_of(base)}), allowed=PRIVATE),
        ALL,
        crawl,
        limits=Limits(per_second=60),
        seed="small",
    )
    scan = Scan(order, FileStore(Path(state)))
    async for event in scan.events():
        if event.kind == "assessment_complete":
            sys.stdout.write(json.dumps([event.state, sorted(scan.memory.findings), event.requests]))


def run() -> None:
    """Scan what the command line names."""
    asyncio.run(main(*sys.argv[1:]))
