"""The OpenAPI document: valid, complete, good enough to generate clients from, and true."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import e2e_product as products
import pytest
import requests

HERE = Path(__file__).parent
SCHEMATHESIS_SECONDS = 900  # against hanging; on a free machine of two cores it takes some two minutes

# Answers that are files: this generator is told so for each media type.
FILES = dict.fromkeys(
    ("application/zip", "application/jsonl", "application/samlmetadata+xml"), "application/octet-stream"
)


@pytest.fixture(scope="module")
def document(product):
    return requests.get(f"{product.url}/api-docs/swagger.json", timeout=20).json()


def operations(document):
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def run(
    *command, cwd: Path, timeout: float = 120, inherited: Mapping[str, str] = os.environ, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_document_is_valid(document):
    from openapi_spec_validator import validate  # takes seconds, which no other process need spend

    assert document["openapi"].startswith("3.0.")
    validate(document)


def test_every_operation_says_what_a_caller_must_know(document):
    found = operations(document)
    assert len(found) >= 40
    names = [operation["operationId"] for _, operation in found]
    assert len(names) == len(set(names))
    for where, operation in found:
        assert re.fullmatch(r"[A-Z].*\.", operation["summary"]), where
        assert operation["tags"], where
        assert any(status[0] in "23" for status in operation["responses"]), where  # signing in redirects
        assert {"400", "429", "500", "503"} <= set(operation["responses"]), where
        if operation["security"]:
            assert "401" in operation["responses"], where
        for status, response in operation["responses"].items():
            if status >= "400":
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, (where, status)


def test_every_documented_query_parameter_is_known_to_its_route(product, document, imported):
    """A name that the document spells differently is refused as unknown."""
    asset = product.get("/api/assets?limit=1").json()["data"][0]["id"]
    values = {"uuid": asset, "cve": "CVE-2024-0001", "id": "19506"}
    asked = 0
    for path, methods in document["paths"].items():
        operation = methods.get("get", {})
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "query":
                continue
            url = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], str(uuid4())), path)
            answer = product.get(url, params={parameter["name"]: "a"})
            assert "Unknown field" not in answer.text, (path, parameter["name"], answer.text)
            asked += 1
    assert asked > 50


def test_typescript_client_compiles_strictly(product, clients, tmp_path):
    (tmp_path / "node_modules").symlink_to(clients / "node_modules")
    tools = clients / "node_modules" / ".bin"
    source = f"{product.url}/api-docs/swagger.json"
    # The command of the API reference, with a file as output.
    command = [tools / "orval", "--input", source, "--output", "./src/api-client.ts", "--client", "axios"]
    made = run(*command, cwd=tmp_path)
    assert made.returncode == 0, made.stdout + made.stderr
    client = tmp_path / "src" / "api-client.ts"
    assert "vulnerabilitiesListVulnerabilities" in client.read_text()
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext"]
    checked = run(tools / "tsc", *options, client, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout[-3000:]


_LISTS_VULNERABILITIES = """
import sys
from threat_weaver_api_client import AuthenticatedClient
from threat_weaver_api_client.api.vulnerabilities import vulnerabilities_list_vulnerabilities as operation

with AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2]) as client:
    page = operation.sync(client=client, severity="CRITICAL,HIGH", limit=3)
    print(page.meta.total, [item.severity for item in page.data], page.data[0].first_seen.tzinfo)
"""


def _python_generator(cache: Path) -> Path:
    """An environment of its own: the generator needs an older typer than the product."""
    lock = HERE / "clients" / "python-client.lock"
    home = cache / "openapi-python-client"
    done = home / "installed.lock"
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=60)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
        install = [*pip, "--python", home / "bin" / "python", "install", "--no-compile", "--require-hashes"]
        made = run(*install, "-r", lock, cwd=home, timeout=240)
        assert made.returncode == 0, made.stderr[-2000:]
        shutil.copy(lock, done)
    return home / "bin"


def test_python_client_lists_vulnerabilities(product, imported, document, cache, tmp_path):
    tools = _python_generator(cache)
    source = f"{product.url}/api-docs/swagger.json"
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"content_type_overrides": FILES}))
    command = [tools / "openapi-python-client", "generate", "--url", source, "--meta", "none"]
    command += ["--config", config]
    made = run(
        *command,
        "--output-path",
        "threat_weaver_api_client",
        "--fail-on-warning",
        cwd=tmp_path,
        PATH=f"{tools}{os.pathsep}{os.environ['PATH']}",
    )
    assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
    arguments = ["-c", _LISTS_VULNERABILITIES, product.url, product.token()]
    ran = run(tools / "python", *arguments, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    expected = product.get("/api/vulnerabilities?severity=CRITICAL,HIGH&limit=3").json()
    assert ran.stdout.startswith(f"{expected['meta']['total']} ")
    assert [item["severity"] for item in expected["data"]] == re.findall("CRITICAL|HIGH", ran.stdout)
    assert ran.stdout.strip().endswith(("UTC", "tzutc()"))


@pytest.fixture(scope="module")
def fuzzed(started_home, report):
    """A product of its own: what is tried on it as an administrator changes its settings."""
    path = products.new_home(started_home)
    try:
        started = products.start(path)
        assert started.upload(report(hosts=10, findings=200), wait=60).json()["status"] == "completed"
        yield started
        assert started.stop() == 0
    finally:
        products.remove_home(path)


def of_bearer(product, path, token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{product.url}/api{path}", headers=headers, timeout=20)


@pytest.fixture(scope="module")
def stand_in(fuzzed):
    """Somebody who is changed, and whose session is ended, in place of whoever asks."""
    return identity(fuzzed, fuzzed.token_of("compliance_officer"))


def identity(product, token):
    """The person and the session of a token."""
    sessions = of_bearer(product, "/auth/me/sessions", token).json()["data"]
    own = next(session["id"] for session in sessions if session["current"])
    return of_bearer(product, "/auth/me", token).json()["id"], own


def accepted(answers: Path, role: str):
    """How many operations this role tried, and which of them were answered with 2xx at least once."""
    lines = [line.split(" ", 2) for line in answers.read_text().splitlines()]
    tried = [(status, label) for who, status, label in lines if who == role]
    return {label for _, label in tried}, {label for status, label in tried if status.startswith("2")}


def _config(folder: Path) -> Path:
    """The configuration; each operation meets all phases where TWTEST_SCHEMATHESIS is `whole`."""
    text = (HERE / "schemathesis.toml").read_text()
    if os.environ.get("TWTEST_SCHEMATHESIS") == "whole":
        text = text.replace("phases.coverage.enabled = false", "").replace("examples = 3", "examples = 30")
    path = folder / "schemathesis.toml"
    path.write_text(text)
    return path


def test_schemathesis_finds_nothing(fuzzed, stand_in, tmp_path):
    """No 5xx and no answer outside the document; schemathesis.toml says what is set aside, and why."""
    token, viewer = fuzzed.token(), fuzzed.token_of("viewer")
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", _config(tmp_path)]
    command += ["run", f"{fuzzed.url}/api-docs/swagger.json", "-H", f"Authorization: Bearer {token}"]
    answers = tmp_path / "answers.txt"
    settings = {
        "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
        "SCHEMATHESIS_SPARED": json.dumps(dict(zip(identity(fuzzed, token), stand_in, strict=True))),
        "SCHEMATHESIS_VIEWER": viewer,
        "SCHEMATHESIS_ANSWERS": str(answers),
        "PYTHONWARNINGS": "ignore",
    }
    # No more than these: each request would look through all variables for proxies.
    few = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    ran = run(*command, cwd=tmp_path, timeout=SCHEMATHESIS_SECONDS, inherited=few, **settings)
    still = of_bearer(fuzzed, "/auth/me", token)
    assert still.status_code == 200, f"what followed was asked by nobody: {still.text}"
    said = ran.stdout.partition("FAILURES")[2] or ran.stdout + ran.stderr
    failed = "\n".join(line for line in fuzzed.log.splitlines() if '"request_failed"' in line)
    assert ran.returncode == 0, f"{said[:4000]}\n{failed[:6000]}"
    for role, share in (("admin", 0.6), ("viewer", 0.15)):
        tried, done = accepted(answers, role)
        print(f"{role}: {len(done)} of {len(tried)} operations did what they are for")  # noqa: T201
        assert len(tried) >= 100
        assert len(done) >= share * len(tried), sorted(tried - done)
    assert fuzzed.get("/api/health/ready").status_code == 200
    assert not failed
