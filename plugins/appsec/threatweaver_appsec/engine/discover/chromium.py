"""Headless Chromium over the DevTools protocol. It opens no connection: each request comes to us."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from threatweaver_appsec.engine.discover.weight import Scale, megabytes

PROGRAMS = (
    *("chromium-headless-shell", "chrome-headless-shell", "headless_shell"),  # half as heavy as the others
    *("chromium", "chromium-browser", "google-chrome", "chrome"),
)
START_SECONDS = 20.0
CALL_SECONDS = 10.0
MOST_GROWTH = 100  # megabytes that pages may add to what the browser takes by itself; then it is ended
MOST_MESSAGE = 16_000_000  # bytes of what it says at once
_WITHOUT = ",".join(
    (
        *(
            "Translate",
            "OptimizationHints",
            "MediaRouter",
            "DialMediaRouteProvider",
            "AudioServiceOutOfProcess",
        ),
        *("SpareRendererForSitePerProcess", "IsolateOrigins", "site-per-process"),
    )
)
_FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    f"--disable-features={_WITHOUT}",
    "--disable-breakpad",
    "--disable-gpu",
    "--disable-renderer-backgrounding",
    "--disable-site-isolation-trials",
    "--disable-software-rasterizer",
    "--disable-sync",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # as old ones call it
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--in-process-gpu",
    "--js-flags=--max-old-space-size=96",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--renderer-process-limit=1",
)

# It ends with whoever started it, be that one killed: nobody holds the other end of its input then.
_WITH_US = """folder=$1; shift; ("$@" </dev/null; kill -9 0) & read -r _
trap '' TERM; kill 0; sleep 1; rm -rf "$folder"; kill -9 0"""

Hear = Callable[[Mapping[str, Any]], Awaitable[None]]


class BrowserError(Exception):
    """Chromium did not start, did not answer, or said no."""


def program() -> str | None:
    """Return where Chromium is, None where it is not installed."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


class Tab:
    """One page of the browser: commands, and a listener for each kind of event."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._hears: dict[str, Hear] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.session = ""
        self.busy = 0
        """Requests that are not answered yet."""
        self.gone = ""
        """Why the browser is not there any more."""

    async def open(self) -> None:
        """Open a page that leaves nothing on the disk, and lets nothing be downloaded."""
        made = await self.call("Target.createBrowserContext", disposeOnDetach=True)
        context = made["browserContextId"]
        await self.call("Browser.setDownloadBehavior", behavior="deny", browserContextId=context)
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=context)
        for one in (await self.call("Target.getTargets")).get("targetInfos", ()):
            if one["type"] == "page" and one["targetId"] != target["targetId"]:
                await self.call("Target.closeTarget", targetId=one["targetId"])  # it costs a process
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.session = attached["sessionId"]

    def on(self, event: str, hear: Hear) -> None:
        """Call a function for each event of a kind, beside all others."""
        self._hears[event] = hear

    async def call(self, method: str, **parameters: Any) -> Mapping[str, Any]:
        """Send a command and return its result; BrowserError where there is none."""
        if self.gone:
            raise BrowserError(self.gone)
        number = next(self._numbers)
        future: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        message = {"id": number, "method": method, "params": parameters}
        try:
            await self._socket.send_json(message | ({"sessionId": self.session} if self.session else {}))
            return await asyncio.wait_for(future, CALL_SECONDS)
        except (TimeoutError, ConnectionError, aiohttp.ClientError) as error:
            raise BrowserError(f"{method}: {type(error).__name__}") from error
        finally:
            self._waiting.pop(number, None)

    async def evaluate(self, script: str) -> Any:
        """Run a script in the page and return its value."""
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True, timeout=3_000)
        return result.get("result", {}).get("value")

    async def listen(self) -> None:
        """Hand out what the browser says until it says no more."""
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            said = json.loads(message.data)
            future = self._waiting.get(said.get("id"))
            if future is not None and not future.done():
                if "error" in said:
                    future.set_exception(BrowserError(str(said["error"].get("message"))[:200]))
                else:
                    future.set_result(said.get("result", {}))
            elif (hear := self._hears.get(said.get("method", ""))) is not None:
                task = asyncio.ensure_future(self._hear(hear, said.get("params", {})))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        self.gone = self.gone or "the browser went away"
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(BrowserError(self.gone))

    async def _hear(self, hear: Hear, said: Mapping[str, Any]) -> None:
        self.busy += 1
        try:
            with contextlib.suppress(BrowserError):
                await hear(said)
        finally:
            self.busy -= 1

    async def quiet(self, seconds: float, still: float = 0.4) -> None:
        """Wait until nothing was asked for a while, at most so many seconds."""
        loop = asyncio.get_running_loop()
        end, since = loop.time() + seconds, loop.time()
        while loop.time() < end and loop.time() - since < still:
            await asyncio.sleep(0.05)
            since = loop.time() if self.busy else since

    async def close(self) -> None:
        """End what is still listening."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def tab(path: str) -> AsyncIterator[Tab]:
    """Start the browser at a path with an empty profile, and end it with all of its processes."""
    folder = tempfile.mkdtemp(prefix="threatweaver-browser-")
    process = None
    with socket.socket() as nowhere:
        nowhere.bind(("127.0.0.1", 0))  # and it never listens: what is not intercepted goes nowhere
        try:
            process = await _start(path, folder, nowhere.getsockname()[1])
            address = await _address(process, Path(folder))
            async with (
                aiohttp.ClientSession() as http,
                http.ws_connect(address, max_msg_size=MOST_MESSAGE) as talk,
            ):
                page = Tab(talk)
                listening = asyncio.ensure_future(page.listen())
                try:
                    await page.open()
                    own = await _settled(process.pid)
                    weighing = asyncio.ensure_future(_weigh(process.pid, own, page))
                    try:
                        yield page
                    finally:
                        weighing.cancel()
                        await asyncio.gather(weighing, return_exceptions=True)
                finally:
                    await page.close()
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
        except (aiohttp.ClientError, OSError) as error:
            raise BrowserError(f"Chromium does not start or answer: {type(error).__name__}") from error
        finally:
            if process:
                _kill(process.pid)
                await process.wait()
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _start(path: str, folder: str, nowhere: int) -> asyncio.subprocess.Process:
    flags = [*_FLAGS, f"--proxy-server=http://127.0.0.1:{nowhere}", f"--user-data-dir={folder}"]
    if os.geteuid() == 0:
        flags += ["--no-sandbox", "--no-zygote"]  # its sandbox refuses root
    return await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        _WITH_US,
        "sh",
        folder,
        path,
        *flags,
        "about:blank",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": os.environ.get("PATH", ""), "HOME": folder, "LANG": "C.UTF-8"},
    )


async def _settled(process: int) -> int:
    """Return what the browser takes by itself, once all of its processes have begun."""
    weights = [megabytes(process)]
    for _ in range(30):
        await asyncio.sleep(0.1)
        weights.append(megabytes(process))
        if len(weights) > 3 and weights[-1] - weights[-4] < 2:
            break
    return max(weights)


async def _weigh(process: int, own: int, page: Tab) -> None:
    """End the browser where the pages that it shows make it too heavy."""
    over = threading.Event()
    try:
        await asyncio.to_thread(_end_if_heavy, process, own + MOST_GROWTH, page, over)
    finally:
        over.set()


def _end_if_heavy(process: int, most: int, page: Tab, over: threading.Event) -> None:
    """Look in a thread, so that it is seen in time while the loop answers all that a page asks for."""
    scale = Scale(process)
    while not over.wait(0.02):
        if scale.megabytes() > most:
            page.gone = f"the browser took more than {MOST_GROWTH} MB for the target's pages"
            _kill(process)
            return


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


async def _address(process: asyncio.subprocess.Process, folder: Path) -> str:
    """Return the address of its DevTools, which it writes into its profile."""
    said = folder / "DevToolsActivePort"
    for _ in range(int(START_SECONDS / 0.1)):
        if process.returncode is not None:
            raise BrowserError(f"Chromium ended with {process.returncode}")
        lines = said.read_text().split() if said.exists() else []
        if len(lines) >= 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        await asyncio.sleep(0.1)
    raise BrowserError("Chromium did not start in time")
