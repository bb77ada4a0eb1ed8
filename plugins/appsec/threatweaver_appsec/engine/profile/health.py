"""Whether a target is up, and whether it answers the same to the same: what of a page changes by itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.ports import Sender

SAMPLES = 3
MOST_TEXT = 200_000
MOST_LINES = 4_000
_PARTS = re.compile(r"[^<\n]+|<[^>\n]{0,2000}>?|\n")
_GENERIC = re.compile(
    r"\d{1,2}:\d\d(?::\d\d)?|\d{4}-\d\d-\d\d|[0-9a-f]{16,}|[A-Za-z0-9+/_-]{24,}={0,2}|\d{9,}", re.IGNORECASE
)


@dataclass(frozen=True)
class Health:
    """What was seen of a target."""

    up: bool
    reason: str = ""
    """Why it is not up, or not steady, in a sentence."""
    steady: bool = True
    """Whether the same request gets the same answer, what changes by itself aside."""
    seconds: float = 0.0
    """The median answer."""
    noise: "Noise | None" = None


@dataclass(frozen=True)
class Noise:
    """Parts of one page that changed by themselves, by their position in it and by what surrounds them."""

    changing: frozenset[str] = frozenset()
    """Parts that were not in all samples."""
    after: frozenset[str] = frozenset()
    """Parts that stand before one that changes."""

    def still(self, text: str) -> str:
        """Return a page without what changes by itself, to compare."""
        kept, before = [], ""
        for part in parts(text):
            if part not in self.changing and before not in self.after:
                kept.append(_GENERIC.sub("*", part))
            before = part
        return "\n".join(kept)


def parts(text: str) -> list[str]:
    """Return tags and the text between them, as many as are compared."""
    found = (part.strip() for part in _PARTS.findall(text[:MOST_TEXT]))
    return [part for part in found if part][:MOST_LINES]


def noise_of(texts: Sequence[str]) -> Noise:
    """Return what differs among answers to one request."""
    pages = [parts(text) for text in texts]
    if len(pages) < 2:
        return Noise()
    common = frozenset.intersection(*(frozenset(page) for page in pages))
    changing = frozenset(part for page in pages for part in page if part not in common)
    befores = [
        {before for before, part in zip(["", *page], page, strict=False) if part in changing}
        for page in pages
    ]
    stable = frozenset(befores[0].intersection(*befores[1:])) & common
    counts = {part: pages[0].count(part) for part in stable}
    return Noise(changing, frozenset(part for part, count in counts.items() if count == 1))


async def look(sender: Sender, url: str, identity: str | None, samples: int = SAMPLES) -> Health:
    """Ask the same some times: whether it answers, and whether it answers the same."""
    exchanges = [await sender.send(Request("GET", url), identity=identity) for _ in range(max(2, samples))]
    return judge(exchanges)


def judge(exchanges: Sequence[Exchange]) -> Health:
    """Return what answers to the same request say of its target."""
    answered = [one for one in exchanges if one.response is not None]
    if not answered:
        fault = exchanges[0].fault if exchanges else None
        return Health(
            up=False,
            steady=False,
            reason=f"The target does not answer ({fault.value if fault else 'nothing'}).",
        )
    broken = [one for one in answered if one.status in {502, 503, 504}]
    if len(broken) == len(answered):
        return Health(up=False, reason=f"What stands before the target answers {broken[0].status}.")
    seconds = sorted(one.seconds for one in answered)[len(answered) // 2]
    statuses = sorted({one.status for one in answered})
    noise = noise_of([one.text for one in answered])
    if len(answered) < len(exchanges):
        lost = len(exchanges) - len(answered)
        return Health(True, f"{lost} of {len(exchanges)} requests were not answered.", False, seconds, noise)
    if len(statuses) > 1:
        said = ", ".join(map(str, statuses))
        return Health(True, f"The same request is answered with {said}.", False, seconds, noise)
    if len({noise.still(one.text) for one in answered}) > 1:
        return Health(True, "The same request gets pages of different parts.", False, seconds, noise)
    return Health(True, seconds=seconds, noise=noise)
