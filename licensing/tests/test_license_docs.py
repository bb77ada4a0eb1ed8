"""docs/licensing.md says what the code does: its tables are made by it, its examples are run."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from threatweaver_licensing import LicenseError, RevocationsError, State, evaluate, tables
from threatweaver_licensing.claims import _OPTIONAL, _REQUIRED
from threatweaver_licensing.manager.routes import TABLE

PAGE = Path(__file__).parents[2] / "docs" / "licensing.md"
EXAMPLES = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def paths():
    lines = "".join(
        f"| {method} | `{path}` | {scope} | {' '.join((handler.__doc__ or '').split())} |\n"
        for method, path, scope, handler in TABLE
    )
    return f"| Method | Path | Scope | |\n|---|---|---|---|\n{lines}"


GENERATED = {
    "when": tables.when,
    "what works": tables.what_works,
    "license refusals": lambda: tables.refusals(LicenseError),
    "list refusals": lambda: tables.refusals(RevocationsError),
    "paths": paths,
}


@pytest.mark.parametrize("name", GENERATED)
def test_a_table_is_what_the_code_says(name):
    marked = re.compile(rf"(?<=<!-- begin: {name} -->\n)(.*?)(?=<!-- end: {name} -->)", re.DOTALL)
    page, made = PAGE.read_text(encoding="utf-8"), GENERATED[name]()
    if os.environ.get("TWTEST_UPDATE"):
        PAGE.write_text(marked.sub(lambda _: made, page), encoding="utf-8")
    (written,) = marked.findall(PAGE.read_text(encoding="utf-8"))
    assert written == made, "TWTEST_UPDATE=1 writes it anew"


def test_the_tables_know_every_state():
    for state in State:
        assert f"| {state.value} |" in tables.when()
        assert f"| {state.value} |" in tables.what_works()
    assert evaluate(None, now=tables._START).state.value == "UNLICENSED"


def test_every_claim_is_explained():
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`([a-zA-Z]+)`", row)}
    assert explained >= _REQUIRED | _OPTIONAL


def test_the_examples_run(tmp_path):
    if shutil.which("curl") is None:
        pytest.fail("run: apt-get install --yes --no-install-recommends curl")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    blocks = EXAMPLES.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 4
    tool = tmp_path / "bin" / "threatweaver-license"
    tool.parent.mkdir()
    path = os.pathsep.join(sys.path)  # for the tool alone: the examples call another Python as well
    tool.write_text(
        f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m threatweaver_licensing.cli "$@"\n'
    )
    tool.chmod(0o755)
    # An example that fails ends the script, and the service with it.
    script = "set -eu -o pipefail\ntrap 'kill $(jobs -p); wait' EXIT\n" + "\n".join(blocks)
    script = script.replace(":4006", f":{port}").replace("manager serve", f"manager serve --port {port}")
    environment = os.environ | {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout.count("verified"), done.stdout.count('"state": "REVOKED"')) == (4, 1)
    left = {path.name for path in tmp_path.iterdir()}
    assert left >= {"globex.license", "revocations.jwt", "ring.pem", "example-2.license", "keys"}
