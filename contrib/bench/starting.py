"""Measures a start with forty plugins and a thousand routes, and what finding a route costs."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import many_plugins
import processes
import product
from figures import Figure

_PLUGINS, _ROUTES = 40, 25

_RESOLVE = """
import asyncio, json, sys, time
from pathlib import Path
from dataclasses import replace
from aiohttp.test_utils import make_mocked_request
from threatweaver import app, config
from threatweaver.license.current import CurrentLicense
from datetime import UTC, datetime
from threatweaver_licensing import trial_claims
from threatweaver.http import mount
from aiohttp import web

settings = config.load({}, home=Path("/nonexistent"))
registry = app.load_registry(settings, CurrentLicense(trial_claims(now=datetime.now(UTC))))
made = web.Application()
mount.mount(made, registry.routes)
paths = [r for r in registry.routes if r.path.startswith("/many")]
asked = [
    make_mocked_request(r.method, "/api" + r.path.replace("{id}", "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"))
    for r in paths[::7]
]

async def go():
    for request in asked:
        found = await made.router.resolve(request)
        assert found.http_exception is None, request.path
    best = 1e9
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(20):
            for request in asked:
                await made.router.resolve(request)
        best = min(best, (time.perf_counter() - began) / 20 / len(asked))
    return best

print(json.dumps({"routes": len(registry.routes), "seconds": asyncio.run(go())}))
"""


def measure(folder: Path) -> list[Figure]:
    """Start a serve process by itself beside a running product; find routes in another process."""
    names = [f"many{number}" for number in range(_PLUGINS)]
    plugins = many_plugins.write(folder / "many-plugins", names, routes=_ROUTES)
    settings = {"PYTHONPATH": str(plugins)}
    home = folder / "many-home"
    with product.running(home, settings=settings) as running:
        seconds, memory, routes = _serve(home, settings)
        shared = max(processes.peak_memory(pid) for pid in running.servers())
    resolve = _resolve(settings)
    beside = f"{_PLUGINS} plugins, {routes:,} routes; a process by itself, imports included"
    return [
        Figure(
            name="a serve process starts",
            value=seconds,
            unit="s",
            digits=2,
            goal=3,
            best="low",
            beside=beside,
        ),
        Figure(
            name="its memory",
            value=memory / 1e6,
            unit="MB",
            goal=150,
            best="low",
            beside=f"{shared / 1e6:.0f} MB forked from the template, which counts what is shared",
        ),
        Figure(
            name="finding a route",
            value=resolve["seconds"] * 1e6,
            unit="µs",
            digits=1,
            goal=10,
            best="low",
            beside=f"the fastest of five rounds, {resolve['routes']:,} routes",
        ),
    ]


def _serve(home: Path, settings: dict[str, str]) -> tuple[float, int, int]:
    environment = product.environment(home) | settings
    began = time.perf_counter()
    command = [sys.executable, "-m", "threatweaver", "serve", "--home", str(home), "--port", "0"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr or ():
            if '"serving"' in line:
                seconds = time.perf_counter() - began
                routes = int(re.search(r'"routes":(\d+)', line)[1])  # type: ignore[index]
                return seconds, processes.peak_memory(process.pid), routes
        raise RuntimeError("the process did not start")
    finally:
        process.terminate()
        process.wait(30)


def _resolve(settings: dict[str, str]) -> dict:
    ran = subprocess.run(
        [sys.executable, "-c", _RESOLVE],
        env=os.environ | settings,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(ran.stdout)
