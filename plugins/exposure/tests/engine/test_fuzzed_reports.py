"""Real reports with values that no scanner writes: read whole or refused, by whatever parser takes them."""

import time

import pytest
from format_samples import FUZZING, outcome, samples
from hypothesis import given
from hypothesis import strategies as st
from report_changes import RAW, VALUES, WRITTEN, changed

LIMIT = 20.0  # seconds that no report of this size may take
SIZE = 60_000  # bytes of a report, at most
PLACES = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(
    st.tuples(PLACES, st.sampled_from((*VALUES, *(f"{RAW}{text}" for text in WRITTEN)))),
    min_size=1,
    max_size=4,
)


def one_each():
    """Of each format the smallest report that holds anything, in each of its two ways if it has them."""
    best = {}
    for sample in samples():
        size = sample.path.stat().st_size
        if not sample.findings or size >= SIZE:
            continue
        key = (sample.format, sample.path.read_bytes().lstrip(b"\xef\xbb\xbf \r\n")[:1])
        if key not in best or size < best[key].path.stat().st_size:
            best[key] = sample
    return list(best.values())


@pytest.mark.parametrize("sample", one_each(), ids=str)
def test_any_format(sample, tmp_path):
    data = sample.path.read_bytes()

    @FUZZING
    @given(CHANGES)
    def fuzz(changes):
        began = time.monotonic()
        outcome(changed(data, changes), tmp_path / "report")
        assert time.monotonic() - began < LIMIT

    fuzz()


def test_every_format_is_changed():
    formats = {sample.format for sample in samples()}
    assert len({sample.format for sample in one_each()}) >= 0.9 * len(formats)
