"""Time as proof: an answer that waits as long as it is told, twice as long when told so, else not."""

import math
from collections.abc import Callable, Iterator

from threatweaver_appsec.engine.agent import Attempt, Nonce, Proof, Sight, Telltale
from threatweaver_appsec.engine.agents.attacks import Lead

SLACK = 0.6  # seconds that an answer may take beside its delay, and a delay may be off by
EARLY = 0.1  # seconds that clocks may differ by
MOST_LATE = 1  # of the four answers of a proof
TRIES = 3  # a busy target, or network, makes an answer late now and then
Delay = Callable[[float], str]
"""The value that makes the target wait for so many seconds."""


def waits(delay: Delay, nonce: Nonce, says: str) -> Iterator[Attempt]:
    """Yield a request to see whether it is worth it, then the proof, again where an answer was only late."""
    short = nonce.number(15, 25) / 10
    long = short * 2
    lead = Lead()

    def look(sight: Sight) -> set[str]:
        usual = min(one.seconds for one in (sight.baseline, sight.again or sight.baseline))
        return {"waits"} if sight.exchanges[0].seconds >= max(short, usual + short / 2) else set()

    def shows(sight: Sight) -> Proof | None:
        taken = [exchange.seconds for exchange in sight.exchanges]
        first, none, second, nothing = taken
        if first < short - EARLY or second < long - EARLY:  # by chance an answer is late, never early
            lead.known = set()
            return None
        idle = min(none, nothing)
        late = (first - short - idle, second - long - idle, none - 2 * idle, nothing - 2 * idle)
        # a timeout, an infinite time, proves nothing
        if math.inf in taken or idle > short or sum(seconds > SLACK for seconds in late) > MOST_LATE:
            return None
        times = ", ".join(f"{seconds:.2f} s" for seconds in taken)
        told = f"{short:g} s, none, {long:g} s and none"
        return Proof(
            says=says,
            excerpt=f"Told to wait {told}, the answers took {times}.",
            exchanges=sight.exchanges,
            telltale=Telltale.TIME,
        )

    yield lead.learn((delay(short),), look)
    proof = tuple(delay(seconds) for seconds in (short, 0, long, 0))
    for _ in range(TRIES):
        yield lead.only("waits", Attempt(proof, shows, (delay(0),) * 4, textual=False))
