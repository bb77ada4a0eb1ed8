"""What a target makes a scan remember stays bounded, however much and however long it is."""

import asyncio
import json
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.discover import leads
from threatweaver_appsec.engine.discover.leads import Frontier, Lead
from threatweaver_appsec.engine.jar import MOST_TEXT, Jar
from threatweaver_appsec.engine.messages import Exchange, Fault, Request, Response
from threatweaver_appsec.engine.plan import ENOUGH, MOST_COMBINED, MOST_SENT, Intake, places
from threatweaver_appsec.engine.points import MOST_DEPTH, MOST_POINTS, Point, Where, points_of
from threatweaver_appsec.engine.ports import Skipped
from threatweaver_appsec.engine.wire import Unpacker

BASE = "http://a.test"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
JSON = (("Content-Type", "application/json"),)


def drain(frontier):
    while batch := frontier.take(4):
        for lead in batch:
            frontier.landed(lead)


def operation_of(request):
    return Operation(request, Exchange(request, None, Fault.TIMEOUT), "link")


def test_the_frontier_forgets_no_bound(monkeypatch):
    monkeypatch.setattr(leads, "MOST_SEEN", 5_000)
    frontier = Frontier()
    tracemalloc.start()
    try:
        for page in range(200):
            long = (f"{BASE}/{page}/{n}/{'x' * 3_000}?{'y' * 500}{n}=1" for n in range(100))
            frontier.add(Lead(Request("GET", url), "link", "", 1) for url in long)
            drain(frontier)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(frontier.seen) == 5_000
    assert frontier.dropped >= 15_000
    assert peak < 16_000_000


def test_requests_that_wait_are_bounded_by_their_bytes():
    frontier = Frontier()
    for number in range(200):
        frontier.add([Lead(Request("POST", f"{BASE}/{number}", FORM, b"a=" + b"x" * 200_000), "form")])
    assert 0 < frontier.bytes <= leads.MOST_BYTES
    assert len(frontier.waiting) < 100
    again = Frontier.load(json.loads(json.dumps(frontier.dump())), frontier.bounds)
    assert (again.bytes, again.seen) == (frontier.bytes, frontier.seen)
    drain(frontier)
    assert frontier.bytes == 0


def test_operations_are_bounded_by_the_bytes_of_their_requests():
    intake = Intake(5_000)
    taken = [
        intake.take(operation_of(Request("POST", f"{BASE}/{'a' * number}", FORM, b"a=" + b"x" * 2_000_000)))
        for number in range(1, 31)
    ]
    kept = [one for one in taken if isinstance(one, Operation)]
    assert sum(len(one.request.body) for one in kept) <= MOST_SENT
    assert {one.what for one in taken if isinstance(one, Skipped)} == {"further operations"}


def test_a_filter_is_attacked_beside_few_sets_of_other_ones():
    asked = [operation_of(Request("GET", f"{BASE}/list?q=1&filter{number}=1")) for number in range(20)]
    found, left = places([*asked, operation_of(Request("GET", f"{BASE}/other?q=1"))], safe=False)
    names = [
        (place.operation.request.parts.path, place.point.name)
        for place in found
        if place.point.where is Where.QUERY
    ]
    assert names.count(("/list", "q")) == MOST_COMBINED
    assert (len(set(names)), names.count(("/other", "q"))) == (22, 1)
    assert {one.why for one in left} == {ENOUGH}


def test_cookies_that_the_target_sets_are_attacked_where_they_are_set_and_at_few_other_places():
    answer = Response(
        200, (("Set-Cookie", "theme=light; Path=/"), ("Set-Cookie", "old=; Max-Age=0")), b"", 0.0
    )
    request = Request("GET", f"{BASE}/start")
    start = Operation(request, Exchange(request, answer), "link")
    signed_in = Request("GET", f"{BASE}/own", (("Cookie", "theme=dark"),))
    others = [operation_of(Request("GET", f"{BASE}/page{letter}")) for letter in "abcdef"]
    elsewhere = operation_of(Request("GET", "http://b.test/start"))
    found, _ = places([start, operation_of(signed_in), *others, elsewhere], safe=False)
    attacked = [
        (place.operation.request.url, place.point) for place in found if place.point.where is Where.COOKIE
    ]
    light = Point(Where.COOKIE, "theme", "light")
    assert attacked == [
        (f"{BASE}/start", light),
        (f"{BASE}/own", replace(light, value="dark")),
        (f"{BASE}/pagea", light),
        (f"{BASE}/pageb", light),
    ]


def test_points_with_long_names_have_short_marks():
    body = "&".join(f"{'n' * 500}{number}=1" for number in range(1_000)).encode()
    found, _ = places([operation_of(Request("POST", f"{BASE}/x", FORM, body))], safe=False)
    assert len(found) == MOST_POINTS + 4 or len(found) == MOST_POINTS
    assert max(len(place.mark) for place in found) < 40
    assert len({place.mark for place in found}) == len(found)


@pytest.mark.parametrize("depth", [MOST_DEPTH // 2, 900, 100_000])
def test_a_deep_body_has_few_points(depth):
    request = Request("POST", f"{BASE}/x", JSON, b'{"a":' * depth + b"1" + b"}" * depth)
    points = [point for point in points_of(request) if point.where == "json"]
    assert len(points) == (1 if depth < MOST_DEPTH else 0)


def test_cookies_stay_below_what_servers_take():
    jar = Jar()
    for number in range(50):
        jar.take(BASE, (("Set-Cookie", f"c{number}={'x' * 3_000}"),))
    pairs = jar.pairs(BASE)
    assert sum(map(len, (*pairs, *pairs.values()))) <= MOST_TEXT
    assert "c49" in pairs


def test_what_comes_behind_the_end_of_a_packed_body_is_not_kept():
    packer = zlib.compressobj(wbits=31)
    body = Unpacker("gzip", 100_000)
    assert body.feed(packer.compress(b"all of it") + packer.flush())
    tracemalloc.start()
    try:
        pieces = 0
        while body.feed(b"x" * 1_000):
            pieces += 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pieces <= 100
    assert peak < 50_000
    assert (body.body(), body.truncated) == (b"all of it", True)


async def test_a_stream_is_listened_to_for_a_while(talk):
    async def events(request):
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        while True:
            await answer.write(b"data: tick\n\n")
            await asyncio.sleep(0.05)

    one = await talk({"GET /events": events})
    got = await one.get("/events")
    assert got.fault is None
    assert got.response.truncated
    assert got.text.startswith("data: tick")
