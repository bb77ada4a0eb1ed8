"""Pairing without a database: order inside a report, and scale."""

import time
from itertools import count
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from threatweaver_exposure.engine.pairing import pair


def run(hosts, known=()):
    numbers = count(1)
    return pair(hosts, known, lambda: UUID(int=next(numbers)))


def test_order_of_hosts_does_not_matter():
    one = {1: [(0, "agent_uuid", "a"), (7, "ip", "i")], 2: [(7, "ip", "i")]}
    two = {1: [(7, "ip", "i")], 2: [(0, "agent_uuid", "a"), (7, "ip", "i")]}
    for hosts in (one, two):
        paired = run(hosts)
        assert paired[1][0] == paired[2][0]
        assert [new for _, new in paired.values()] == [True, True]


def test_asset_that_shares_most_is_the_one():
    known = [
        (UUID(int=101), "mac", "m1"),
        (UUID(int=102), "mac", "m1"),
        (UUID(int=102), "mac", "m2"),
    ]
    assert run({1: [(3, "mac", "m1"), (3, "mac", "m2")]}, known)[1] == (UUID(int=102), False)
    assert run({1: [(3, "mac", "m1")]}, known)[1] == (UUID(int=101), False)


def test_address_that_thousands_share_stays_fast():
    hosts = {n: [(1, "tenable_uuid", f"u{n}"), (7, "ip", "172.17.0.1")] for n in range(3000)}
    started = time.perf_counter()
    paired = run(hosts)
    assert len({asset for asset, _ in paired.values()}) == 3000
    assert time.perf_counter() - started < 20


KINDS = [(0, "tenable_uuid"), (1, "bios_uuid"), (3, "mac"), (4, "fqdn"), (5, "netbios"), (6, "ip")]
identifiers = st.sets(st.tuples(st.sampled_from(KINDS), st.sampled_from("ab")), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(st.lists(identifiers, min_size=1, max_size=4))
def test_the_same_report_is_the_same_assets_the_next_time(stated):
    """Whatever the hosts share, and whichever id comes first in the order of ids."""
    hosts = {n: [(*kind, value) for kind, value in host] for n, host in enumerate(stated)}
    numbers = count(1000, -1)
    first = pair(hosts, (), lambda: UUID(int=next(numbers)))
    known = [(asset, kind, value) for n, (asset, _) in first.items() for _, kind, value in sorted(hosts[n])]
    again = pair(hosts, dict.fromkeys(known), lambda: UUID(int=next(numbers)))
    assert again == {n: (asset, False) for n, (asset, _) in first.items()}
