"""`expand`: what rows have besides, whatever list they come from, is what the details say."""

from datetime import UTC, datetime

import pytest
from exposure_reports import Host, Item, nessus

PARTS = ("definition", "asset", "evidence")
LISTS = {
    "/vulnerabilities": [
        {"state": "all"},
        {"sort": "-firstSeen", "page": "2", "limit": "3"},
        {"search": "srv3", "sort": "-severity"},
        {"text": "service or weakness"},
        {"cve": "CVE-2024-1000"},
        {"asOf": "{today}"},
        {"notTag": "web"},
    ],
    "/vulnerabilities/cve/CVE-2024-1000": [{}],
    "/vulnerabilities/plugin/1002": [{"state": "all"}],
    "/assets/{asset}/vulnerabilities": [{}],
}
ASKED = [(path, given) for path, queries in LISTS.items() for given in queries]


@pytest.mark.parametrize(("path", "given"), ASKED, ids=str)
async def test_rows_have_what_the_details_say(story, path, given):
    path = path.format(asset=story.assets["srv1.example.com"])
    given = {name: value.format(today=datetime.now(UTC).date()) for name, value in given.items()}
    plain = (await story.get(path, **given))["data"]
    assert plain
    assert all(not row.keys() & set(PARTS) for row in plain)
    for parts in ([part] for part in PARTS), [PARTS]:
        for asked in parts:
            rows = (await story.get(path, expand=",".join(asked), **given))["data"]
            assert [{k: v for k, v in row.items() if k not in PARTS} for row in rows] == plain
            assert all(row.keys() & set(PARTS) == set(asked) for row in rows)
    for row in rows:
        detail = (await story.get(f"/vulnerabilities/{row['id']}"))["data"]
        assert row["definition"] == {name: detail[name] for name in row["definition"]}
        asset = (await story.get(f"/assets/{row['assetId']}"))["data"]
        assert row["asset"] == {name: asset[name] for name in row["asset"]}
        assert row["evidence"]["output"] == detail["output"]
        assert row["evidence"]["service"] == detail["service"]


async def test_texts_end_somewhere(space):
    long = "x" * 30_000
    item = Item(output=long, extra=f"<description>{long}</description>")
    await space.take(nessus(Host(items=[item])))
    (row,) = await space.vulnerabilities(expand="definition,evidence")
    assert len(row["definition"]["description"]) == len(row["evidence"]["output"]) == 20_000
    detail = (await space.get(f"/vulnerabilities/{row['id']}"))["data"]
    assert detail["description"] == detail["output"] == long


@pytest.mark.parametrize("value", ["", "acceptance", "asset,", "asset,name"])
async def test_other_parts_are_refused(story, value):
    body = await story.refusal("/vulnerabilities", expand=value)
    assert [detail["field"] for detail in body["details"]] == ["expand"]
