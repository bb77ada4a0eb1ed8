"""`python -m lab [--port 0] [--safe] [CASE...]`: serve on loopback until interrupted; or `--hostile NAME`."""

import argparse
import asyncio
import json
import sys

from aiohttp import web

from lab.app import make_app, serve
from lab.cases import CASES
from lab.hostile import HOSTILE


async def _run(app: web.Application, port: int, names: list[str]) -> None:
    async with serve(app, port) as url:
        sys.stdout.write(json.dumps({"url": url, "cases": names}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--safe", action="store_true", help="serve the safe twins")
    parser.add_argument("--hostile", choices=HOSTILE, help="serve a hostile target instead")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all when none is given")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.cases) - set(CASES))
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}")
    names = arguments.cases or list(CASES)
    if arguments.hostile:
        app, names = HOSTILE[arguments.hostile](), [arguments.hostile]
    else:
        app = make_app(safe=arguments.safe, only=names)
    try:
        asyncio.run(_run(app, arguments.port, names))
    except KeyboardInterrupt:
        sys.stdout.flush()


main()
