"""The command: exit codes, reports in every format, and logins from a file."""

import asyncio
import functools
import gzip
import json
import os
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from pypdf import PdfReader
from small_target import HANDLERS
from test_scan import Accounts
from warm import Warm

from threatweaver_appsec.engine.agent import Operation, Proof
from threatweaver_appsec.engine.catalog import PROFILES, all_agents
from threatweaver_appsec.engine.events import State
from threatweaver_appsec.engine.findings import Hit, finding_of
from threatweaver_appsec.engine.login_file import logins_of
from threatweaver_appsec.engine.messages import Exchange, Request, Response
from threatweaver_appsec.engine.reports import FORMATS
from threatweaver_appsec.engine.reports.plain import summary
from threatweaver_appsec.engine.reports.result import Result

PACKAGE = str(Path(__file__).parents[3])


@functools.cache
def warm():
    """The process that commands are forked from; it ends with this one."""
    return Warm("threatweaver_appsec.__main__:main", "threatweaver_appsec.engine.reports.pdf")


async def command(*words):
    """Run a command as a process of its own: exit code, standard output, standard error."""
    argv = ["threatweaver_appsec", *map(str, words)]
    done = await asyncio.to_thread(warm().run, argv, env=os.environ)
    return done.returncode, done.stdout, done.stderr


QUICK = ("--allow-private", "--only", "reflected-xss", "--max-seconds", "60", "--rate", "1000")


async def test_it_is_started_by_the_name_of_its_package():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([PACKAGE, os.environ.get("PYTHONPATH", "")])}
    words = [sys.executable, "-m", "threatweaver_appsec", "scan", "ftp://a.test"]
    running = await asyncio.create_subprocess_exec(*words, env=environment, stderr=asyncio.subprocess.PIPE)
    _, problems = await running.communicate()
    assert (running.returncode, problems.count(b"\n")) == (2, 1), problems


async def test_findings_end_with_one_and_a_report(serve, tmp_path):
    base = await serve(HANDLERS)
    out = tmp_path / "report.json"
    code, said, problems = await command("scan", base, *QUICK, "--out", out, "--state", tmp_path / "state")
    assert code == 1, problems
    assert "HIGH" in said
    assert "attacking" in problems
    report = json.loads(out.read_text())
    assert {(one["agent"], one["template"]) for one in report["findings"]} == {("reflected-xss", "/echo")}
    again, _, _ = await command("scan", base, *QUICK, "--out", out, "--state", tmp_path / "state")
    assert again == 1
    assert json.loads(out.read_text())["findings"] == report["findings"]


async def test_outdated_components_by_a_file_of_advisories(serve, page, tmp_path):
    base = await serve({"GET /": page("<script src=/js/jquery-1.8.3.min.js></script>")})
    affected = {
        "package": {"ecosystem": "npm", "name": "jquery"},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.9.0"}]}],
    }
    packed = gzip.compress(json.dumps({"id": "GHSA-1", "affected": [affected]}).encode())
    file = tmp_path / "osv.jsonl.gz"
    file.write_bytes(packed)
    words = ("scan", base, "--allow-private", "--only", "outdated-component", "--rate", "1000", "--quiet")
    code, said, problems = await command(*words, "--osv", file)
    assert (code, "jquery 1.8.3 has known vulnerabilities" in said) == (1, True), problems
    file.write_bytes(packed[:-12])
    code, _, problems = await command(*words, "--osv", file)
    assert (code, "is no whole gzip file" in problems) == (2, True)


async def test_a_clean_target_ends_with_zero_and_a_dead_one_with_two(serve, tmp_path):
    base = await serve({"GET /": HANDLERS["GET /safe"]})
    out = tmp_path / "report.pdf"
    assert (await command("scan", base, *QUICK, "--quiet", "--format", "pdf", "--out", out))[0] == 0
    assert "completed" in PdfReader(out).pages[0].extract_text()
    code, _, problems = await command("scan", base, *QUICK, "--format", "pdf")
    assert (code, problems) == (2, "--format pdf needs --out\n")
    code, said, _ = await command("scan", "http://127.0.0.1:1", *QUICK, "--quiet")
    assert (code, "does not answer" in said) == (2, True)
    code, said, _ = await command("scan", base, "--only", "reflected-xss", "--quiet")
    assert (code, "may not be asked" in said) == (2, True)  # loopback, not allowed
    assert (await command("scan", "ftp://a.test"))[0] == 2


async def test_logins_come_from_a_file(serve, tmp_path):
    base = await serve(Accounts().handlers())
    login = tmp_path / "login.json"
    told = {
        "kind": "cookie",
        "name": "ann",
        "key": "sid",
        "value": "wrong-one",
        "check": {"url": f"{base}/me"},
    }
    login.write_text(json.dumps([told]))
    code, said, _ = await command("scan", base, *QUICK, "--login", login, "--quiet")
    assert (code, "login of ann failed" in said) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[1]",
        b'[{"kind": "x"}]',
        b'[{"kind": "form", "nme": 1}]',
        b'[{"kind": "bearer", "name": "a"}]',
        b'[{"kind": "bearer", "name": "a", "value": "b"}, {"kind": "bearer", "name": "a", "value": "c"}]',
        b'[{"kind": "bearer", "name": "a", "value": "b", "check": {"url": "x", "signed_in": "("}}]',
        b'[{"kind": "recorded", "name": "a", "steps": [1]}]',
    ],
)
def test_a_file_that_tells_no_login_is_refused(text):
    with pytest.raises(ValueError):
        logins_of(text)


def test_agents_have_names_of_their_own_and_profiles_choose_them():
    names = [agent.about.id for agent in all_agents()]
    assert len(names) == len(set(names)) >= 40
    assert set(PROFILES) == {"quick", "full", "api-only", "passive"}


def result_of():
    request = Request("GET", "http://a.test/x?q=%3Cscript%3E")
    exchange = Exchange(request, Response(200, (), b"<script>\x00\x1b[2J", 0.1))
    agent = all_agents()[0]
    proof = Proof("It says <script>alert(1)</script>\x1b[2J\x00", "<img src=x>]]>", (exchange,))
    finding = finding_of(
        Hit(agent.about, proof, Operation(request, exchange, "x")), base="http://a.test", at=0
    )
    result = Result("http://a.test", "7", State.INCONCLUSIVE, "it went away <b>")
    result.coverage = {"agents": [{"agent": agent.about.id}], "operations": [], "not_tested": []}
    result.sort({"f": finding})
    return result


def test_reports_hold_what_targets_write():
    texts = {name: make(result_of()) for name, make in FORMATS.items()}
    assert json.loads(texts["json"])["state"] == "inconclusive"
    assert json.loads(texts["har"])["log"]["entries"][0]["response"]["status"] == 200
    suite = ET.fromstring(texts["junit"])
    assert (suite.get("failures"), suite.get("errors"), len(suite)) == ("1", "1", 2)
    run = json.loads(texts["sarif"])["runs"][0]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == run["results"][0]["ruleId"]
    assert "<script>" not in texts["html"]
    assert "<b> " not in texts["html"]
    assert "\x1b" not in summary(result_of())
