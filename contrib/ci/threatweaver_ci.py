#!/usr/bin/env python3
"""Scan a target from a pipeline, and end as the verdict says: 0 pass, 1 fail, 2 nobody can say.

Needs Python 3.9 and nothing else; `--verify` also needs openssl 3. The address and the key come from
TW_API_URL and TW_API_KEY, so that the key stands in no command line.

    python3 threatweaver_ci.py https://staging.example.com --profile api-only --sarif appsec.sarif
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
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


class Trouble(Exception):
    """Nobody can say whether the target is well; the message says why."""


class Api:
    """The product's API, as the owner of a key."""

    def __init__(self, url: str, key: str) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise Trouble("TW_API_URL is no http(s) URL")
        self._url, self._key = url.rstrip("/"), key

    def call(self, method: str, path: str, body: "dict[str, Any] | None" = None) -> bytes:
        """Call, again where the product is busy or away for a moment. Raises Trouble."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": self._key, "Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())  # what is asked again begins no second scan
        for attempt in range(1, _PATIENCE + 1):
            request = urllib.request.Request(f"{self._url}/api{path}", data, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                said = error.read(10_000).decode(errors="replace")
                if error.code not in _AGAIN or attempt == _PATIENCE:
                    raise Trouble(f"{method} {path}: {error.code} {_message(said)}") from None
                wait = float(error.headers.get("Retry-After") or 2**attempt)
            except OSError as error:
                if attempt == _PATIENCE:
                    raise Trouble(f"{method} {path}: {error}") from None
                wait = 2.0**attempt
            time.sleep(min(wait, 60))
        raise AssertionError("the last attempt returns or raises")

    def json(self, method: str, path: str, body: "dict[str, Any] | None" = None) -> "dict[str, Any]":
        """Call, and read the answer. Raises Trouble."""
        answer = json.loads(self.call(method, path, body))
        if not isinstance(answer, dict):
            raise Trouble(f"{method} {path}: not what was asked for")
        return answer


def _message(said: str) -> str:
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return said[:200]


def main(argv: "list[str] | None" = None) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    try:
        return _run(Api(_needed("TW_API_URL"), _needed("TW_API_KEY")), options)
    except Trouble as trouble:
        _say(f"INCONCLUSIVE: {trouble}")
        return UNSURE


def _run(api: Api, options: argparse.Namespace) -> int:
    order = {"targetUrl": options.target, "profile": options.profile, "branch": options.branch}
    order |= {"commit": options.commit} if options.commit else {}
    order |= {"policyId": options.policy} if options.policy else {}
    scan = str(api.json("POST", "/appsec/ci/scan", order)["scanId"])
    _say(f"Scan {scan} of {options.target}")
    _wait(api, scan, options.minutes)
    verdict = api.json("GET", f"/appsec/ci/verdict/{scan}")
    if options.verify:
        _verify(verdict, Path(options.verify), scan)
    results = api.json("GET", f"/appsec/ci/results/{scan}?inconclusive=true")
    for found in results["findings"]:
        if not found["suppressed"]:
            mark = "new  " if found["new"] else "known"
            _say(f"{found['severity']:<8} {mark} {found['title']}: {found['place']} {found['parameter']}")
    for form in ("sarif", "junit"):
        if path := getattr(options, form):
            asked = urlencode({"format": form})
            Path(path).write_bytes(api.call("GET", f"/appsec/reports/{scan}?{asked}"))
    _say(f"{str(verdict['verdict']).upper()}: {'; '.join(verdict['reasons'])}")
    return _ENDS.get(verdict["verdict"], UNSURE)


def _wait(api: Api, scan: str, minutes: float) -> None:
    """Return once a scan is over. Raises Trouble, and cancels it, when that takes longer than it may."""
    end, last, pause = time.monotonic() + minutes * 60, "", 0.5
    while True:
        said = api.json("GET", f"/appsec/ci/status/{scan}")
        if said["state"] != last:
            last = said["state"]
            _say(f"{said['percent']:3.0f} % {last}")
        if said["status"] in {"completed", "failed"}:
            return
        if time.monotonic() > end:
            api.call("POST", f"/appsec/ci/scans/{scan}/cancel")
            raise Trouble(f"not over after {minutes:g} minutes; it was canceled")
        time.sleep(pause)
        pause = min(pause * 1.3, 10)


def _verify(verdict: "dict[str, Any]", key: Path, scan: str) -> None:
    """See that the verdict is on this scan and signed with a key that was fetched before. Raises Trouble."""
    payload = base64.b64decode(verdict["payload"])
    with tempfile.TemporaryDirectory() as folder:
        files = {"payload": payload, "signature": base64.b64decode(verdict["signature"])}
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin"]
        command += ["-in", f"{folder}/payload", "-sigfile", f"{folder}/signature"]
        done = subprocess.run(command, capture_output=True, check=False)
    said = json.loads(payload)
    if done.returncode != 0:
        raise Trouble("the verdict is not signed with this key")
    if (said["scanId"], said["verdict"]) != (scan, verdict["verdict"]):
        raise Trouble("the signature is of another verdict")


def _needed(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise Trouble(f"{name} is not set")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="threatweaver-ci", description="Scan a target, and end as the verdict says.")
    parser.add_argument("target", help="URL of what was deployed")
    parser.add_argument("--profile", default="quick", help="quick, full, api-only, passive or one of yours")
    parser.add_argument("--branch", default="")
    parser.add_argument("--commit", default="")
    parser.add_argument("--policy", metavar="ID", help="a gate policy; without, the default one")
    parser.add_argument("--minutes", type=float, default=60, help="how long it may take")
    parser.add_argument("--verify", metavar="KEY.pem", help="check the verdict's signature with this key")
    parser.add_argument("--sarif", metavar="FILE", help="write the findings for code scanning")
    parser.add_argument("--junit", metavar="FILE", help="write the findings as test results")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """A wrong command scans nothing: that must not pass for a verdict of 1."""
        self.exit(UNSURE, f"{self.prog}: {message}\n")


def _say(text: str) -> None:
    # What a target says comes into a build's log: no control characters, no commands of the runner.
    sys.stdout.write("".join(c if c.isprintable() else " " for c in text).replace("::", ": :") + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
