"""GET …/fields: what it says of a list is what the list takes and shows."""

from datetime import datetime
from uuid import UUID

import pytest
from marshmallow import fields

from threatweaver.resource.listing import Listing, any_of, eq
from threatweaver.sdk import Schema
from threatweaver_exposure.filters.description import described
from threatweaver_exposure.filters.queries import LISTS

PATHS = ["/vulnerabilities", "/assets"]
FITS = {
    "uuid": UUID,
    "integer": int,
    "number": float,
    "dateTime": datetime.fromisoformat,
    "text": str.strip,  # which takes nothing but text
    "enumeration": str.strip,
}


async def fields_of(story, path):
    return (await story.get(f"{path}/fields"))["data"]


def leaves(row, above=""):
    for name, value in row.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


@pytest.mark.parametrize("path", PATHS)
async def test_every_filter_is_described_and_takes_its_example(story, path):
    found = await fields_of(story, path)
    declared = LISTS[path.removeprefix("/")].filters().fields.values()
    assert [item["name"] for item in found["filters"]] == [field.data_key for field in declared]
    for item in found["filters"]:
        await story.get(path, limit=1, **{item["name"]: item["example"]})
        for value in item["values"] or ():
            await story.get(path, limit=1, **{item["name"]: value})
        assert item["several"] or item["values"] is None


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sort", ["-riskScore", "firstSeen"])
async def test_an_opposite_lists_all_the_others(story, path, sort):
    asked = {"sort": sort} | ({"state": "all"} if path == "/vulnerabilities" else {})
    every = await story.walk(path, **asked)
    values = {"tag": "web", "assetGroup": story.group, "search": "srv3", "cve": "CVE-2024-1000"} | {
        name: every[0].get(name) for name in ("pluginId", "assetId")
    }
    if path == "/vulnerabilities":
        (definition,) = await story.sql("SELECT id FROM exposure_definition WHERE plugin_id = 1003")
        values["definitionId"] = definition["id"]
    values |= {"ip": "10.1.0.2/31", "operatingSystem": "windows"}
    names = [item["name"] for item in (await fields_of(story, path))["filters"]]
    turned = [name for name in names if f"not{name[0].upper()}{name[1:]}" in names]
    assert len(turned) == {"/vulnerabilities": 7, "/assets": 5}[path]
    for name in turned:
        chosen = await story.walk(path, **asked, **{name: values[name]})
        others = await story.walk(path, **asked, **{f"not{name[0].upper()}{name[1:]}": values[name]})
        assert 0 < len(chosen) < len(every), name
        assert others == [row for row in every if row not in chosen], name
        both = {name: values[name], f"not{name[0].upper()}{name[1:]}": values[name]}
        assert await story.walk(path, **asked, **both) == []


@pytest.mark.parametrize("path", PATHS)
async def test_every_order_is_described(story, path):
    found = await fields_of(story, path)
    assert [item["name"] for item in found["sort"]] == [*LISTS[path.removeprefix("/")].sort]
    by_default = (await story.get(path))["data"]
    assert (await story.get(path, sort=found["defaultSort"]))["data"] == by_default
    for item in found["sort"]:
        up, down = [
            (await story.get(path, limit=500, sort=item[way]))["data"] for way in ("ascending", "descending")
        ]
        assert up == down[::-1]


@pytest.mark.parametrize("path", PATHS)
async def test_every_column_is_described_as_it_is_shown(story, path):
    found = {item["name"]: item for item in (await fields_of(story, path))["columns"]}
    rows = await story.walk(path)
    for row in rows:
        shown = dict(leaves(row))
        assert set(shown) - set(found) <= {"openVulnerabilities.total"}
        assert set(found) <= set(shown)
        for name, column in found.items():
            value = shown[name]
            assert value is not None or column["canBeNull"], name
            assert isinstance(value, list) is column["several"], name
            for one in value if column["several"] else [value] * (value is not None):
                FITS[column["type"]](one)
                assert column["values"] is None or one in column["values"], name
    sortable = {name for name, column in found.items() if column["sortable"]}
    assert sortable == {item["name"] for item in (await fields_of(story, path))["sort"]}


async def test_what_the_two_lists_say(story):
    found = await fields_of(story, "/vulnerabilities")
    filters = {item["name"]: item for item in found["filters"]}
    assert filters["severity"] == {
        "name": "severity",
        "type": "enumeration",
        "values": ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"],
        "several": True,
        "example": "CRITICAL,HIGH",
    }
    assert filters["state"]["values"] == ["open", "reopened", "accepted", "fixed", "all"]
    assert filters["cve"]["example"] == "CVE-2024-12345"
    assert filters["asOf"]["type"] == "date"
    columns = {item["name"]: item for item in (await fields_of(story, "/assets"))["columns"]}
    assert columns["worstSeverity"]["values"] == filters["severity"]["values"]
    assert columns["worstSeverity"]["canBeNull"] is True
    assert (columns["tags"]["type"], columns["tags"]["several"]) == ("text", True)


async def test_whoever_sees_the_list_sees_what_it_takes(story, as_role):
    headers = await as_role("viewer", story.tenant)
    for path in PATHS:
        assert (await story.call("GET", f"{path}/fields", headers=headers)).status == 200
        await story.refusal(f"{path}/fields", severity="HIGH")


class _Row(Schema):
    size = fields.Float(allow_none=True)
    kind = fields.String()


def test_a_list_made_up():
    listing = Listing(
        source="t",
        columns={"size": "t.size", "kind": "t.kind"},
        where=(eq("size", fields.Float()), any_of("kind", fields.String())),
        sort={"size": "t.size"},
        default_sort="size",
    )
    found = described(listing, _Row)
    assert found["filters"] == [
        {"name": "size", "type": "number", "values": None, "several": False, "example": "1.5"},
        {"name": "kind", "type": "text", "values": None, "several": True, "example": "text"},
    ]
    assert [(item["name"], item["canBeNull"], item["sortable"]) for item in found["columns"]] == [
        ("size", True, True),
        ("kind", False, False),
    ]


def test_a_kind_without_a_word_is_no_list():
    listing = Listing(
        source="t",
        columns={"size": "t.size"},
        where=(eq("size", fields.Dict()),),
        sort={"size": "t.size"},
        default_sort="size",
    )
    with pytest.raises(LookupError):
        described(listing, _Row)
