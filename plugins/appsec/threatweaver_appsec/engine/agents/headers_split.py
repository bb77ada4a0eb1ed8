"""Line ends in a value that becomes part of the answer's head."""

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
from threatweaver_appsec.engine.agents.attacks import Lead, in_request, text_of
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point, Where

# a line's end, one alone, and letters whose last byte is one
ENDS = ("\r\n", "\n", "\r", "\u560d\u560a")


def _attempts(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    value = text_of(point, "1")
    lead = Lead()
    for index, end in enumerate(ENDS):
        name, word = nonce.word(8), nonce.word(8)

        def shows(sight: Sight, name: str = name, word: str = word) -> Proof | None:
            if lead.known is None:
                heads = [text for one in sight.exchanges if one.response for _, text in one.response.headers]
                lead.known = {"shown"} if any(word in text for text in heads) else set()
            for one in sight.exchanges:
                if one.response and one.response.header(f"x-{name}") == word:
                    says = f"The value ended its header, and put one of its own after it: X-{name}."
                    return Proof(says=says, excerpt=f"x-{name}: {word}", exchanges=(one,))
            return None

        attempt = Attempt((f"{value}{end}x-{name}: {word}",), shows, (f"{value} x-{name}: {word}",))
        yield attempt if index == 0 else lead.only("shown", attempt)


def _wants(point: Point, baseline: Exchange) -> bool:
    return in_request(point, baseline) and point.where is not Where.GRAPHQL


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="header-injection",
            title="HTTP header injection",
            cwe=113,
            owasp="A03:2021",
            severity=Severity.MEDIUM,
            safety=Safety.SAFE,
            description="A value becomes part of a header of the answer, and a line's end in it begins"
            " another one: cookies, redirects and whole answers can be forged.",
            remedy="Refuse or encode line ends in what becomes part of a header.",
        ),
        wants=_wants,
        attempts=_attempts,
    ),
)
