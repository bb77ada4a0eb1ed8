"""Pipelines: steps of the API reference's workflow, and our client, against good, bad and dead targets."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from e2e_product import start
from lab_target import lab

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "contrib" / "ci"
WORKFLOW = CI / "github" / "appsec-scan.yml"
# Of the workflow in seed/api-reference.txt, without leading spaces: the reference was stored without them.
DIGEST = "9244a376f0d5fbf6053ebd5c6a282c6ff64eeae41f01f200c5e268895b8877d7"
TARGET = "https://staging.example.com"
CASES = ("command-output", "sqli-error")
SCOPES = ["appsec:ci:run", "appsec:assessment:read", "appsec:finding:read", "appsec:evidence:read"]
SCOPES += ["exposure:import:write", "kernel:job:read"]
REPORT = """<NessusClientData_v2><Report name="r"><ReportHost name="10.0.0.1">
<ReportItem port="443" svc_name="www" protocol="tcp" severity="4" pluginID="1" pluginName="x"/>
</ReportHost></Report></NessusClientData_v2>"""
NO_HOST = REPORT.partition("<ReportHost")[0] + "</Report></NessusClientData_v2>"


@pytest.fixture(scope="module")
def scanning(shared_home):
    """The product, of which the operator allows to scan this machine; and a key for pipelines."""
    product = start(shared_home, "--port", "0", TW_APPSEC_ALLOWED_TARGETS="127.0.0.0/8")
    try:
        made = product.request("POST", "/api/tokens", json={"name": "pipelines", "scopes": SCOPES})
        assert made.status_code == 201, made.text
        yield product, made.json()["data"]["secret"]
    finally:
        assert product.stop() == 0


def steps(scanning, target, folder):
    """Run the workflow's steps as a runner does; return the exit code and what each printed."""
    product, key = scanning
    text = WORKFLOW.read_text()
    lines = "\n".join(line.strip() for line in text.splitlines())
    assert hashlib.sha256(lines.encode()).hexdigest() == DIGEST, "the workflow was changed"
    said = {"secrets.TW_API_URL": product.url, "secrets.TW_API_KEY": key, "github.ref_name": "main"}
    outputs, told = folder / "outputs", []
    outputs.touch()
    hasty = folder / "bin" / "sleep"  # a minute of the workflow is half a second here
    hasty.parent.mkdir()
    hasty.write_text("#!/bin/sh\nexec /bin/sleep 0.5\n")
    hasty.chmod(0o755)
    environment = {"PATH": f"{hasty.parent}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(outputs)}
    for step in yaml.safe_load(text)["jobs"]["scan"]["steps"]:
        script = step["run"].replace(TARGET, target).replace("seq 1 30", "seq 1 240")
        known = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        found = said | {f"steps.trigger.outputs.{name}": value for name, value in known.items()}
        for name, value in found.items():
            script = script.replace(f"${{{{ {name} }}}}", value)
        assert "${{" not in script
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        told.append(ran.stdout)
        if ran.returncode:
            return ran.returncode, told
    return 0, told


def client(scanning, *arguments, script="threatweaver_ci.py", **settings):
    product, key = scanning
    environment = {"PATH": os.environ["PATH"], "TW_API_URL": product.url, "TW_API_KEY": key} | settings
    command = [sys.executable, str(CI / script), *map(str, arguments)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.returncode, ran.stdout


def test_the_workflow_fails_on_critical_findings(scanning, tmp_path):
    with lab(*CASES) as url:
        code, told = steps(scanning, url, tmp_path)
    assert told[1].splitlines()[-1] == "Scan status: completed"
    assert (code, told[2].splitlines()) == (
        1,
        ["Critical findings: 2", "::error::2 critical security findings discovered"],
    )


def test_the_workflow_passes_what_is_safe(scanning, tmp_path):
    with lab("--safe", *CASES) as url:
        code, told = steps(scanning, url, tmp_path)
    assert (code, told[2].splitlines()) == (0, ["Critical findings: 0"])


def test_the_workflow_does_not_pass_what_is_not_there(scanning, tmp_path):
    with lab(*CASES) as url:
        pass
    code, told = steps(scanning, url, tmp_path)
    assert told[1].splitlines()[-1] == "Scan status: failed"
    assert (code, told[2]) == (22, "")  # curl's: the server refused


@pytest.fixture
def verdict_key(scanning, tmp_path):
    path = tmp_path / "key.pem"
    path.write_text(scanning[0].get("/api/appsec/ci/verdict-key").json()["publicKey"])
    return path


def test_the_client_ends_as_the_verdict_says(scanning, verdict_key, tmp_path):
    files = ("--sarif", tmp_path / "x.sarif", "--junit", tmp_path / "x.xml", "--verify", verdict_key)
    with lab(*CASES) as url:
        code, said = client(scanning, url, "--profile", "api-only", "--branch", "main", *files)
    assert (code, said.splitlines()[-1].split(":")[0]) == (1, "FAIL"), said
    assert sum(line.startswith("CRITICAL new") for line in said.splitlines()) == 2
    sarif = json.loads((tmp_path / "x.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    assert len(sarif["runs"][0]["results"]) >= 2
    assert len(list(ET.parse(tmp_path / "x.xml").iter("failure"))) >= 2


def test_the_client_passes_what_is_safe(scanning, verdict_key):
    with lab("--safe", *CASES) as url:
        code, said = client(scanning, url, "--profile", "api-only", "--verify", verdict_key)
    assert (code, said.splitlines()[-1].split(":")[0]) == (0, "PASS"), said


def test_the_client_does_not_say_that_a_dead_target_is_well(scanning, verdict_key):
    with lab(*CASES) as url:
        pass
    code, said = client(scanning, url, "--verify", verdict_key)
    assert (code, said.splitlines()[-1].split(":")[0]) == (2, "INCONCLUSIVE"), said


def test_a_verdict_signed_by_somebody_else_is_none(scanning, tmp_path):
    made = tmp_path / "other.pem"
    secret = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True)
    public = subprocess.run(
        ["openssl", "pkey", "-pubout"], input=secret.stdout, capture_output=True, check=True
    )
    made.write_bytes(public.stdout)
    with lab("--safe", *CASES) as url:
        code, said = client(scanning, url, "--profile", "passive", "--verify", made)
    assert (code, said.splitlines()[-1]) == (2, "INCONCLUSIVE: the verdict is not signed with this key")


@pytest.mark.parametrize(
    ("arguments", "settings", "why"),
    [
        ([], {}, None),
        ([TARGET], {"TW_API_KEY": ""}, "TW_API_KEY is not set"),
        ([TARGET], {"TW_API_KEY": "tw_nobody"}, "POST /appsec/ci/scan: 401"),
        ([TARGET], {"TW_API_URL": "file:///etc/passwd"}, "TW_API_URL is no http(s) URL"),
        ([TARGET, "--profile", "unheard-of"], {}, "POST /appsec/ci/scan: 422"),
        (
            [TARGET],
            {},
            "INCONCLUSIVE: The scan is inconclusive: Nobody proved that the target may be scanned.",
        ),
    ],
)
def test_what_cannot_be_asked_is_no_verdict(scanning, arguments, settings, why):
    code, said = client(scanning, *arguments, **settings)
    assert code == 2
    assert why is None or why in said, said


def importing(scanning, report, *arguments, **settings):
    return client(scanning, report, *arguments, script="threatweaver_import.py", **settings)


def test_a_report_is_handed_in_and_judged(scanning, tmp_path):
    report = tmp_path / "scan.nessus"
    report.write_text(REPORT)
    gate = "severity=CRITICAL&notSearch=10.9.9.9"
    tried = importing(scanning, report, "--gate", gate, "--dry-run")
    for code, said in (tried, importing(scanning, report, "--gate", gate)):
        counts = "1 created, 0 updated, 0 reopened, 0 unchanged, 0 closed"
        assert (code, said.splitlines()) == (1, [counts, f"FAIL: 1 vulnerabilities match {gate}"])
    assert importing(scanning, report, "--gate", gate, "--on", "new")[0] == 0
    assert importing(scanning, report, "--gate", "severity=LOW")[0] == 0
    assert importing(scanning, report)[0] == 0


@pytest.mark.parametrize(
    ("text", "arguments", "settings", "why"),
    [
        (REPORT, ["--gate", "severty=HIGH"], {}, "gate.severty: Unknown field. Did you mean severity?"),
        (REPORT, ["--on", "old"], {}, ""),
        ("nothing", [], {}, "POST /imports: 422"),
        ("", [], {}, "POST /imports: 4"),
        (NO_HOST, ["--gate", "severity=LOW"], {}, "INCONCLUSIVE: 0 vulnerabilities match"),
        (REPORT, [], {"TW_API_KEY": "tw_nobody"}, "POST /imports: 401"),
        (None, [], {}, "there is no file"),
    ],
)  # fmt: skip
def test_what_nobody_can_say_of_a_report_is_no_verdict(scanning, tmp_path, text, arguments, settings, why):
    report = tmp_path / "scan.nessus"
    if text is not None:
        report.write_text(text)
    code, said = importing(scanning, report, *arguments, **settings)
    assert code == 2
    assert why in said, said
