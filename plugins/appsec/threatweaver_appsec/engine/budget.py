"""What a scan may cost, what it has cost, and the line that each request leaves."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a scan may cost. The first three are hard stops; requests after them are OVER_BUDGET."""

    requests: int = 50_000
    seconds: float = 3_600.0
    bytes: int = 2_000_000_000
    body: int = 262_144
    """Bytes of one body that are kept; no more of it is read."""
    answer_seconds: float = 20.0
    """From the request's first byte to the answer's last."""
    per_second: float = 100.0
    together: int = 8


@dataclass
class Spent:
    """What a scan has cost so far, those parts included that were done before it was resumed."""

    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0


@dataclass(frozen=True)
class Entry:
    """One line of the requests' log; `why` says what was wrong where nothing was sent."""

    number: int
    at: float
    method: str
    url: str
    status: int
    seconds: float
    bytes: int
    identity: str
    agent: str
    fault: str = ""
    why: str = ""
