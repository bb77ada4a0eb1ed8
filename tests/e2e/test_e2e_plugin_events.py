"""A plugin that reacts to another one's events, on the running product, through the death of a worker."""

import time

import pytest
from e2e_product import start, wait_until
from written_plugin import write

MANIFEST = """
module_id = "echo"
prefixes = ["/echo"]
kernel_api = ">=1.0,<2"
requires = ["exposure"]
"""
PLUGIN = """
import asyncio
from datetime import timedelta

from threatweaver.sdk import JobRun, SubscriberTable, connection, hookimpl
from threatweaver_exposure.events import ImportCompleted

table = SubscriberTable()


@table.on(ImportCompleted, "echo.tag_import", timeout=timedelta(minutes=1))
async def tag_import(run: JobRun, event: ImportCompleted) -> None:
    \"\"\"Leave a tag that tells of the import. Safe to run twice.\"\"\"
    await connection().execute(
        "INSERT INTO exposure_tag VALUES (gen_random_uuid(), $1, '#000000', now()) ON CONFLICT DO NOTHING",
        f"{event.import_id} {event.created}",
    )
    if run.attempt == 1:
        await asyncio.sleep(60)


@hookimpl
def event_subscribers() -> list[SubscriberTable]:
    return [table]
"""


@pytest.fixture
def product(home, tmp_path):
    write(tmp_path, "echo", {"__init__.py": "", "manifest.toml": MANIFEST, "plugin.py": PLUGIN})
    running = start(home, "--port", "0", PYTHONPATH=str(tmp_path))
    yield running
    assert running.stop() == 0
    running.assert_nothing_left()


def delivery(product):
    rows = product.get("/api/jobs").json()["data"]
    return next((row for row in rows if row["kind"] == "echo.tag_import"), None)


def tags(product):
    return [row["name"] for row in product.get("/api/tags").json()["data"]]


def test_an_event_is_delivered_though_the_worker_dies_over_it(product, report):
    answer = product.upload(report(hosts=2, findings=20), wait=30)
    result = answer.json()["result"]
    first = wait_until(lambda: delivery(product), seconds=20, what="the event is on its way")
    wait_until(lambda: delivery(product)["status"] == "running", seconds=20, what="it is being delivered")
    time.sleep(0.3)  # into the subscriber's transaction
    assert tags(product) == []
    product.child("worker").kill()
    done = product.finished(first["jobId"], seconds=60)
    assert (done["status"], done["attempts"]) == ("completed", 2)
    assert tags(product) == [f"{result['importId']} {result['created']}"]
    assert product.upload(report(hosts=2, findings=20), wait=30).json()["result"]["created"] == 0
