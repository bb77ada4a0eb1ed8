"""One real report of every format, through the API: counted, stored, and unchanged by a second import."""

import json

import pytest
from exposure_space import COUNTS
from format_samples import DERIVED, samples

LARGEST = 1 << 20


def one_each():
    """Of each format the report with the most findings that is no megabyte."""
    best = {}
    for sample in samples():
        known = best.get(sample.format)
        if sample.path.stat().st_size < LARGEST and (known is None or sample.findings > known.findings):
            best[sample.format] = sample
    return list(best.values())


@pytest.mark.parametrize("sample", one_each(), ids=str)
async def test_a_report_is_stored_as_counted_and_once(sample, space):
    data = sample.path.read_bytes()
    result = await space.hand_in(data, name=sample.path.name)
    if sample.format not in DERIVED:
        assert result["findings"] == sample.findings
    assert result["created"] == result["findings"] - result["duplicates"]
    listed = await space.get("/imports")
    assert listed["data"][0]["format"] == sample.format
    assert len(await space.vulnerabilities(limit=500)) == result["created"]
    await space.check()
    again = await space.take(data, name="again")
    changed = {name: again[name] for name in COUNTS if again[name]}
    expected = {"unchanged": result["created"]} if result["created"] else {}
    if result["assets"] and not _named_by_file(await space.walk("/assets"), sample):
        assert changed == expected


async def test_a_report_that_found_nothing_on_nothing_is_taken(space):
    """It still says what its checks mean: ffuf has one, and names its target only with each result."""
    sample = next(sample for sample in one_each() if sample.format == "ffuf_json")
    report = json.loads(sample.path.read_bytes()) | {"results": []}
    result = await space.take(json.dumps(report).encode())
    assert (result["findings"], result["assets"]) == (0, 0)
    assert (await space.take(sample.path.read_bytes()))["created"] == sample.findings
    await space.check()


def _named_by_file(assets, sample):
    """Say whether the report is about what its file is called: another name is about something else."""
    return any(asset["name"] == sample.path.name for asset in assets)
