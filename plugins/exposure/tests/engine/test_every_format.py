"""Every real report: its format is told, its findings are counted, and no damage to it surprises."""

import time
from collections import Counter
from contextlib import suppress
from random import Random

import pytest
from format_samples import DERIVED, detected, findings, parsed, samples
from nessus_samples import SCANS, negatives

from threatweaver.reports import ReportError

LIMIT = 20.0  # seconds that no damaged report may take


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_its_format_is_told_by_its_content(sample):
    data = sample.path.read_bytes()
    assert detected(data, "report").name == sample.format
    assert detected(data, sample.path.name).name == sample.format
    assert detected(data, "wrong.exe").name == sample.format


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


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_a_truncated_report_is_refused_or_a_shorter_one(sample):
    """Tables and lists of lines may end anywhere between two lines; nothing else may."""
    data = sample.path.read_bytes()
    if len(data) < 3 or len(data) > 4 << 20:
        return
    whole = len(findings(parsed(detected(data), data)))
    for share in (0.5, 0.9, 0.999):
        cut = data[: int((len(data.rstrip()) - 1) * share)]
        with suppress(ReportError):
            assert len(findings(parsed(detected(cut, sample.path.name), cut))) <= whole
            assert sample.format.endswith(("_csv", "_tv")) or b"\n{" in data, "it is a whole one"


@pytest.mark.parametrize("sample", samples(), ids=str)
def test_flipped_bits_never_surprise(sample):
    data = sample.path.read_bytes()
    if len(data) > 300_000:
        data = data[:300_000]
    random = Random(sample.path.name)
    for _ in range(6):
        damaged = bytearray(data)
        for _ in range(random.choice((1, 3, 20))):
            if damaged:
                damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        began = time.monotonic()
        with suppress(ReportError):
            parsed(detected(bytes(damaged), sample.path.name), bytes(damaged))
        assert time.monotonic() - began < LIMIT


def test_every_format_of_the_data_has_a_parser():
    wanted = Counter(sample.format for sample in samples())
    assert not SCANS.is_dir() or len(wanted) >= 60
