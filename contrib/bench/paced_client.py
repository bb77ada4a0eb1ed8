"""A load generator at a fixed rate on connections that stay open; writes down every request.

A process of its own. Each line of the output: start (seconds since 1970), seconds taken, status or 0 if it
failed. A request that is late because the one before it was slow counts from when it should have been sent.
"""

import argparse
import asyncio
import time
from pathlib import Path

import aiohttp
import uvloop


async def _connection(url: str, token: str, every: float, offset: float, until: float, out: list) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    connector = aiohttp.TCPConnector(limit=1, keepalive_timeout=600)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        due = time.time() + offset
        while due < until:
            await asyncio.sleep(max(0.0, due - time.time()))
            try:
                async with session.get(url, timeout=aiohttp.ClientTimeout(20)) as answer:
                    await answer.read()
                    status = answer.status
            except (OSError, TimeoutError, aiohttp.ClientError):
                status = 0
            out.append((due, time.time() - due, status))
            due += every


async def _run(asked: argparse.Namespace) -> None:
    out: list = []
    every, until = asked.connections / asked.rate, time.time() + asked.seconds
    offsets = [every * number / asked.connections for number in range(asked.connections)]
    await asyncio.gather(
        *(_connection(asked.url, asked.token, every, offset, until, out) for offset in offsets)
    )
    Path(asked.out).write_text("".join(f"{begun} {taken} {status}\n" for begun, taken, status in out))


def main() -> None:
    """Run as told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("out")
    parser.add_argument("--token", required=True)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--connections", type=int, default=20)
    uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
