"""Scans for the feed, and following it."""

import pytest
from exposure_reports import Host, day, nessus


@pytest.fixture(scope="session")
def scan():
    """A function: a report of one host."""

    def made(*items, at=1, host="10.0.0.1"):
        return nessus(Host(name=host, items=items, end=day(at)), checks=[1001, 1002])

    return made


@pytest.fixture(scope="session")
def followed():
    """A function: everything after a cursor, page by page, and where it ended."""

    async def all_after(space, cursor="0", limit=2):
        seen = []
        while True:
            body = await space.get("/changes", cursor=cursor, limit=limit)
            seen += body["data"]
            cursor = body["nextCursor"]
            if not body["more"]:
                return seen, cursor

    return all_after
