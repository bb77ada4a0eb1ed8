"""UUIDv7: version, variant, order."""

import time
from uuid import RFC_4122

from threatweaver.ids import uuid7


def test_version_and_variant_are_those_of_rfc_9562():
    made = [uuid7() for _ in range(500)]
    assert {item.version for item in made} == {7}
    assert {item.variant for item in made} == {RFC_4122}


def test_the_first_48_bits_are_milliseconds():
    before = time.time_ns() // 1_000_000
    stamp = uuid7().int >> 80
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_ids_of_different_milliseconds_sort_by_time():
    first = uuid7()
    while time.time_ns() // 1_000_000 == first.int >> 80:
        pass
    assert first < uuid7()


def test_the_random_bits_are_all_used():
    made = [uuid7().int for _ in range(2000)]
    assert len(set(made)) == 2000
    for bit in (*range(62), *range(64, 76)):
        assert len({item >> bit & 1 for item in made}) == 2, f"bit {bit} never changes"
