"""Every real report: what is counted, what is stored, and that a second import changes nothing."""

from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from exposure_space import COUNTS
from nessus_samples import expected

LEVELS = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")


def read_independently(path: Path):
    """Places with the highest severity of each, and the CVEs of each plugin, without our parser."""
    places: dict[tuple[str, int, int, str], int] = {}
    cves: dict[int, set[str]] = defaultdict(set)
    outputs: dict[tuple[str, int, int, str], list[str]] = defaultdict(list)
    root = ET.parse(path).getroot()
    for number, host in enumerate(root.iter("ReportHost")):
        for item in host.iter("ReportItem"):
            place = (number, int(item.get("pluginID")), int(item.get("port")), item.get("protocol").lower())
            places[place] = max(places.get(place, 0), int(item.get("severity")))
            cves[place[1]] |= {cve.text.strip() for cve in item.iter("cve")}
            outputs[place] += [text.text for text in item.iter("plugin_output") if text.text]
    return places, cves, outputs


@pytest.mark.parametrize("row", expected(), ids=lambda row: row.path.name)
async def test_real_report_is_stored_as_counted_and_once(row, space):
    data = row.path.read_bytes()
    result = await space.hand_in(data, name=row.path.name)
    places, cves, outputs = read_independently(row.path)

    assert result["findings"] == row.findings
    assert result["duplicates"] == row.findings - len(places)
    assert result["created"] + result["duplicates"] == row.findings
    assert result["created"] == len(places)
    assert result["assets"] == row.hosts
    assert [result[name] for name in ("updated", "reopened", "unchanged", "closed")] == [0, 0, 0, 0]

    rows = await space.vulnerabilities(limit=500)
    assert len(rows) == result["created"]
    assert Counter(item["severity"] for item in rows) == Counter(LEVELS[level] for level in places.values())
    assert Counter((item["pluginId"], item["port"], item["protocol"]) for item in rows) == Counter(
        place[1:] for place in places
    )
    assert {item["pluginId"]: set(item["cves"]) for item in rows} == cves
    assert {item["state"] for item in rows} == {"open"}
    assets = await space.walk("/assets")
    assert len(assets) == row.hosts
    stored = await space.sql("SELECT output FROM exposure_evidence WHERE output <> ''")
    assert len(stored) == sum(1 for texts in outputs.values() if any(text.strip() for text in texts))
    await space.check()

    before = await space.snapshot()
    again = await space.take(data, name="the same again.nessus")
    assert {name: again[name] for name in COUNTS} == {
        "created": 0,
        "updated": 0,
        "reopened": 0,
        "closed": 0,
        "unchanged": result["created"],
    }
    assert await space.snapshot() == before
    await space.check()
