"""Script that would run in a page: each place that a value can have, and each encoding that keeps it."""

import html
import json
import re

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import xss
from threatweaver_appsec.engine.agents.contexts import Context, calls_in, contexts_of, running

OPEN = {
    "text": lambda v: f"<p>{v}</p>",
    "title": lambda v: f"<title>{v}</title><p>x",
    "textarea": lambda v: f"<textarea>{v}</textarea>",
    "comment": lambda v: f"<!-- {v} --><p>x",
    "double": lambda v: f'<input value="{v}">',
    "single": lambda v: f"<input value='{v}'>",
    "bare": lambda v: f"<input value={v} name=q>",
    "style": lambda v: f"<style>.a {{ color: {v} }}</style>",
    "double without signs": lambda v: f'<input value="{v.replace("<", "&lt;").replace(">", "&gt;")}">',
    "single of html.escape's older kind": lambda v: f"<input value='{html.escape(v, quote=False)}'>",
    "bare, encoded": lambda v: f"<input value={html.escape(v)}>",
    "address": lambda v: f'<a href="{html.escape(v)}">x</a>',
    "script, single": lambda v: f"<script>var q = '{v.replace('<', '')}'; go(q)</script>",
    "script, double": lambda v: f'<script>var q = "{v.replace("<", "")}"; go(q)</script>',
    "script, escaped by half": lambda v: "<script>var q = '{}';</script>".format(
        v.replace("'", "\\'").replace("<", "")
    ),
    "script, bare": lambda v: (
        f"<script>var q = {v.replace('<', '').replace(chr(39), '').replace(chr(34), '')};</script>"
    ),
    "handler": lambda v: f"<a onclick=\"go('{html.escape(v)}')\">x</a>",
    "no script element": lambda v: f"<p>{v.replace('<img', '')}</p>",
    "script taken out once": lambda v: "<p>" + re.sub("<(img|svg|script>|ScR|details)", "", v) + "</p>",
}


def showing(write, **options):
    def answer(request):
        return web.Response(text=write(request.query["q"]), content_type="text/html", **options)

    return answer


@pytest.mark.parametrize("kind", OPEN)
async def test_a_value_that_leaves_its_place_is_found(serve, kind):
    target = await serve({"GET /": showing(OPEN[kind])})
    found = await target.attack(xss.AGENTS, "/?q=lamp")
    assert [(agent, point) for agent, point, _ in found] == [("reflected-xss", "q")]
    assert target.requests <= 26


CLOSED = {
    "encoded": lambda v: (
        f'<p title="{html.escape(v)}">{html.escape(v)}</p><textarea>{html.escape(v)}</textarea>'
    ),
    "in a script, as JSON": lambda v: (
        f"<script>var q = {json.dumps(v).replace('<', '&lt;').replace('/', chr(92) + '/')};</script>"
    ),
    "address with its scheme": lambda v: f'<a href="/search?q={html.escape(v)}">x</a>',
    "not there": lambda v: f"<p>{len(v)}</p>",
    "without signs": lambda v: "<p>{}</p>".format("".join(char for char in v if char.isalnum())),
    "data block": lambda v: f'<script type="application/json">{json.dumps(v).replace("<", "&lt;")}</script>',
}


@pytest.mark.parametrize("kind", CLOSED)
async def test_a_value_that_keeps_its_place_is_not(serve, kind):
    target = await serve({"GET /": showing(CLOSED[kind])})
    assert await target.attack(xss.AGENTS, "/?q=lamp") == []


async def test_what_is_not_shown_as_a_page_runs_nothing(serve):
    def of(**options):
        return lambda request: web.Response(text=f"<p>{request.query['q']}</p>", **options)

    target = await serve(
        {
            "GET /json": of(content_type="application/json"),
            "GET /plain": of(content_type="text/plain"),
            "GET /file": of(content_type="text/html", headers={"Content-Disposition": "attachment"}),
            "GET /moved": of(content_type="text/html", status=302, headers={"Location": "/"}),
        }
    )
    for path in ("/json", "/plain", "/file", "/moved"):
        before = target.requests
        assert await target.attack(xss.AGENTS, f"{path}?q=lamp") == []
        assert target.requests - before <= 4


async def test_a_policy_makes_it_mild(serve):
    policy = {"Content-Security-Policy": "default-src 'self'"}
    target = await serve({"GET /": showing(OPEN["text"], headers=policy)})
    ((_, _, proof),) = await target.attack(xss.AGENTS, "/?q=lamp")
    assert proof.severity == "LOW"
    assert "Content-Security-Policy" in proof.says


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<p>qq</p>", {Context.TEXT}),
        ("<p>QQ</p><!--qq-->", {Context.TEXT, Context.COMMENT}),
        ("<a href='qq'>", {Context.SINGLE, Context.URL}),
        ("<a href='/?a=qq'>", {Context.SINGLE}),
        ("<a onclick=qq>", {Context.BARE, Context.HANDLER}),
        ("<qq>", {Context.TAG}),
        ("<script>a = 'qq'</script>", {Context.SCRIPT}),
        ("<script>qq</script>", {Context.SCRIPT, Context.CODE}),
        ("<script type=application/json>qq</script>", {Context.RAW}),
        ("<title><b>qq</title>", {Context.RAW}),
        ("a < qq", {Context.TEXT}),
        ("nothing", set()),
    ],
)
def test_where_a_word_stands(page, found):
    assert contexts_of(page, "qq") == found


@pytest.mark.parametrize(
    ("script", "runs"),
    [
        ("f()", True),
        ("a = 'f()'", False),
        ("a = ''-f()-''", True),
        ("a = '\\'-f()//'", False),
        ("a = '\\\\'-f()//'", True),
        ("// f()", False),
        ("/* f() */", False),
        ("a = `${f()}`", True),
        ("a = `f()`", False),
        ("a = ''-f()-'", False),
        ("a = 'x\n'; f()", False),
    ],
)
def test_what_a_script_calls(script, runs):
    assert calls_in(script, "f(") is runs


@pytest.mark.parametrize(
    ("page", "runs"),
    [
        ("<script>f()</script>", True),
        ("<img src=x onerror=f()>", True),
        ("<svg/onload=f()>", True),
        ("<IMG SRC=x ONERROR='f()'>", True),
        ("<textarea><img onerror=f()></textarea>", False),
        ("<!-- <script>f()</script> -->", False),
        ("&lt;script>f()&lt;/script>", False),
        ("<a href='javascript:f()'>", True),
        ("<a href=' java\tscript:f()'>", True),
        ("<a href='/javascript:f()'>", False),
        ("<a title='javascript:f()' data-x='<script>f()</script>'>", False),
        ("<img onerror=f()", False),
        ("<script type='application/json'>f()</script>", False),
        ("<script type=module>f()</script>", True),
    ],
)
def test_what_a_page_runs(page, runs):
    assert (running(page, "f") is not None) is runs
