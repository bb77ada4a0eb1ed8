"""Ten thousand rows, paged by cursor while imports add, change and close others: each comes once."""

import asyncio
from collections import Counter

import pytest
from exposure_reports import Host, Item, day, nessus

HOSTS, EACH, IMPORTS = 200, 50, 4


def fleet(at, *, numbers, severity=2, shift=0):
    """A scan of some hosts; `shift` lets it find other checks, so that some are new and some are gone."""
    return nessus(
        *(
            Host(
                name=f"10.{n // 250}.{n % 250}.1",
                items=[Item(plugin=shift + i, severity=severity, output=None) for i in range(1, EACH + 1)],
                end=day(at),
            )
            for n in numbers
        ),
        checks=range(1, 2 * EACH),
    )


@pytest.fixture(scope="module")
async def big(make_space):
    space = await make_space()
    result = await space.take(fleet(1, numbers=range(HOSTS)))
    assert result["created"] == HOSTS * EACH
    return space


@pytest.mark.parametrize("sort", ["firstSeen", "-riskScore"])
async def test_each_row_that_stays_comes_once(big, sort):
    """By the first sighting, which never changes, all of them; by the risk, all that no import touched."""
    before = {row["id"] for row in await big.follow("/vulnerabilities", limit=500, state="all")}
    run = len(await big.walk("/imports"))
    cursor = began = (await big.get("/changes", cursor="now"))["nextCursor"]
    jobs = [
        await big.submit(fleet(run + at, numbers=range(at * 5), severity=(run + at) % 5, shift=7 * run + at))
        for at in range(1, IMPORTS + 1)
    ]
    importing = asyncio.gather(*(big.finished(job, seconds=180) for job in jobs))
    passes, disturbed = [], 0
    while not importing.done():
        rows = await big.follow("/vulnerabilities", limit=500, state="all", sort=sort)
        passes.append(Counter(row["id"] for row in rows))
        behind, cursor = cursor, (await big.get("/changes", cursor="now"))["nextCursor"]
        disturbed += cursor != behind
    assert {job["status"] for job in await importing} == {"completed"}
    assert disturbed
    kept = before if sort == "firstSeen" else before - await touched(big, began)
    assert len(kept) >= HOSTS * EACH * 0.9
    for seen in passes:
        assert {seen[key] for key in kept} == {1}
        assert sort != "firstSeen" or max(seen.values()) == 1
    await big.check_figures()


async def touched(space, cursor):
    """The vulnerabilities that changed since a cursor."""
    found = set()
    while True:
        body = await space.get("/changes", cursor=cursor, limit=5000)
        found |= {item["vulnerabilityId"] for item in body["data"]}
        cursor = body["nextCursor"]
        if not body["more"]:
            return found
