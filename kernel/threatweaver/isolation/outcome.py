"""What a probe did and found."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One trace of the other tenant: where, of which kind, and what was seen."""

    route: str
    place: str
    kind: str  # row, count, answer or change
    detail: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Numbers and findings; `times` are ratios of medians, the other's id to a random one."""

    routes: int = 0
    places: int = 0
    ids: int = 0
    calls: int = 0
    leaks: list[Leak] = field(default_factory=list)
    not_called: dict[str, str] = field(default_factory=dict)
    not_compared: list[str] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)
