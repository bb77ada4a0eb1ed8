"""Whatever a target does, a scan ends by itself, says how, and stays under 300 MB, its browser included."""

import asyncio
import functools
import gzip
import json
import os
import re
from pathlib import Path

import psutil
import pytest
from aiohttp import web
from small_target import page
from warm import Warm

SECONDS = 12 if os.environ.get("TWTEST_FUZZ_EXAMPLES") else 2
WORDS = "lorem ipsum dolor sit amet " * 4_000


def listed(request):
    """10,000 pages with words for names, 100 KB each, that all link to others."""
    name = request.match_info.get("name", "0")
    number = int(name.rpartition("-")[2]) if name.rpartition("-")[2].isdecimal() else 0
    links = "".join(f'<a href="/list/page-{(number * 17 + n) % 10_000}?from={n}">x</a>' for n in range(30))
    return page(links + WORDS)


def calendar(request):
    day = int(request.query.get("day", "0") or 0) if request.query.get("day", "0").isdecimal() else 0
    return page(f'<a href="/?day={day + 1}">next</a><a href="/?day={day + 30}&view=month">month</a>{WORDS}')


@functools.cache
def links():
    return "".join(f'<a href="/{n}/{n}.html?k{n}=1">x</a>' for n in range(100_000))


def linked(request):
    return page(links())


@functools.cache
def forms():
    fields = "".join(f'<input name="f{n}" value="{"v" * 500}">' for n in range(2_000))
    return f'<form action="/{"a" * 200}" method="post">{fields}</form>' * 20


def formed(request):
    return page(forms())


async def endless(request):
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    await answer.prepare(request)
    for _ in range(5_000):
        await answer.write(b"<a href='/big'>" + b"x" * 100_000)
    return answer


@functools.cache
def packed():
    """100 MB of links as 100 KB, made where it is needed: each test process imports this file."""
    return gzip.compress(b"<a href='/x'>" * 8_000_000)


def bomb(request):
    return web.Response(body=packed(), headers={"Content-Encoding": "gzip", "Content-Type": "text/html"})


async def drip(request):
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    await answer.prepare(request)
    await answer.write(b'<a href="/b">x</a><a href="/c">x</a>')
    await asyncio.sleep(60)
    return answer


def around(request):
    count = request.path.count("/")
    return web.Response(
        status=302, headers={"Location": f"{request.path}/{count}", "Set-Cookie": f"c{count}=x"}
    )


def garbled(request):
    broken = bytes(range(256)) * 400 + b"<a href='\xff\xfe/\x00a?\x80=\xc3'>" * 500
    return web.Response(body=broken, headers={"Content-Type": "text/html; charset=utf-32-nonsense"})


def deep(request):
    return web.Response(body=b"[" * 200_000, content_type="application/json")


def mirrored(request):
    """Shows whatever it is given, a thousand times, with errors of every kind: all agents find it."""
    text = (request.path_qs + str(dict(request.headers)))[:2_000]
    return page((text + "SQL syntax error near; Traceback (most recent call last): ") * 100, status=500)


async def ticking(request):
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    for _ in range(1_000):
        await answer.write(b"data: tick\n\n")
        await asyncio.sleep(0.05)
    return answer


def greedy(request):
    """Takes memory in the browser, and asks without an end."""
    script = """const kept = []; let n = 0;
      setInterval(() => { const one = new Uint8Array(8e6); one.fill(1); kept.push(one) }, 5);
      setInterval(() => { for (let i = 0; i < 50; i++) fetch('/x?n=' + n++).catch(() => 0) }, 5)"""
    return page(f'<a href="/a?b=1">a</a><script>{script}</script>')


HOSTILE = {
    one.__name__: one
    for one in (
        *(listed, calendar, linked, formed, endless, bomb, drip, around, garbled, deep, mirrored),
        *(ticking, greedy),
    )
}
_HELD = re.compile(r"^Pss_(?:Anon|Shmem):\s+(\d+)", re.MULTILINE)
_HELD_OR_GIVEN = re.compile(r"^(?:Anonymous|Pss_Shmem):\s+(\d+)", re.MULTILINE)
"""Of the scanner, which shares with the process that it is forked from: all of it counts as its own."""


@functools.cache
def warm():
    """The process that the scans are forked from; it ends with this one."""
    return Warm("threatweaver_appsec.__main__:main")


def held(root):
    """Megabytes of a process and all below it that cannot be taken back."""
    kilobytes = 0
    try:
        for one in (root, *root.children(recursive=True)):
            rollup = Path(f"/proc/{one.pid}/smaps_rollup").read_text(encoding="ascii")
            kilobytes += sum(map(int, (_HELD_OR_GIVEN if one is root else _HELD).findall(rollup)))
    except (psutil.Error, OSError):
        return 0  # one of them has just ended
    return kilobytes // 1024


async def weighed(running):
    """The most that a process and its browser held until it ended."""
    most, root = 0, psutil.Process(running.pid)
    while running.poll() is None:
        most = max(most, held(root))
        await asyncio.sleep(0.1)
    return most


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_target_costs_little_memory(serve, tmp_path, name):
    base = await serve({"* /{name:[^/]*}": HOSTILE[name], "* /{rest:.*}/{name}": HOSTILE[name]})
    out = tmp_path / "report.json"
    words = ["threatweaver_appsec", "scan", base, "--allow-private", "--unsafe", "--quiet", "--rate", "2000"]
    words += ["--max-seconds", str(SECONDS), "--format", "json", "--out", str(out)]
    with (tmp_path / "said").open("w") as said:
        running = warm().start(words, env=os.environ, out=said.fileno(), err=2)
    peak = await weighed(running)
    report = json.loads(out.read_text(encoding="utf-8"))
    assert 10 < peak < 300
    assert report["state"] in ("completed", "inconclusive"), report["reason"]
    assert report["requests"] > 0
    assert len(report["coverage"]["operations"]) <= 2_000
