"""Resuming: after a kill at any moment the scan goes on, and ends with what an undisturbed one finds."""

import asyncio
import functools
import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from small_target import HANDLERS, page
from warm import Warm

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.checkpoint import FileStore, Memory, place_number
from threatweaver_appsec.engine.messages import Exchange, Fault, Request, Response
from threatweaver_appsec.engine.records import operation_of, operation_record


@functools.cache
def warm():
    """The process that the scans are forked from; it ends with this one."""
    return Warm("run_small:run", path=str(Path(__file__).parent))


async def whole(base, state):
    """Scan to the end; return the state, the findings and the number of requests."""
    done = await asyncio.to_thread(warm().run, ["run_small", base, str(state)], env=os.environ)
    return json.loads(done.stdout)


async def is_killed(base, state, seconds):
    """Scan, and kill it after so many seconds; return whether there was something to kill."""
    with (state.parent / "said").open("w") as said:
        running = warm().start(["run_small", base, str(state)], env=os.environ, out=said.fileno(), err=2)
    try:
        await asyncio.to_thread(running.wait, seconds)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
        await asyncio.to_thread(running.wait)
        return True
    return False


@pytest.fixture
async def base(serve):
    links = "".join(f'<a href="/p{n}?q=1">x</a>' for n in range(25))
    many = {f"GET /p{n}": HANDLERS["GET /echo" if n % 3 == 0 else "GET /safe"] for n in range(25)}
    home = HANDLERS["GET /"](None).text + links
    return await serve(HANDLERS | many | {"GET /": lambda _: page(home)})


async def test_kills_at_random_moments_change_no_finding(base, tmp_path):
    state, expected, requests = await whole(base, tmp_path / "whole")
    assert state == "completed"
    assert len(expected) == 9 + 4
    dice, kills = random.Random(11), 0
    while kills < 20 and await is_killed(base, tmp_path / "killed", 0.1 + dice.random() * 0.9):
        kills += 1
    state, found, spent = await whole(base, tmp_path / "killed")
    assert kills > 1
    assert (state, found) == ("completed", expected)
    assert spent < 3 * requests


async def test_a_line_that_was_cut_short_is_left_out(tmp_path):
    path = tmp_path / "state"
    store = FileStore(path)
    await store.append([{"a": 1}, {"b": "x" * 100_000}])
    store.close()
    with path.open("ab") as file:
        file.write(b'{"c": ')
    again = FileStore(path)
    assert [list(record) async for record in again.load()] == [["a"], ["b"]]
    await again.append([{"d": 1}])
    again.close()
    assert [list(record) async for record in FileStore(path).load()] == [["a"], ["b"], ["d"]]
    assert path.stat().st_mode & 0o077 == 0


async def test_what_is_kept_is_what_is_known(tmp_path):
    request = Request("POST", "http://a.test/x?y=\u00e9", (("A", "b"),), b"\xff\x00")
    answer = Response(200, (("C", "d"),), b"\xfe" * 20_000, 0.5, False, 20_000)
    operation = Operation(
        request, Exchange(request, answer, None, "ann"), "form", "http://a.test/", True, "/x", True
    )
    silent = Operation(Request("GET", "http://a.test/"), Exchange(request, None, Fault.TIMEOUT), "link")
    records = [json.loads(json.dumps(operation_record(one))) for one in (operation, silent)]
    read = operation_of(records[0])
    assert (read.request, read.source, read.template, read.writes) == (request, "form", "/x", True)
    assert (read.baseline.identity, read.baseline.response.truncated) == ("ann", True)
    assert operation_of(records[1]).baseline.fault is Fault.TIMEOUT
    store = FileStore(tmp_path / "state")
    memory = Memory(store)
    await memory.keep({"kind": "begun", "seed": "7", "base": "x"}, records[0], {"kind": "discovered"})
    numbers = [place_number("sqli", "GET /x query:a")]
    await memory.keep({"kind": "done", "agent": "sqli", "places": numbers, "tested": 1})
    await memory.keep({"kind": "spent", "requests": 5, "seconds": 1.5, "bytes": 9})
    store.close()
    other = Memory(FileStore(tmp_path / "state"))
    await other.load()
    assert (other.seed, other.discovered, other.done, other.tested) == ("7", True, set(numbers), {"sqli": 1})
    assert (other.spent, list(other.operations)) == (memory.spent, list(memory.operations))
