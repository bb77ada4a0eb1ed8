"""Errors that say too much: traces by the framework that writes them, and debuggers that are left on."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
    Watcher,
)
from threatweaver_appsec.engine.messages import Exchange, Request

MOST_TEXT = 300_000


@dataclass(frozen=True)
class Trace:
    """How a framework's trace looks; `least` lines of it have to be there."""

    name: str
    line: re.Pattern[str]
    least: int = 1
    with_any_status: bool = False
    """Whether its form is of errors only, so that it counts on a page with 200, too."""


TRACES = (
    Trace("Werkzeug debugger", re.compile(r"EVALEX\s*=\s*(true|false)|Werkzeug Debugger</title>"), 1, True),
    Trace(
        "Django debug page",
        re.compile(r"You're seeing this error because you have <code>DEBUG = True</code>"),
        1,
        True,
    ),
    Trace(
        "Laravel Ignition",
        re.compile(r"window\.ignite\(|class=\"?Whoops container|<title>.{0,40}Whoops!"),
        1,
        True,
    ),
    Trace(
        "Symfony debug page",
        re.compile(r"<title>.*?</title>.*?(sf-dump|exception-message-wrapper)", re.DOTALL),
    ),
    Trace(
        "ASP.NET error page",
        re.compile(r"<b> ?Stack Trace: ?</b>|\[\w+Exception[^\]]*\]:? .+\n?.*at System\."),
        1,
        True,
    ),
    Trace("Python", re.compile(r"Traceback \(most recent call last\)")),
    Trace("Python", re.compile(r"File (?:&quot;|\"|\\\")[^\"&\n]{1,200}\.py(?:&quot;|\"|\\\"), line \d+"), 2),
    Trace("Java", re.compile(r"\bat (?:[\w$]+\.){2,}[\w$<>]+\([\w$]+\.java:\d+\)"), 2),
    Trace(
        "Node.js",
        re.compile(r"\bat (?:[^\n(<]{1,80} \()?(?:file://)?/[^\s():<]{1,200}\.[cm]?[jt]s:\d+:\d+"),
        2,
    ),
    Trace(
        "PHP",
        re.compile(
            r"<b>(?:Fatal error|Parse error|Warning|Notice|Deprecated)</b>:\s.{1,400}?"
            r" in <b>.{1,200}?</b> on line <b>\d+</b>",
            re.DOTALL,
        ),
        1,
        True,
    ),
    Trace(
        "PHP",
        re.compile(r"PHP (?:Fatal|Parse) error: .{1,300}? in /\S+ on line \d+|#\d+ /\S+\.php\(\d+\): "),
        2,
    ),
    Trace("Ruby", re.compile(r"/[\w./-]+\.rb:\d+:in [`'][^'\n]{1,80}'"), 2),
    Trace("Go", re.compile(r"goroutine \d+ \[running\]:")),
    Trace(".NET", re.compile(r"\bat (?:[\w`]+\.){2,}[\w<>]+\([^)]{0,200}\) in [^\n]{1,200}:line \d+"), 2),
)


def _traces(exchange: Exchange) -> Iterator[Proof]:
    text = exchange.text[:MOST_TEXT]
    seen: set[str] = set()
    for trace in TRACES:
        if trace.name in seen or (exchange.status < 400 and not trace.with_any_status):
            continue
        found = [
            match.group() for match, _ in zip(trace.line.finditer(text), range(trace.least), strict=False)
        ]
        if len(found) == trace.least:
            seen.add(trace.name)
            yield Proof(
                says=f"The answer ({exchange.status}) shows an error of the application's inside: "
                f"{trace.name}.",
                excerpt="\n".join(found)[:400],
                exchanges=(exchange,),
                title=f"Error shows the application's inside ({trace.name})",
                key=trace.name,
            )
            if trace.with_any_status:
                return  # a page that shows the others' traces as its own


async def _debuggers(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    if await _debugger(site, nonce):
        yield Suspicion(partial(_debugger, site), partial(_debugger, site, right=False))


async def _debugger(site: Site, nonce: Nonce, *, right: bool = True) -> Proof | None:
    """Ask for a file that only Werkzeug's debugger serves, whatever the path; for another in the control."""
    name = "debugger.js" if right else f"{nonce.word()}.js"
    answer = await site.send(Request("GET", f"{site.base}/?__debugger__=yes&cmd=resource&f={name}"))
    if answer.status != 200 or "EVALEX" not in answer.text or "__debugger__" not in answer.text:
        return None
    return Proof(
        says="Werkzeug's debugger is on: it serves its own script, and a console after each error.",
        excerpt=answer.text[:200],
        exchanges=(answer,),
    )


AGENTS: tuple[Agent, ...] = (
    Watcher(
        About(
            id="verbose-error",
            title="Error shows the application's inside",
            cwe=209,
            owasp="A05:2021",
            severity=Severity.LOW,
            safety=Safety.PASSIVE,
            description="An error is answered with a trace: paths, code, versions and sometimes values.",
            remedy="Answer errors with an id, and write the trace to the log.",
            per_origin=True,
        ),
        _traces,
    ),
    Prober(
        About(
            id="debug-mode",
            title="Debugger is on",
            cwe=489,
            owasp="A05:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="The application runs in debug mode, with a debugger that runs code for whoever gets "
            "past its PIN.",
            remedy="Run it by a production server, without debug=True.",
        ),
        _debuggers,
    ),
)
