"""The formula is data: simulated, replaced, versioned, and refused where it makes no sense."""

from copy import deepcopy

import pytest
from exposure_reports import Host, Item, day, nessus, weaver

PUBLISHED = {
    "weights": {"cvss": 30, "vpr": 25, "epss": 20, "criticality": 15, "age": 5, "exposure": 5},
    "ageSteps": [
        {"fromDay": 0, "factor": 1.0},
        {"fromDay": 8, "factor": 1.2},
        {"fromDay": 31, "factor": 1.5},
        {"fromDay": 91, "factor": 1.8},
        {"fromDay": 181, "factor": 2.0},
    ],
    "exposurePoints": {"internet": 10, "dmz": 5, "internal": 0, "isolated": -5},
    "bands": {"critical": 90, "high": 70, "medium": 40},
}
"""The published one, as it is documented."""


@pytest.fixture(autouse=True)
async def _recounted(space):
    yield
    await space.check()


@pytest.fixture
async def inventory(space):
    items = [
        Item(plugin=1, severity=4, cvss3=9.8, vpr=9.5, epss=0.97),
        Item(plugin=2, severity=3, cvss3=7.5, epss=0.01),
        Item(plugin=3, severity=2, cvss3=5.0),
        Item(plugin=4, severity=0),
    ]
    await space.take(nessus(Host(name="10.0.0.1", items=items, end=day(1))))
    return space


async def done(space, method, path, **options):
    answer = await space.call(method, path, headers={"Prefer": "wait=60"}, **options)
    assert answer.status == 202, answer
    job = await space.finished(answer.body["jobId"])
    assert job["status"] == "completed", job
    return job["result"]


async def ranks(space):
    return {row["pluginId"]: row["riskScore"] for row in await space.vulnerabilities()}


async def test_the_published_formula_holds_first(space):
    found = await space.get("/risk/formula")
    assert {name: found[name] for name in PUBLISHED} == PUBLISHED
    assert (found["version"], found["createdBy"]) == (0, None)
    assert (await space.get("/risk/formula/versions"))["data"] == []


async def test_a_change_does_what_its_simulation_said(inventory):
    space, now = inventory, await ranks(inventory)
    other = deepcopy(PUBLISHED)
    other["weights"] |= {"cvss": 10, "epss": 60, "age": 0}
    told = await done(space, "POST", "/risk/simulate", json=other)
    assert await ranks(space) == now, "a simulation changes nothing"
    result = await done(space, "PUT", "/risk/formula", json={**other, "reason": "EPSS is what counts here"})
    after = await ranks(space)
    assert after == {
        1: round((10 * 98 + 25 * 95 + 60 * 97) / 95),
        2: round((10 * 75 + 60 * 1) / 70),
        3: 50,
        4: 0,
    }
    assert result == {"version": 1, "changed": sum(now[plugin] != after[plugin] for plugin in now)}
    assert told["raised"] == sum(after[plugin] > now[plugin] for plugin in now)
    assert told["lowered"] == sum(after[plugin] < now[plugin] for plugin in now)
    assert {mover["after"] for mover in told["movers"]} == {
        after[plugin] for plugin in now if now[plugin] != after[plugin]
    }
    found = await space.get("/risk/bands")
    assert {row["band"].lower(): row["vulnerabilities"] for row in found["bands"]} == told["after"]
    assert found["version"] == 1
    (version,) = (await space.get("/risk/formula/versions"))["data"]
    assert (version["reason"], version["weights"]) == ("EPSS is what counts here", other["weights"])
    assert await done(space, "POST", "/risk/recalculate") == {"version": 1, "changed": 0}


async def test_what_comes_in_later_is_ranked_by_the_new_formula(inventory):
    other = deepcopy(PUBLISHED)
    other["weights"] |= {"age": 0}
    await done(inventory, "PUT", "/risk/formula", json=other)
    await inventory.take(nessus(Host(name="10.0.0.2", items=[Item(plugin=9, cvss3=6.0)], end=day(2))))
    assert (await ranks(inventory))[9] == 60


def without(path):
    made = deepcopy(PUBLISHED)
    del made[path]
    return made


def changed(group, **values):
    made = deepcopy(PUBLISHED)
    made[group] |= values
    return made


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (without("weights"), "weights"),
        (without("bands"), "bands"),
        (changed("weights", cvss=0), "weights"),
        (changed("weights", vpr=101), "weights"),
        (changed("weights", age=-1), "weights"),
        (changed("weights", other=1), "weights"),
        (changed("exposurePoints", internet=11), "exposurePoints"),
        (changed("bands", critical=70), "bands"),
        ({**PUBLISHED, "ageSteps": []}, "ageSteps"),
        ({**PUBLISHED, "ageSteps": [{"fromDay": 1, "factor": 1}]}, "ageSteps"),
        ({**PUBLISHED, "ageSteps": [{"fromDay": 0, "factor": 1}, {"fromDay": 0, "factor": 2}]}, "ageSteps"),
        ({**PUBLISHED, "ageSteps": [{"fromDay": 0, "factor": "1); DROP TABLE"}]}, "ageSteps"),
        ({**PUBLISHED, "unknown": 1}, "unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize(("method", "path"), [("PUT", "/risk/formula"), ("POST", "/risk/simulate")])
async def test_a_formula_that_makes_no_sense_is_refused(space, method, path, body, field):
    answer = await space.call(method, path, json=body)
    assert (answer.status, answer.body["code"]) == (400, "VALIDATION_ERROR")
    assert {detail["field"].split(".")[0] for detail in answer.body["details"]} == {field}
    assert (await space.get("/risk/formula"))["version"] == 0


async def test_many_assets_at_once(space):
    hosts = [Host(name=f"10.0.0.{n}", items=[Item(cvss3=8.0)], end=day(1)) for n in (1, 2, 3)]
    await space.take(nessus(*hosts))
    body = {"filter": {"search": "10.0.0"}, "criticality": 4, "exposure": "internet"}
    before = await space.snapshot()
    tried = (await space.call("POST", "/assets/bulk-update", json={**body, "dryRun": True})).body
    assert tried == {"dryRun": True, "matched": 3, "changed": 3, "rescored": 3}
    refused = await space.call("POST", "/assets/bulk-update", json={**body, "expectedCount": 2})
    assert (refused.status, refused.body["code"]) == (409, "COUNT_DIFFERS")
    assert (refused.body["expected"], refused.body["matched"]) == (2, 3)
    assert await space.snapshot() == before
    done = (await space.call("POST", "/assets/bulk-update", json={**body, "expectedCount": 3})).body
    assert done == {**tried, "dryRun": False}
    expected = weaver(cvss=80, criticality=80, exposure=100)
    assert {row["riskScore"] for row in await space.walk("/assets", exposure="internet")} == {expected}
    again = (await space.call("POST", "/assets/bulk-update", json=body)).body
    assert again == {"dryRun": False, "matched": 3, "changed": 0, "rescored": 0}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"criticality": 3}, 400),
        ({"filter": {}, "assetIds": ["01a21685-14aa-7df3-9a9c-108bc3af010d"], "criticality": 3}, 400),
        ({"filter": {}}, 400),
        ({"filter": {"nonsense": "1"}, "criticality": 3}, 400),
        ({"filter": {}, "criticality": 6}, 400),
        ({"filter": {}, "exposure": "moon"}, 400),
        ({"assetIds": ["01a21685-14aa-7df3-9a9c-108bc3af010d"], "criticality": 3}, 422),
    ],
    ids=str,
)
async def test_what_cannot_be_said_of_many_is_refused(space, body, status):
    assert (await space.call("POST", "/assets/bulk-update", json=body)).status == status


async def test_plain_words_know_exposure(space):
    await space.take(nessus(Host(name="10.0.0.1", items=[Item(severity=4)], end=day(1))))
    (asset,) = await space.walk("/assets")
    await space.call("PATCH", f"/assets/{asset['id']}", json={"exposure": "internet"})
    body = {"query": "critical unpatched on internet-facing servers"}
    answer = await space.call("POST", "/vulnerabilities/search", json=body)
    assert answer.body["filter"] == {
        "severity": "CRITICAL",
        "state": "open,reopened",
        "exposure": "internet",
    }
    assert len(answer.body["data"]) == 1
