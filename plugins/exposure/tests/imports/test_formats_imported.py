"""One real report of every format, through the API: counted, stored, and unchanged by a second import."""

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
    result = await space.take(data, name=sample.path.name)
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


def _named_by_file(assets, sample):
    """Say whether the report is about what its file is called: another name is about something else."""
    return any(asset["name"] == sample.path.name for asset in assets)
