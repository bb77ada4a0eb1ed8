"""Every real report: its format is told, its findings are counted, and no damage to it surprises."""

import time
from collections import Counter
from contextlib import suppress
from random import Random

import pytest
from format_samples import DERIVED, MANY, SEED, detected, findings, outcome, parsed, samples
from nessus_samples import SCANS, negatives

from threatweaver.reports import ReportError, ReportFault

LARGE = 1 << 20
LIMIT = 20.0  # seconds that no damaged report may take


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_its_format_is_told_by_its_content(sample):
    """Whatever the file is called: its own name, one without an extension, or with that of another format."""
    data = sample.path.read_bytes()
    for name in (
        "report",
        sample.path.name,
        "wrong.exe",
        "wrong.nessus",
        "wrong.csv",
        "wrong.json",
        "wrong.xml",
    ):
        assert detected(data, name).name == sample.format


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_every_finding_is_counted(sample):
    data = sample.path.read_bytes()
    records = parsed(detected(data, sample.path.name), data)
    if sample.format not in DERIVED:
        assert len(findings(records)) == sample.findings


@pytest.mark.parametrize("path", negatives(), ids=lambda path: path.name)
def test_what_is_no_report_is_refused_or_holds_nothing(path):
    data = path.read_bytes()
    with suppress(ReportError):
        assert findings(parsed(detected(data, path.name), data)) == []


def may_end_anywhere(sample, data):
    """Tables, tags and lists of lines are whole ones wherever a line ends; nothing else is."""
    return sample.format.endswith(("_csv", "_tv")) or b"\n{" in data


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_a_truncated_report_is_refused_or_a_shorter_one(sample, tmp_path):
    data = sample.path.read_bytes()
    whole = data.rstrip()
    if len(whole) < 3 or len(data) > 4 << 20:
        return
    random = Random(f"{SEED}{sample.path.name}")
    cuts = {
        len(whole) - 1,
        *(random.randrange(1, len(whole)) for _ in range(MANY or (1 if len(data) < LARGE else 0))),
    }
    for cut in cuts:
        began = time.monotonic()
        taken = outcome(data[:cut], tmp_path / "report") is None
        assert not taken or may_end_anywhere(sample, data), f"it is a whole one at {cut}"
        assert time.monotonic() - began < LIMIT


@pytest.mark.parametrize(
    "sample", [sample for sample in samples() if sample.format.endswith("_csv")], ids=str
)
def test_a_table_that_ends_within_a_row_is_truncated(sample, tmp_path):
    data = sample.path.read_bytes()
    if sample.findings:
        delimiter = max((b",", b";", b"\t", b"|"), key=data.count)
        told = data.rstrip(b"\r\n" + delimiter)  # one has empty rows at its end
        cut = told[: told.rindex(delimiter)]
        assert outcome(cut, tmp_path / "report") is ReportFault.TRUNCATED


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_flipped_bits_never_surprise(sample, tmp_path):
    """A bit within a text leaves a report that says something else: nobody can tell. All else is refused."""
    data = sample.path.read_bytes()[:300_000]
    random = Random(f"{SEED}{sample.path.name}")
    for _ in range(MANY or 1):
        damaged = bytearray(data)
        for _ in range(random.choice((1, 3, 20)) if data else 0):
            damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        began = time.monotonic()
        outcome(bytes(damaged), tmp_path / "report")
        assert time.monotonic() - began < LIMIT


def test_every_format_of_the_data_has_a_parser():
    wanted = Counter(sample.format for sample in samples())
    assert not SCANS.is_dir() or len(wanted) >= 60
