"""`Prefer: wait=n` (RFC 7240)."""

import pytest

from threatweaver.jobs.service import wanted_wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait=0", 0),
        ("wait=10", 10),
        ("respond-async, wait=10", 10),
        ("wait=10, respond-async", 10),
        ("respond-async;wait=5", 5),
        ("wait=61", 60),
        ("wait=9999", 60),
        ("wait=99999", None),
        ("wait=-1", None),
        ("wait=1.5", None),
        ("await=10", None),
        ("wait=10s", None),
        ("wait=٣", None),
        ("handling=lenient", None),
    ],
)
def test_wanted_wait(header, seconds):
    assert wanted_wait(header) == seconds
