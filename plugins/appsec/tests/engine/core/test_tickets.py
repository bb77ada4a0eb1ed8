"""Forms that are taken only with a token of their page: attacks on them carry the one of now."""

import asyncio
from dataclasses import dataclass
from itertools import count

import pytest
from aiohttp import web
from small_agents import ECHO

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.baselines import Baselines
from threatweaver_appsec.engine.confirm import try_point
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.points import FORM, Point, Where
from threatweaver_appsec.engine.ports import Session
from threatweaver_appsec.engine.replay import curl
from threatweaver_appsec.engine.site import Target

TEXT = Point(Where.FORM, "text", "1")


@dataclass
class Guarded:
    """A form whose token is good in one session, or for one request as well; it repeats a text."""

    once: bool = False
    escapes: bool = False

    def __post_init__(self):
        self.numbers, self.good, self.refused = count(), {}, 0

    async def show(self, request):
        session = request.cookies.get("sid") or f"visitor-{next(self.numbers):08}"
        token = self.good.get(session)
        if token is None or self.once:
            token = self.good[session] = f"token-{next(self.numbers):08}"
        hidden = f'<input type="hidden" name="_token" value="{token}">'
        text = f'<form method="post" action="/take">{hidden}<input name="text"></form>'
        answer = web.Response(text=text, content_type="text/html")
        answer.set_cookie("sid", session)
        return answer

    async def take(self, request):
        sent, session = await request.post(), request.cookies.get("sid")
        if sent["_token"] != self.good.get(session, "none"):
            self.refused += 1
            return web.Response(status=403, text="forged")
        if self.once:
            del self.good[session]
        text = sent["text"].replace("<", "&lt;") if self.escapes else sent["text"]
        return web.Response(text=text, content_type="text/html")

    @property
    def handlers(self):
        return {"GET /form": self.show, "POST /take": self.take}


@dataclass
class Person:
    name: str
    username: str | None = None


async def attacked(talk, guarded, *, people=(), between=lambda one: None):
    one = await talk(guarded.handlers, safe=False)
    request = Request("POST", f"{one.base}/take", (("Content-Type", FORM),), b"_token=token-of-old&text=1")
    operation = Operation(request, Exchange(request, None), "form", page=f"{one.base}/form")
    target = Target(one.client, one.base, "s", [operation], {name: Person(name) for name in people})
    for name in people:
        one.client.enter(name, Session(cookies=(("sid", "first"),)))
    baselines = Baselines()
    await baselines.of("place", target, operation)
    between(one)
    return one, await try_point(target, ECHO, operation, TEXT, baselines)


@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("people", [(), ("ann",)])
async def test_a_form_is_attacked_with_the_token_of_its_page(talk, once, people):
    assert (await attacked(talk, Guarded(once), people=people))[1].hit is not None
    assert (await attacked(talk, Guarded(once, escapes=True), people=people))[1].hit is None


async def test_a_token_of_a_session_is_read_once_in_each_session(talk):
    def renew(one):
        one.client.forget("ann")
        one.client.enter("ann", Session(cookies=(("sid", "second"),)))

    guarded = Guarded()
    one, verdict = await attacked(talk, guarded, people=("ann",), between=renew)
    pages = [entry for entry in one.log if entry.method == "GET"]
    assert (verdict.hit is not None, guarded.refused, len(pages)) == (True, 0, 2)


async def test_the_line_takes_the_token_from_the_page(talk):
    guarded = Guarded()
    _, verdict = await attacked(talk, guarded)
    line = curl(verdict.hit.proof.exchanges, TEXT)
    guarded.good.clear()  # as long after the scan
    running = await asyncio.create_subprocess_shell(line, env={"PATH": "/usr/bin:/bin"}, stdout=-1)
    out, _ = await running.communicate()
    assert (b"forged" not in out, b"200 OK" in out, guarded.refused) == (True, True, 0), line
