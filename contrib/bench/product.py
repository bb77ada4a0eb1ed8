"""The real product under measurement: started in a home of its own, driven over HTTP, stopped again."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import processes

from threatweaver.db import embedded

PASSWORD = "correct-horse-battery"
EMAIL = "bench@threatweaver.local"


@dataclass(slots=True, kw_only=True)
class Product:
    """A running `threatweaver up`."""

    home: Path
    url: str
    supervisor: int
    dsn: str
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or 80

    def processes(self) -> dict[str, int]:
        """Name → process id of the serve and worker processes."""
        found = {}
        for template in processes.children(self.supervisor):
            for pid in processes.children(template):
                title, name, *_ = [*processes.command(pid)[0].split(" "), ""]
                if title == "threatweaver:":
                    found[name] = pid
        return dict(sorted(found.items()))

    def servers(self) -> list[int]:
        """Return the process ids that answer HTTP."""
        return [pid for name, pid in self.processes().items() if name.startswith("serve")]

    def postmaster(self) -> int:
        """Return the process id of the embedded PostgreSQL."""
        return int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def call(self, path: str, *, token: str = "", body: Any = None, **headers: str) -> Any:
        """Return the JSON of one request; a file as body is streamed raw. Raises RuntimeError."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, Mapping):
            sent["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        link = http.client.HTTPConnection(*self.address, timeout=600, blocksize=1 << 18)
        try:
            link.request("GET" if body is None else "POST", path, body, sent)
            answer = link.getresponse()
            text = answer.read()
        finally:
            link.close()
        if answer.status >= 300:
            raise RuntimeError(f"{path} answered {answer.status}: {text[:500]!r}")
        return json.loads(text)

    def sign_in(self, email: str = EMAIL) -> str:
        """Return an access token, the same one at the second call."""
        if email not in self.tokens:
            body = {"email": email, "password": PASSWORD}
            self.tokens[email] = self.call("/api/auth/login", body=body)["token"]
        return self.tokens[email]

    def command(self, *arguments: str) -> None:
        """Run a command line of the product against this home."""
        subprocess.run([*_PROGRAM, *arguments], env=environment(self.home), check=True, capture_output=True)

    def add_tenant(self, slug: str) -> str:
        """Create a tenant with an admin and return the admin's token."""
        email = f"{slug}@threatweaver.local"
        self.command("tenant", "create", slug)
        self.command("user", "create", email, "--tenant", slug, "--role", "admin", "--password", PASSWORD)
        return self.sign_in(email)

    def import_report(self, path: Path, token: str, *, gate: str = "") -> dict[str, Any]:
        """Hand a report in, wait until its job is done and return the job. Raises RuntimeError."""
        with path.open("rb") as file:
            job = self.call(
                f"/api/imports?gate={quote(gate)}" if gate else "/api/imports",
                token=token,
                body=file,
                Content_Type="application/octet-stream",
                Content_Length=str(path.stat().st_size),
                X_Filename=path.name,
                Prefer="wait=60",
            )
        while job["status"] in {"queued", "running"}:
            time.sleep(0.05)
            job = self.call(job["statusUrl"], token=token)
        if job["status"] != "completed":
            raise RuntimeError(f"the import ended as {job['status']}: {job.get('error')}")
        return job


_PROGRAM = [sys.executable, "-m", "threatweaver"]


def environment(home: Path) -> dict[str, str]:
    """Ours without the settings of another installation; limits off, for a benchmark is one client."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TW_", "DATABASE_", "JWT_"))
    }
    return {
        **kept,
        "TW_HOME": str(home),
        "TW_PORT": "0",
        "TW_ADMIN_EMAIL": EMAIL,
        "TW_ADMIN_PASSWORD": PASSWORD,
        "TW_RATE_LIMIT": "0",
        "JWT_EXPIRES_IN": "1d",
    }


@contextmanager
def running(
    home: Path, *, serve_processes: int | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Product]:
    """Start the product, wait until every serve process is ready, and stop all of it in the end."""
    variables = environment(home) | dict(settings or {})
    if serve_processes is not None:
        variables["TW_PROCESSES"] = str(serve_processes)
    with (home.parent / "up.log").open("ab") as log:
        begun = log.tell()
        process = subprocess.Popen(
            [*_PROGRAM, "up", "--json"], env=variables, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"the product did not start; see {log.name}")
            server = asyncio.run(embedded.running(home))
            if server is None:
                raise RuntimeError("the embedded PostgreSQL does not run")
            _wait_for_all(Path(log.name), begun, int(variables.get("TW_PROCESSES", os.cpu_count() or 1)))
            yield Product(home=home, url=json.loads(line)["url"], supervisor=process.pid, dsn=server.dsn)
        finally:
            process.terminate()
            process.wait(60)


def _wait_for_all(log: Path, begun: int, count: int) -> None:
    """Wait for the processes after the first: who connects before them is served by that one alone."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        lines = log.read_bytes()[begun:].splitlines()
        serving = {json.loads(line)["process"] for line in lines if b'"event":"serving"' in line}
        if len(serving) >= count:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{len(serving)} of {count} processes serve; see {log}")
