import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab.app import make_app, serve
from lab.cases import CASES
from lab.client import connect
from lab.proofs import PROOFS
from lab.truth import truth
from lab.world import WORLD

ROOT = Path(__file__).parents[2]


def test_every_case_has_an_exploit_and_no_exploit_is_left_over():
    assert sorted(PROOFS) == sorted(CASES)


@pytest.mark.parametrize("safe", [False, True])
def test_truth_lists_every_case(safe):
    found = truth(safe=safe)
    assert [item["id"].removeprefix(f"{found['name']}-") for item in found["items"]] == list(CASES)
    assert {item["expect"] for item in found["items"]} == {not safe}
    assert sum(found["counts"].values()) == len(CASES)


def test_cases_share_a_path_only_where_they_share_handlers():
    places = {}
    for case in CASES.values():
        here = [(case.method, case.path, (case.vulnerable, case.safe))]
        here += [(route.method, route.path, (route.vulnerable, route.safe)) for route in case.more]
        for method, path, handlers in here:
            assert places.setdefault((method, path), handlers) == handlers, case.name


async def test_it_listens_on_loopback_only():
    async with serve(make_app(safe=True, only=[])) as url:
        port = int(url.rpartition(":")[2])
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        rows += [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
        bound = {
            row[1].rpartition(":")[0]
            for row in rows
            if int(row[1].rpartition(":")[2], 16) == port and row[3] == "0A"
        }
    assert bound == {"0100007F"}


@pytest.mark.parametrize("safe", [False, True])
async def test_crawler_finds_each_listed_case(safe):
    async with serve(make_app(safe=safe)) as url, connect(url) as lab:
        shown = (await lab.get("/")).text + (await lab.send("GET", "/account", user="alice")).text
        shown = re.sub(r"\?[^\"]*", "", shown)
        described = json.loads((await lab.get("/openapi.json")).text)["paths"]
    for case in CASES.values():
        if not case.listed:
            continue
        if case.api:
            assert case.method.lower() in described[case.path], case.name
        else:
            path = case.path
            for key, value in case.sample.items():
                path = path.replace(f"{{{key}}}", str(value))
            assert f'"{path}"' in shown, case.name


async def test_signing_in_and_out(safe):
    wrong = await safe.post("/login", username="alice", password="no")
    right = await safe.post("/login", username="alice", password="alice-pass-1")
    assert (wrong.status, right.status) == (401, 303)
    cookie = {"Cookie": f"session={right.cookies['session']}"}
    assert "Hello alice" in (await safe.send("GET", "/account", headers=cookie)).text
    await safe.send("GET", "/logout", headers=cookie)
    assert (await safe.send("GET", "/account", headers=cookie)).status == 302


async def test_log_counts_requests_by_path():
    async with serve(make_app(safe=True, only=["xss-text"])) as url, connect(url) as lab:
        await lab.get("/find", term="a")
        await lab.get("/find", term="b")
        assert json.loads((await lab.get("/__log")).text) == {"requests": 2, "paths": {"/find": 2}}


async def test_answers_do_not_name_the_case(vulnerable):
    for case in CASES.values():
        if case.method == "GET" and "{" not in case.path and case.needs == "none":
            reply = await vulnerable.send("GET", case.path)
            assert not re.search(r"x-lab|vulnerab", f"{dict(reply.headers)} {reply.text}", re.IGNORECASE), (
                case.name
            )


def test_nothing_stays_in_the_temporary_folder():
    app = make_app(safe=False, only=[])
    folder = app[WORLD].folder
    app[WORLD].close()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "cases"), [(["--safe", "xss-text"], ["xss-text"]), (["--hostile", "waf"], ["waf"])]
)
def test_command_line_prints_one_line_of_json(arguments, cases):
    command = [sys.executable, "-m", "lab", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            said = json.loads(process.stdout.readline())
        finally:
            process.terminate()
    assert said["cases"] == [arguments[1]]
    assert said["url"].startswith("http://127.0.0.1:")


async def test_safe_form_takes_its_own_token(safe):
    signed_in = await safe.post("/login", username="alice", password="alice-pass-1")
    headers = {"Cookie": f"session={signed_in.cookies['session']}"}
    form = (await safe.send("GET", "/account/email", headers=headers)).text
    fields = {"email": "new@example.com", "csrf_token": re.search(r'csrf_token" value="(\w+)"', form)[1]}
    assert "Changed to new@" in (await safe.send("POST", "/account/email", headers=headers, data=fields)).text
