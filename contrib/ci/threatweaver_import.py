#!/usr/bin/env python3
"""Hand a scanner's report in from a pipeline, and end as the gate says: 0 pass, 1 fail, 2 nobody can say.

Needs Python 3.9 and nothing else. The address and the key come from TW_API_URL and TW_API_KEY, so that the
key stands in no command line. The gate is what must not be: filters of the list of vulnerabilities, or the id
of a saved one.

    python3 threatweaver_import.py trivy.json --gate 'severity=CRITICAL,HIGH&notTag=lab'
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

PASS, FAIL, UNSURE = 0, 1, 2
_ENDS = {"pass": PASS, "fail": FAIL, "inconclusive": UNSURE}
_AGAIN = (429, 502, 503, 504)
_PATIENCE = 5  # calls in a row that may go wrong
_COUNTS = ("created", "updated", "reopened", "unchanged", "closed")


class Trouble(Exception):
    """Nobody can say what the report shows; the message says why."""


def main(argv: "list[str] | None" = None) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    try:
        return _run(options)
    except Trouble as trouble:
        _say(f"INCONCLUSIVE: {trouble}")
        return UNSURE


def _run(options: argparse.Namespace) -> int:
    report = Path(options.report)
    if not report.is_file():
        raise Trouble(f"there is no file {report}")
    asked = {"gate": options.gate, "gateOn": options.on, "asset": options.asset}
    asked["dryRun"] = "true" if options.dry_run else ""
    query = urlencode({name: value for name, value in asked.items() if value})
    job = _call("POST", f"/imports?{query}", report)
    end, pause = time.monotonic() + options.minutes * 60, 0.2
    while job["status"] in {"queued", "running"}:
        if time.monotonic() > end:
            raise Trouble(f"not over after {options.minutes:g} minutes: job {job['jobId']}")
        time.sleep(pause)
        pause = min(pause * 1.3, 5)
        job = _call("GET", f"/jobs/{job['jobId']}")
    if job["status"] != "completed":
        raise Trouble(f"the import {job['status']}: {(job.get('error') or {}).get('message', '')}")
    result = job["result"]
    _say(", ".join(f"{result[name]} {name}" for name in _COUNTS))
    if not options.gate:
        return PASS
    verdict = result["gate"]["verdict"]
    _say(f"{verdict.upper()}: {result['gate']['matched']} vulnerabilities match {options.gate}")
    return _ENDS.get(verdict, UNSURE)


class _Later(Exception):
    """The product is busy or away for a moment; `seconds` is when it asks to be called again, or 0."""

    def __init__(self, message: str, seconds: float = 0) -> None:
        super().__init__(message)
        self.seconds = seconds


def _call(method: str, path: str, file: "Path | None" = None) -> "dict[str, Any]":
    """Call, again where it helps. Raises Trouble."""
    key = str(uuid.uuid4())  # what is sent again with it is imported once
    for attempt in range(1, _PATIENCE + 1):
        try:
            return _once(method, path, file, key)
        except _Later as later:
            if attempt == _PATIENCE:
                raise Trouble(str(later)) from None
            time.sleep(min(later.seconds or 2**attempt, 60))
    raise AssertionError("the last attempt returns or raises")


def _once(method: str, path: str, file: "Path | None", key: str) -> "dict[str, Any]":
    url = _needed("TW_API_URL").rstrip("/")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Trouble("TW_API_URL is no http(s) URL")
    headers, called = {"X-API-Key": _needed("TW_API_KEY")}, f"{method} {path.partition('?')[0]}"
    if file is not None:
        headers |= {"Content-Type": "application/octet-stream", "X-Filename": file.name, "Prefer": "wait=30"}
        headers |= {"Content-Length": str(file.stat().st_size), "Idempotency-Key": key}
    with (file or Path(os.devnull)).open("rb") as body:
        data = body if file else None
        request = urllib.request.Request(f"{url}/api{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                said: dict[str, Any] = json.loads(answer.read())
                return said
        except urllib.error.HTTPError as error:
            message = f"{called}: {error.code} {_message(error.read(10_000).decode(errors='replace'))}"
            if error.code in _AGAIN:
                raise _Later(message, float(error.headers.get("Retry-After") or 0)) from None
            raise Trouble(message) from None
        except (OSError, ValueError) as error:
            raise _Later(f"{called}: {error}") from None


def _message(text: str) -> str:
    """Return what an answer says is wrong, with the fields that are."""
    try:
        said = json.loads(text)
        details = (f"{item['field']}: {item['message']}" for item in said.get("details") or ())
        return "; ".join([str(said["message"]), *details])
    except (ValueError, KeyError, TypeError, AttributeError):
        return text[:200]


def _needed(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise Trouble(f"{name} is not set")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="threatweaver-import", description="Hand a report in, and end as the gate says.")
    parser.add_argument("report", help="a scanner's report, plain or gzip; its format is detected")
    parser.add_argument("--gate", default="", help="filters that nothing in the report may match, or an id")
    parser.add_argument("--on", choices=("seen", "new"), default="", help="all it shows, or what it brings")
    parser.add_argument("--asset", default="", help="what the report is about, if it does not say so itself")
    parser.add_argument("--dry-run", action="store_true", help="judge, and change nothing")
    parser.add_argument("--minutes", type=float, default=60, help="how long it may take")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """A wrong command imports nothing: that must not pass for a verdict of 1."""
        self.exit(UNSURE, f"{self.prog}: {message}\n")


def _say(text: str) -> None:
    # What a report says comes into a build's log: no control characters, no commands of the runner.
    sys.stdout.write("".join(c if c.isprintable() else " " for c in text).replace("::", ": :") + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
