"""The published contract: every endpoint it names for the kernel exists, and each group has its count."""

import csv
from pathlib import Path

import pytest

SEED = Path(__file__).parents[3] / "shared" / "seed" / "endpoints.tsv"
COUNTS = {"auth": 17, "sso": 7, "admin": 48, "security": 14, "notification": 7}


def named():
    with SEED.open(encoding="utf-8", newline="") as file:
        return [
            (row["method"], row["path"])
            for row in csv.DictReader(file, delimiter="\t")
            if row["path"].split("/")[2] in COUNTS
        ]


async def test_every_named_endpoint_is_in_the_document(api):
    known = {(method.upper(), path) for path, item in api.document["paths"].items() for method in item}
    assert len(named()) > 40
    assert [f"{method} {path}" for method, path in named() if (method, path) not in known] == []


@pytest.mark.parametrize("group", COUNTS)
async def test_each_group_has_at_least_its_count(api, group):
    operations = [
        f"{method} {path}"
        for path, item in api.document["paths"].items()
        if path.split("/")[2] == group
        for method in item
    ]
    assert len(operations) >= COUNTS[group], operations
