"""Advisories say which of their ids is which CVE: findings that name one each are one flaw by recipe 2."""

import json

import pytest

CVE = "CVE-2024-1000"
GHSA = "GHSA-aaaa-bbbb-cccc"
PYSEC = "PYSEC-2024-1"
APPLY = "/vulnerabilities/identity-recipes/apply"


def audit(*ids):
    """A report of pip-audit on one package."""
    vulns = [{"id": one, "fix_versions": ["3"], "aliases": []} for one in ids]
    return json.dumps({"dependencies": [{"name": "jinja2", "version": "2.0", "vulns": vulns}]}).encode()


async def joined(space):
    """The checks of the flaw of each vulnerability."""
    rows = {row["id"]: row for row in await space.vulnerabilities()}
    return {row["check"]: {rows[other]["check"] for other in (i, *row["sameAs"])} for i, row in rows.items()}


async def apply(space):
    answer = await space.call("POST", APPLY, json={"recipe": 2})
    assert (await space.finished(answer.body["jobId"]))["status"] == "completed"


@pytest.mark.parametrize("snapshot_first", [True, False])
async def test_ids_that_an_advisory_calls_one_are_one_flaw(desk, snapshot_first):
    space = desk.space
    await apply(space)
    said = desk.pack("osv", [{"id": GHSA, "aliases": [CVE, PYSEC]}])
    if snapshot_first:
        await desk.take(said)
    await space.take(audit(CVE, GHSA, PYSEC), name="project.json")
    if not snapshot_first:
        assert (await joined(space))[GHSA] == {GHSA}
        await desk.take(said)
    assert await joined(space) == {one: {CVE, GHSA, PYSEC} for one in (CVE, GHSA, PYSEC)}
    await space.check()
    rows = {row["check"]: row["id"] for row in await space.vulnerabilities()}
    told = await space.get(f"/vulnerabilities/{rows[PYSEC]}/identity")
    assert {"name": "advisory", "value": CVE} in told["flaw"]["fields"]


async def test_what_the_next_snapshot_does_not_say_is_parted_again(desk):
    space = desk.space
    await apply(space)
    await desk.take(desk.pack("osv", [{"id": GHSA, "aliases": [CVE]}]))
    await space.take(audit(CVE, GHSA), name="project.json")
    assert (await joined(space))[CVE] == {CVE, GHSA}
    await desk.take(desk.pack("osv", [{"id": GHSA, "aliases": ["CVE-2024-2000"]}]))
    assert (await joined(space))[CVE] == {CVE}
    await space.check()
