"""kill -9 of the worker in the middle of a scan, at random moments: it finds what an undisturbed one finds.

`make nightly` kills it twenty times (TWTEST_SCAN_KILLS).
"""

import os
import random
import sys
import time

import pytest
from e2e_product import start, wait_until
from lab_target import lab

OF_ONE = 4  # kills of one scan
KILLS = int(os.environ.get("TWTEST_SCAN_KILLS", "3"))
SEED = os.environ.get("TWTEST_SCAN_SEED", "7")
AGENTS = ("sql-error", "template-injection", "path-traversal", "reflected-xss", "open-redirect", "os-command")
CASES = ("sqli-error", "xss-text", "xss-attribute", "ssti", "redirect-header", "traversal", "command-output")
YOUNG = 10.5  # seconds; of workers that die younger the product gives up on the fifth in a row
GOES_ON_WITHIN = 90  # seconds: heartbeat timeout, poll, the worker's start, and the lease of the scan
OVER = {"completed", "failed", "cancelled", "inconclusive"}


@pytest.fixture
def target():
    """A vulnerable application in a process of its own."""
    with lab(*CASES) as url:
        yield url


@pytest.fixture
def product(home):
    started = start(home, "--port", "0", TW_APPSEC_ALLOWED_TARGETS="127.0.0.0/8")
    yield started
    assert started.stop() == 0, started.log[-2000:]


class Scans:
    """Scans of one target with one profile, through the API."""

    def __init__(self, product, base) -> None:
        self.product = product
        profile = {"name": "siege", "safe": False, "agents": list(AGENTS), "maxPerSecond": 20}
        self._post("/scan-profiles", profile, 201)
        self.target = self._post("/targets", {"name": "Lab", "baseUrl": base}, 201)["id"]

    def launch(self) -> str:
        body = {"name": "Siege", "targetId": self.target, "profile": "siege"}
        made = self._post("/assessments", body, 201)["id"]
        self._post(f"/assessments/{made}/launch", None, 200)
        return made

    def of(self, made: str) -> dict:
        return self._get(f"/assessments/{made}")["data"]

    def over(self, made: str) -> dict:
        wait_until(lambda: self.of(made)["state"] in OVER, seconds=1_200, what="the scan ends", pause=0.5)
        return self.of(made)

    def found(self, made: str) -> set[tuple[str, str]]:
        rows = self._get(f"/assessments/{made}/findings?limit=200")
        assert rows["meta"]["total"] == len(rows["data"])
        return {(row["fingerprint"], row["severity"]) for row in rows["data"]}

    def goes_on(self, made: str) -> bool:
        """Wait until the scan did something again; whether it is not over."""
        before = self._touched(made)
        wait_until(
            lambda: self._touched(made) != before or self.of(made)["state"] in OVER,
            seconds=GOES_ON_WITHIN,
            what="the scan goes on",
            pause=0.2,
        )
        return self.of(made)["state"] not in OVER

    def _touched(self, made: str) -> str | None:
        return self._get(f"/assessments/{made}/progress")["data"]["touchedAt"]

    def _get(self, path: str) -> dict:
        answer = self.product.get(f"/api/appsec{path}")
        if answer.status_code == 401:  # a token lives for a quarter of an hour
            self.product._token = ""
            answer = self.product.get(f"/api/appsec{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _post(self, path: str, body: dict | None, status: int) -> dict:
        self.product._token = ""
        answer = self.product.request("POST", f"/api/appsec{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"]


def test_scans_whose_worker_is_killed_find_the_same(product, target):
    scans, dice = Scans(product, target), random.Random(SEED)
    undisturbed = scans.launch()
    began = time.monotonic()
    whole = scans.over(undisturbed)
    each = (time.monotonic() - began) / OF_ONE
    assert whole["state"] == "completed", whole
    expected = scans.found(undisturbed)
    assert len(expected) >= len(CASES)
    kills = 0
    while kills < KILLS:
        disturbed, moments = scans.launch(), list[tuple[str, float]]()
        while len(moments) < min(OF_ONE, KILLS - kills) and scans.goes_on(disturbed):
            age = time.time() - product.child("worker").create_time()
            time.sleep(max(0.0, YOUNG - age) + dice.random() * each)
            now = scans.of(disturbed)
            if now["state"] in OVER:
                break
            moments.append((now["state"], now["percent"]))
            product.child("worker").kill()
        again = scans.over(disturbed)
        told = f"killed at {moments}; {whole['requests']} requests became {again['requests']}"
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
        assert moments, "the scan was too quick to be disturbed"
        assert again["state"] == "completed", (again, told)
        assert scans.found(disturbed) == expected, told
        kills += len(moments)
