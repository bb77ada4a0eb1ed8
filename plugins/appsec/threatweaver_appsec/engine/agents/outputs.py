"""Values that something else than a page reads: scripts of other sites, spreadsheets, formats."""

import re
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
from threatweaver_appsec.engine.agents.attacks import in_request, text_of
from threatweaver_appsec.engine.agents.contexts import renders
from threatweaver_appsec.engine.messages import Exchange, Fault
from threatweaver_appsec.engine.points import Point, Where

CALLBACK = re.compile(r"callback|jsonp|^cb$|^func(tion)?$", re.IGNORECASE)
SHEETS = ("text/csv", "application/csv", "application/vnd.ms-excel", "text/tab-separated-values")


def _script(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    """A call of our own at the beginning of what other sites may load as a script."""
    del point, baseline
    call = f"{nonce.word()}(1);//"

    def shows(sight: Sight) -> Proof | None:
        for one in sight.exchanges:
            if _is_script(one) and one.text.startswith(call):
                says = "The answer begins with code that the value wrote, where a function's name belongs."
                return Proof(says, one.text[:200], (one,))
        return None

    yield Attempt((call,), shows, (f"_{call}",))


def _is_script(exchange: Exchange) -> bool:
    """Whether other sites can load an answer as a script: its type, or what is guessed of another one."""
    answer = exchange.response
    if answer is None or answer.status >= 300 or renders(answer):
        return False
    sniffs = "nosniff" not in (answer.header("X-Content-Type-Options") or "").lower()
    return "javascript" in answer.media_type or sniffs


def _sheet(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del point, baseline
    word = nonce.word()
    cell = re.compile(rf"(^|[,;\t\n])\"?=1\+{word}", re.MULTILINE)

    def shows(sight: Sight) -> Proof | None:
        for one in sight.exchanges:
            if one.response and one.response.media_type in SHEETS and (found := cell.search(one.text)):
                says = "A cell of the sheet begins with the value's =: programs work it out as a formula."
                return Proof(says, one.text[max(0, found.start() - 60) : found.end() + 60], (one,))
        return None

    yield Attempt((f"=1+{word}",), shows, (f"'=1+{word}",))


def _format(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    """Directives that write where nothing is: a program that reads them as a format breaks off."""
    del baseline
    value = text_of(point, "1") + nonce.word(3)

    def shows(sight: Sight) -> Proof | None:
        broke = [one for one in sight.exchanges if one.fault is Fault.RESET]
        if len(broke) < len(sight.exchanges) or sight.baseline.response is None:
            return None
        return Proof(
            "The connection breaks at directives of a format, and at nothing like them.", "", tuple(broke)
        )

    yield Attempt((f"{value}{'%n%s' * 8}",), shows, (f"{value}{'%%n%%s' * 8}",))


def _takes_function(point: Point, baseline: Exchange) -> bool:
    return point.where is Where.QUERY and bool(CALLBACK.search(point.name)) and in_request(point, baseline)


def _gives_sheet(point: Point, baseline: Exchange) -> bool:
    answer = baseline.response
    return in_request(point, baseline) and answer is not None and answer.media_type in SHEETS


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="jsonp-callback",
            title="Script of a value's own in a JSONP answer",
            cwe=79,
            owasp="A03:2021",
            severity=Severity.LOW,
            safety=Safety.SAFE,
            description="A callback's name is written at the beginning of a script without being checked.",
            remedy="Allow only letters, digits and dots in it; better, use CORS in place of JSONP.",
        ),
        wants=_takes_function,
        attempts=_script,
    ),
    PointAgent(
        About(
            id="formula-injection",
            title="Formula in a spreadsheet",
            cwe=1236,
            owasp="A03:2021",
            severity=Severity.INFO,
            safety=Safety.SAFE,
            description="A value becomes a cell that spreadsheet programs read as a formula.",
            remedy="Write an apostrophe before values that begin with =, +, - or @.",
        ),
        wants=_gives_sheet,
        attempts=_sheet,
    ),
    PointAgent(
        About(
            id="format-string",
            title="Format string",
            cwe=134,
            owasp="A03:2021",
            severity=Severity.INFO,
            safety=Safety.INTRUSIVE,
            description="A value seems to be read as the format of C's printf.",
            remedy="Pass values as arguments of a fixed format.",
        ),
        wants=in_request,
        attempts=_format,
    ),
)
