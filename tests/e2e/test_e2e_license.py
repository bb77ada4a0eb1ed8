"""Licenses in the running product: modules come and go without a lost request; what each state answers."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
import toggled_plugin
from callers import assert_all_answered, calling
from e2e_product import start, wait_until
from licenses import EXPOSURE, KEY, license_of, put_in_force, write_keys

from threatweaver_licensing import Revocation, RevocationList, generate_key, issue_list


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("licensed")
    plugins = toggled_plugin.write(folder / "plugins")
    return {"TW_LICENSE_KEYS": str(write_keys(folder)), "PYTHONPATH": str(plugins), "TW_PROCESSES": "2"}


@pytest.fixture(scope="module")
def licensed(shared_home, settings):
    product = start(shared_home, "--port", "0", **settings)
    wait_until(lambda: product.log.count('"serving"') == 2, seconds=30, what="both processes serve")
    yield product
    assert product.stop() == 0


def answers_of_all(product, path, *, times=24):
    """Ask on as many connections; return the statuses, and which processes gave them, by the log."""
    asked = []
    for _ in range(times):
        answer = product.get(path, headers={"Connection": "close"})
        asked.append((answer.headers["X-Request-Id"], answer.status_code))
    lines = [json.loads(line) for line in product.log.splitlines() if line.startswith("{")]
    of = {line.get("request_id"): line["process"] for line in lines if line.get("event") == "request"}
    return {status for _, status in asked}, {of[number] for number, _ in asked}


def test_a_module_comes_and_goes_everywhere_within_a_second_and_nobody_notices(licensed):
    module = toggled_plugin.MODULE
    with calling(f"{licensed.url}/api/tags", licensed.token()) as callers:
        for here in (False, True, False, True):  # the trial had it
            told = put_in_force(licensed, license_of(EXPOSURE, "appsec", *([module] if here else [])))
            assert (told["starts"], told["stops"]) == ([module] * here, [module] * (not here))
            time.sleep(1.0)
            statuses, processes = answers_of_all(licensed, toggled_plugin.PATH)
            assert (statuses, processes) == ({200 if here else 403}, {"serve-1", "serve-2"})
    assert_all_answered(callers)


def test_jobs_of_a_module_that_is_away_wait_for_it(licensed):
    module = toggled_plugin.MODULE
    put_in_force(licensed, license_of(EXPOSURE, module))
    wait_until(lambda: licensed.get(toggled_plugin.PATH).status_code == 200, seconds=5, what="it is there")
    worker = licensed.child("worker")
    worker.suspend()  # so that the job is still there when its module goes
    try:
        job = licensed.request("POST", toggled_plugin.PATH).json()["jobId"]
        put_in_force(licensed, license_of(EXPOSURE))
    finally:
        worker.resume()
    wait_until(lambda: licensed.log.count('"working"') >= 2, seconds=20, what="the worker knows")
    time.sleep(1)
    put_in_force(licensed, license_of(EXPOSURE, module))
    assert licensed.finished(job, seconds=30)["status"] == "completed"


def test_an_operator_switches_a_module_off_and_on(licensed):
    path = f"/api/modules/{toggled_plugin.MODULE}"
    put_in_force(licensed, license_of())
    off = licensed.request("PUT", path, json={"enabled": False, "reason": "under repair"})
    assert off.status_code == 200, off.text
    wait_until(
        lambda: licensed.get(toggled_plugin.PATH).status_code == 403, seconds=5, what="the module is off"
    )
    wait_until(
        lambda: licensed.get(path).json()["data"]["verdict"] == "disabled", seconds=5, what="it is said"
    )
    assert licensed.request("PUT", path, json={"enabled": True}).status_code == 200
    wait_until(
        lambda: licensed.get(toggled_plugin.PATH).status_code == 200, seconds=5, what="the module is on"
    )


def test_a_tenant_may_be_denied_a_module(licensed):
    tenant = licensed.get("/api/auth/me").json()["tenantId"]
    path = f"/api/modules/{toggled_plugin.MODULE}/tenants/{tenant}"
    assert licensed.request("PUT", path, json={"allowed": False}).status_code == 200
    wait_until(
        lambda: licensed.get(toggled_plugin.PATH).status_code == 403, seconds=8, what="the tenant is denied"
    )
    assert licensed.get("/api/tags").status_code == 200
    assert licensed.request("PUT", path, json={"allowed": True}).status_code == 200
    wait_until(
        lambda: licensed.get(toggled_plugin.PATH).status_code == 200, seconds=8, what="the tenant is allowed"
    )


def state_is(product, state):
    """Wait until every process says so: each looks at the clock once a second."""

    def said():
        found = [requests.get(f"{product.url}/api/license/status", timeout=10).json() for _ in range(12)]
        return {item["state"] for item in found} == {state}

    wait_until(said, seconds=15, what=f"the license is {state}")


def body_of(answer, *names):
    body = answer.json()
    return (answer.status_code, *(body.get(name) for name in names))


STATE = ("code", "state", "canRecover", "recoveryUrl")


def test_grace_lets_reads_pass_and_locked_nothing_but_the_way_back(licensed):
    put_in_force(licensed, license_of(lasts=timedelta(seconds=2), grace_days=7))
    state_is(licensed, "GRACE")
    assert licensed.get("/api/tags").status_code == 200
    refused = licensed.request("POST", "/api/tags", json={"name": "late"})
    assert body_of(refused, *STATE) == (423, "LICENSE_GRACE", "GRACE", True, "/settings/license")
    assert licensed.request("POST", "/api/auth/refresh").status_code != 423

    put_in_force(licensed, license_of(lasts=timedelta(seconds=2), grace_days=0))
    state_is(licensed, "LOCKED")
    for method in ("GET", "POST"):
        refused = licensed.request(method, "/api/tags", json={"name": "x"} if method == "POST" else None)
        assert body_of(refused, *STATE) == (423, "LICENSE_LOCKED", "LOCKED", True, "/settings/license")
        assert refused.json()["error"] == "LICENSE_LOCKED"
    for path in ("/api/admin/settings/license", "/api/license/events", "/api/health/ready", "/api/auth/me"):
        assert licensed.get(path).status_code == 200
    put_in_force(licensed, license_of())
    wait_until(lambda: licensed.get("/api/tags").status_code == 200, seconds=5, what="it is open again")


def test_a_revoked_license_locks_and_one_from_a_drawer_does_not_help(licensed):
    drawer, current = license_of(), license_of()
    in_force = put_in_force(licensed, current)["jti"]
    now = datetime.now(UTC)
    revoked = RevocationList(
        seq=int(now.timestamp()), issued_at=now, entries=(Revocation(jti=in_force, at=now, reason="unpaid"),)
    )
    answer = licensed.request(
        "POST", "/api/license/revocations", json={"revocations": issue_list(revoked, KEY)}
    )
    assert (answer.status_code, answer.json()) == (200, {"revoked": 1})
    state_is(licensed, "REVOKED")
    refused = licensed.get("/api/tags")
    assert body_of(refused, *STATE) == (423, "LICENSE_LOCKED", "REVOKED", False, "/settings/license")
    for old in (drawer, current):
        answer = licensed.request("POST", "/api/license/import", json={"license": old})
        assert answer.status_code == 422
        assert answer.json()["reason"] in {"LICENSE_BEFORE_REVOCATION", "LICENSE_REVOKED"}
    put_in_force(licensed, license_of(issued_at=datetime.now(UTC) + timedelta(seconds=1)))
    wait_until(lambda: licensed.get("/api/tags").status_code == 200, seconds=5, what="it is open again")


def test_what_happened_is_kept_and_what_will_happen_is_told(licensed):
    kinds = {row["kind"] for row in licensed.get("/api/license/events?limit=100").json()["data"]}
    assert {"imported", "refused", "revocations_imported"} <= kinds
    day = (datetime.now(UTC) + timedelta(days=200)).date().isoformat()
    assert licensed.get(f"/api/license/forecast?date={day}").json()["state"] == "LOCKED"
    seats = licensed.get("/api/license/check-seats").json()
    assert (seats["licensed"], seats["exceeded"]) == (200, False)


def test_an_installation_without_a_license_is_activated_without_signing_in(fresh_home, settings):
    product = start(fresh_home, "--port", "0", **settings, TW_TRIAL="off")
    try:
        status = requests.get(f"{product.url}/api/license/status", timeout=10).json()
        assert (status["state"], status["modules"]) == ("UNLICENSED", [])
        assert body_of(product.get("/api/tags"), "code", "moduleId") == (403, "MODULE_DISABLED", EXPOSURE)
        url = f"{product.url}/api/license/activate"
        forged = requests.post(url, json={"license": license_of(key=generate_key())}, timeout=10)
        assert (forged.status_code, forged.json()["reason"]) == (422, "LICENSE_UNKNOWN_KEY")
        done = requests.post(url, json={"license": license_of()}, timeout=10)
        assert (done.status_code, done.json()["starts"]) == (200, ["appsec", "toggled", EXPOSURE])
        wait_until(lambda: product.get("/api/tags").status_code == 200, seconds=10, what="modules are there")
        again = requests.post(url, json={"license": license_of()}, timeout=10)
        assert (again.status_code, again.json()["code"]) == (409, "ALREADY_LICENSED")
    finally:
        assert product.stop() == 0
