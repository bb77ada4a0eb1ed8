"""Run wapiti on a target, counting its requests on their way: a peer beside the scanner, not a dependency."""

import asyncio
import itertools
import json
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

CWES = {
    "SQL Injection": 89,
    "Blind SQL Injection": 89,
    "Reflected Cross Site Scripting": 79,
    "Cross Site Scripting": 79,
    "Stored Cross Site Scripting": 79,
    "Stored HTML Injection": 79,
    "HTML Injection": 79,
    "Path Traversal": 22,
    "Command execution": 78,
    "CRLF Injection": 93,
    "Open Redirect": 601,
    "Server Side Request Forgery": 918,
    "XML External Entity": 611,
    "LDAP Injection": 90,
    "Cross Site Request Forgery": 352,
    "Clickjacking Protection": 1021,
    "Content Security Policy Configuration": 693,
    "HTTP Secure Headers": 693,
    "MIME Type Confusion": 693,
    "HttpOnly Flag cookie": 1004,
    "Secure Flag cookie": 614,
    "Backup file": 530,
    "Potentially dangerous file": 538,
    "Weak credentials": 1391,
    "Internal Server Error": 209,
    "Unrestricted File Upload": 434,
}


class Counter:
    """A relay on loopback that counts the request lines that pass it."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port, self.count = host, port, 0
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self.ready.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.server = self.loop.run_until_complete(asyncio.start_server(self._relay, "127.0.0.1", 0))
        self.address = self.server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, outer, count=True), self._pass(inner, writer, count=False))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool) -> None:
        try:
            while data := await reader.read(65_536):
                self.count += data.count(b" HTTP/1.1\r\n") if count else 0
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


def told(extra: list[str], url: str, relayed: str) -> list[str]:
    """Return options for what the scanner is told of a target, too: its API document, and the first login."""
    words = [word for option in extra for word in shlex.split(option)]
    pairs = dict(itertools.pairwise(words))
    options = ["--swagger", pairs["--openapi"].replace(url, relayed)] if "--openapi" in pairs else []
    logins = json.loads(Path(pairs["--login"]).read_text(encoding="utf-8")) if "--login" in pairs else []
    for one in [logins] if isinstance(logins, dict) else logins[:1]:
        if one["kind"] == "form":
            place = one["url"].replace(url, relayed)
            options += ["--form-url", place, "--form-user", one["user"], "--form-password", one["password"]]
    return options


def wapiti_findings(
    command: str, url: str, make: Callable, extra: list[str]
) -> tuple[list, int, float, float, str]:
    """Return its findings, requests, seconds, and no memory (it runs through a relay of its own)."""
    parts = urlsplit(url)
    relay = Counter(parts.hostname or "", parts.port or 80)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "wapiti.json"
        address = f"http://127.0.0.1:{relay.address}{parts.path or '/'}"
        words = [
            *shlex.split(command),
            "-u",
            address,
            "-f",
            "json",
            "-o",
            str(out),
            "--flush-session",
            "-v",
            "0",
        ]
        words += ["--store-session", folder, "--max-scan-time", "900"]
        words += told(extra, url.rstrip("/"), f"http://127.0.0.1:{relay.address}")
        state, report = "", {}
        try:
            subprocess.run(words, check=False, stdout=subprocess.DEVNULL, timeout=1_200)
            report = json.loads(out.read_text(encoding="utf-8"))
        except (subprocess.TimeoutExpired, OSError):  # our own figures are not lost with a peer's
            state = "without a report"
    seconds = time.monotonic() - began
    found = [
        make(
            CWES.get(category, 0),
            one["method"],
            urlsplit(one["path"]).path,
            one["parameter"] or "",
            "HIGH" if one["level"] > 1 else "INFO",
            category,
        )
        for group in ("vulnerabilities", "anomalies")
        for category, ones in report.get(group, {}).items()
        for one in ones
    ]
    return found, relay.count, seconds, 0.0, state
