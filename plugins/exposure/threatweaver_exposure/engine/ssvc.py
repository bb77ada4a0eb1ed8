"""CISA's SSVC: what to do about a vulnerability, by four decision points, as a table.

Source: CERT/CC's cisa_coordinator 2.0.3 (certcc.github.io/SSVC), CISA's Stakeholder-Specific Vulnerability
Categorization Guide. Which criticality of an asset is which mission and well-being is ours.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

EXPLOITATION: Final = ("none", "poc", "active")
TECHNICAL_IMPACT: Final = ("partial", "total")
MISSION: Final = ("low", "medium", "high")
DECISIONS: Final = ("Track", "Track*", "Attend", "Act")
"""From what can wait to what cannot."""

_LETTERS: Final[Mapping[str, str]] = dict(zip("-*+!", DECISIONS, strict=True))
# exploitation, automatable, technical impact → a letter for low, medium and high mission and well-being
_TABLE: Final[Mapping[tuple[str, bool, str], str]] = {
    ("none", False, "partial"): "---",
    ("none", False, "total"): "--*",
    ("none", True, "partial"): "--+",
    ("none", True, "total"): "--+",
    ("poc", False, "partial"): "--*",
    ("poc", False, "total"): "-*+",
    ("poc", True, "partial"): "--+",
    ("poc", True, "total"): "-*+",
    ("active", False, "partial"): "--+",
    ("active", False, "total"): "-+!",
    ("active", True, "partial"): "++!",
    ("active", True, "total"): "+!!",
}


class Points(NamedTuple):
    """What is known of a vulnerability, wherever it is: three of the four decision points."""

    exploitation: str
    automatable: bool
    technical_impact: str


def decide(points: Points, mission: str) -> str:
    """Return one of DECISIONS. Raises KeyError, ValueError for values that the tree does not have."""
    return _LETTERS[_TABLE[points][MISSION.index(mission)]]


def mission(criticality: int | None) -> str:
    """Return mission and well-being for an asset's criticality of 1 to 5; medium where nobody said."""
    if criticality is None:
        return "medium"
    return MISSION[0] if criticality <= 2 else MISSION[1] if criticality == 3 else MISSION[2]


def most_urgent(decisions: Iterable[str]) -> str:
    """Return the decision that can wait least. Raises ValueError where there is none."""
    return max(decisions, key=DECISIONS.index)
