"""A page in headless Chromium, driven over the DevTools protocol with nothing but aiohttp."""

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path

import aiohttp

FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-dev-shm-usage", "--mute-audio"),
    *("--remote-debugging-port=0", "--window-size=1280,1600"),
]


class Page:
    """One tab; what it requested and complained about is in `requests` and `complaints`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._waiting: dict[int, asyncio.Future] = {}
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            event = json.loads(message.data)
            if "id" in event:
                self._waiting.pop(event["id"]).set_result(event)
            elif event["method"] == "Network.requestWillBeSent":
                self.requests.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                self.requests.append(event["params"]["url"])
            elif event["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(event["params"]["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] in {
                "error",
                "warning",
            }:
                self.complaints.append(event["params"]["entry"]["text"])
            elif (
                event["method"] == "Audits.issueAdded"
                and "ContentSecurity" in event["params"]["issue"]["code"]
            ):
                self.complaints.append(json.dumps(event["params"]["issue"]))

    async def send(self, method: str, **parameters):
        self._number += 1
        self._waiting[self._number] = asyncio.get_running_loop().create_future()
        answered = self._waiting[self._number]
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        answer = await asyncio.wait_for(answered, 20)
        assert "error" not in answer, answer
        return answer["result"]

    async def run(self, script: str):
        """The value of a script in the page."""
        answer = await self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, script: str, seconds: float = 15):
        """The first truthy value of a script."""
        async with asyncio.timeout(seconds):
            while not (value := await self.run(script)):  # noqa: ASYNC110 - the page has no event of ours
                await asyncio.sleep(0.1)
        return value

    async def click(self, selector: str) -> None:
        await self.until(f"!!document.querySelector({json.dumps(selector)})")
        await self.run(f"document.querySelector({json.dumps(selector)}).click()")

    async def screenshot(self, path: Path) -> None:
        shot = await self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.asynccontextmanager
async def browser():
    """An empty page in a Chromium of its own."""
    chromium = shutil.which("chromium-headless-shell")
    assert chromium, "run: apt-get install --yes --no-install-recommends chromium-headless-shell"
    profile = Path(tempfile.mkdtemp(prefix="threatweaver-chromium-"))
    quiet = asyncio.subprocess.DEVNULL
    words = [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = await asyncio.create_subprocess_exec(*words, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        port = await _port(profile / "DevToolsActivePort")
        async with aiohttp.ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{port}/json/list") as answer:
                tab = next(item for item in await answer.json() if item["type"] == "page")
            async with client.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                for domain in ("Network", "Page", "Runtime", "Log", "Audits"):
                    await page.send(f"{domain}.enable")
                yield page
                page.reader.cancel()
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # Debian's command is a script that waits for the browser
        await process.wait()
        shutil.rmtree(profile, ignore_errors=True)


async def _port(file: Path) -> int:
    async with asyncio.timeout(30):
        while not (file.exists() and "\n" in file.read_text()):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])
