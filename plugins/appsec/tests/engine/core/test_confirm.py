"""Confirmation: what shows again with fresh values and not in its control is a hit, and nothing else is."""

import itertools
import random
from dataclasses import dataclass, replace

import aiohttp
import pytest
from aiohttp import web
from small_agents import BROKEN, ECHO, FETCH, FILES, QUOTE, SERVER, about

from threatweaver_appsec.engine.agent import Confirmation, Operation, Proof, Watcher
from threatweaver_appsec.engine.baselines import Baselines
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.confirm import MOST_HITS, Watching, probed, repeated, try_point
from threatweaver_appsec.engine.messages import Exchange, Request, Response
from threatweaver_appsec.engine.points import FORM, Point, Where
from threatweaver_appsec.engine.site import Ended, Target

Q = Point(Where.QUERY, "q", "1")


def echo(*, escape=False):
    def handler(request):
        text = request.query.get("q", "")
        return web.Response(text=text.replace("<", "&lt;") if escape else text, content_type="text/html")

    return handler


@pytest.fixture
def target_of(talk):
    async def start(handlers, callbacks=None, seed="seed", **options):
        one = await talk(handlers, **options)
        operation = Operation(
            Request("GET", f"{one.base}/?q=1"), Exchange(Request("GET", one.base), None), "x"
        )
        return one, Target(one.client, one.base, seed, [operation], callbacks=callbacks), operation

    return start


async def test_what_shows_again_and_not_in_its_control_is_a_hit(target_of):
    one, target, operation = await target_of({"GET /": echo()})
    verdict = await try_point(target, ECHO, operation, Q, Baselines())
    hit = verdict.hit
    assert (hit.attempt, hit.shown, hit.of, hit.proof.point) == (1, 2, 2, Q)
    sent = [entry.url for entry in one.log if entry.agent == "echo" and "%3C" in entry.url]
    assert len(sent) == len(set(sent)) == 3  # once, and twice again, each with values of its own
    one, target, operation = await target_of({"GET /": echo(escape=True)})
    verdict = await try_point(target, ECHO, operation, Q, Baselines())
    assert (verdict.hit, verdict.wanted, verdict.untested) == (None, True, "")
    assert len(one.log) == 4  # two baselines, one request for each attempt


async def test_values_depend_on_the_seed_and_the_place_alone(target_of):
    logs = []
    for seed in ("a", "a", "b"):
        one, target, operation = await target_of({"GET /": echo()}, seed=seed)
        await try_point(target, ECHO, operation, Q, Baselines())
        logs.append([entry.url.partition("/?")[2] for entry in one.log if entry.agent == "echo"])
    assert len(logs[0]) == len(logs[2])
    assert logs[0] != logs[2]


async def test_a_control_that_shows_the_same_refutes(target_of):
    _, target, operation = await target_of(
        {"GET /": lambda request: web.Response(status=500 if request.query["q"] != "1" else 200)}
    )
    assert (await try_point(target, QUOTE, operation, Q, Baselines())).hit is None


@pytest.mark.parametrize(
    ("shown", "in_controls", "found"),
    [
        (["", ""], [None, None], True),
        (["", ""], [None, ""], False),
        (["ab", "ac"], [None, None], True),
        (["ab", "ac"], ["b", "c"], True),  # what comes and goes by itself shows in a control now and then
        (["ab", "ac"], [None, "a"], False),
        (["ab", "cd"], [None, None], False),  # never the same
        (["ab", None], [None, None], False),
        (["ab", "ab"], ["", None], False),
        (["", ""], ["a", None], False),
    ],
)
async def test_of_marks_those_count_that_show_each_time_and_in_no_control(shown, in_controls, found):
    def told(marks):
        async def show(time):
            said = marks[time - 1]
            return None if said is None else Proof(says="it differs", marks=frozenset(said))

        return show

    proof, _ = await repeated(Confirmation(), told(shown), told(in_controls))
    assert (proof is not None) == found


@pytest.mark.parametrize("chance", [0.2, 0.5, 0.8])
async def test_chance_does_not_confirm(target_of, chance):
    dice = random.Random(7)
    _, target, operation = await target_of(
        {"GET /": lambda _: web.Response(status=500 if dice.random() < chance else 200)},
        limits={"per_second": 10_000},
    )
    hits = [(await try_point(target, QUOTE, operation, Q, Baselines())).hit for _ in range(40)]
    assert hits == [None] * 40


async def test_answers_that_vary_are_confirmed_with_more_repetitions(target_of):
    count = iter(range(1000))

    def dated(request):
        return web.Response(text=f"{next(count)} {request.query['q']}")

    _, target, operation = await target_of({"GET /": dated})
    hit = (await try_point(target, ECHO, operation, Q, Baselines())).hit
    assert (hit.shown, hit.of) == (5, 5)


async def test_baselines_are_shared_and_bounded(target_of):
    one, target, operation = await target_of({"GET /": echo(escape=True)})
    baselines = Baselines(most_bytes=5_000)
    for _ in range(3):
        await try_point(target, QUOTE, operation, Q, baselines)
    assert [entry.agent for entry in one.log].count("baseline") == 2
    other = Operation(Request("GET", f"{one.base}/?q=2"), operation.baseline, "x")
    await try_point(target, QUOTE, other, Q, baselines)
    await try_point(target, QUOTE, operation, Q, baselines)
    assert [entry.agent for entry in one.log].count("baseline") == 6


async def test_a_point_without_answer_is_not_tested(target_of):
    _, target, operation = await target_of("http://127.0.0.1:1")
    assert "refused" in (await try_point(target, ECHO, operation, Q, Baselines())).untested
    assert not (await try_point(target, ECHO, operation, Q, Baselines())).hit


async def test_the_end_of_the_budget_is_no_clear_verdict(target_of):
    _, target, operation = await target_of({"GET /": echo()}, limits={"requests": 4})
    with pytest.raises(Ended):
        await try_point(target, ECHO, operation, Q, Baselines())
    _, target, operation = await target_of({"GET /": echo()})
    with pytest.raises(ZeroDivisionError):
        await try_point(target, BROKEN, operation, Q, Baselines())


async def test_a_callback_proves_that_the_target_fetches(target_of):
    async def fetch(request):
        if request.query["q"].startswith("http"):
            async with aiohttp.ClientSession() as client, client.get(request.query["q"]):
                pass
        return web.Response()

    async with Callbacks() as callbacks:
        _, target, operation = await target_of({"GET /": fetch}, callbacks)
        assert (await try_point(target, FETCH, operation, Q, Baselines())).hit.shown == 2
        _, target, operation = await target_of({"GET /": echo()}, callbacks)
        assert (await try_point(target, FETCH, operation, Q, Baselines())).hit is None


async def test_what_a_prober_suspects_is_confirmed_like_an_attack(target_of):
    _, target, _ = await target_of({"GET /backup.zip": echo()})
    (hit,) = [hit async for hit in probed(target, FILES)]
    assert hit.operation.request.url.endswith("/backup.zip")
    _, target, _ = await target_of({"GET /{any}": echo()})
    assert [hit async for hit in probed(target, FILES)] == []


async def test_an_attack_on_ones_own_password_is_undone(target_of):
    """What is attacked is the form that sets it: where it stayed changed, nobody would get in again."""
    sent = []

    async def change(request):
        sent.append((await request.post())["password"])
        return web.Response(text=sent[-1], content_type="text/html")

    one, target, _ = await target_of({"POST /password": change})
    place = Request("POST", f"{one.base}/password", (("Content-Type", FORM),), b"password=own")
    operation = Operation(place, Exchange(place, None), "form")
    as_ann = replace(target, identities={"ann": Ann()})
    assert (
        await try_point(as_ann, ECHO, operation, Point(Where.FORM, "password", "own"), Baselines())
    ).hit is not None
    assert {password for password in sent if password != "own"}
    assert sent[-1] == "own"
    assert all(later == "own" for now, later in itertools.pairwise(sent) if now != "own")


async def test_what_signs_in_is_sent_as_nobody(target_of):
    one, target, _ = await target_of({"POST /login": echo()})
    as_ann = replace(target, identities={"ann": Ann()})
    login = Request("POST", f"{one.base}/login", (("Content-Type", FORM),), b"user=a&password=b")
    assert as_ann.sender_of(login) is None
    assert as_ann.sender_of(Request("GET", f"{one.base}/login")) == "ann"


@dataclass(frozen=True)
class Ann:
    """An identity without a session of her own."""

    name: str = "ann"
    username: str | None = "ann"


def seen(path, **headers):
    return Exchange(Request("GET", f"http://a.test{path}"), Response(200, tuple(headers.items()), b"", 0.1))


def test_watchers_tell_each_thing_once():
    watching = Watching((SERVER,), "http://a.test")
    assert len(watching.look(seen("/a", Server="x"))) == 1
    assert watching.look(seen("/b", Server="x")) == []
    made_up = Watcher(about("made_up"), lambda exchange: [Proof("x", key=str(n)) for n in range(40)])
    watching = Watching((made_up,), "http://a.test")
    assert sum(len(watching.look(seen(f"/{'a' * n}"))) for n in range(30)) == MOST_HITS


def test_a_watcher_that_raises_is_told_and_looks_no_more():
    broken = Watcher(about("broken"), lambda exchange: [exchange.nothing])
    watching = Watching((broken, SERVER), "http://a.test")
    assert len(watching.look(seen("/a", Server="x"))) == 1
    assert "AttributeError" in watching.broken["broken"]
    assert watching.look(Exchange(Request("GET", "http://a.test/"), None)) == []
