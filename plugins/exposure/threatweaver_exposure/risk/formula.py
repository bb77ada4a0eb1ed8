"""The formula of the WeaverScore as data: published weights, and what a tenant makes of them.

Source of the weights, steps and points: the product's own specification (docs/plugins/risk.md).
"""

from collections.abc import Mapping
from typing import Any, Final

INPUTS: Final = ("cvss", "vpr", "epss", "criticality", "age", "exposure")
"""The inputs by weight; each counts from 0 to 100."""
CRITICALITIES: Final = (1, 2, 3, 4, 5)
EXPOSURES: Final = ("internet", "dmz", "internal", "isolated")
LEAST_POINTS, MOST_POINTS = -5, 10
LONGEST_FACTOR = 2.0
BY_SEVERITY: Final = (0, 20, 54, 79, 95)
"""What stands in for CVSS where VPR and EPSS are unknown, too: the middle of each severity, INFO first."""

DEFAULT: Final[Mapping[str, Any]] = {
    "weights": {"cvss": 30, "vpr": 25, "epss": 20, "criticality": 15, "age": 5, "exposure": 5},
    "age_steps": [
        {"from_day": 0, "factor": 1.0},
        {"from_day": 8, "factor": 1.2},
        {"from_day": 31, "factor": 1.5},
        {"from_day": 91, "factor": 1.8},
        {"from_day": 181, "factor": 2.0},
    ],
    "exposure_points": {"internet": 10, "dmz": 5, "internal": 0, "isolated": -5},
    "bands": {"critical": 90, "high": 70, "medium": 40},
}
"""Version 0, which a tenant has that never changed it."""


def limits(formula: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return the first and the last score of each band, the worst band first."""
    least = {**formula["bands"], "low": 1, "none": 0}
    names = ("critical", "high", "medium", "low", "none")
    above = (101, *(least[name] for name in names))
    return {name: (least[name], upper - 1) for name, upper in zip(names, above, strict=False)}


def band(formula: Mapping[str, Any], score: int) -> str:
    """Return the word for a score: CRITICAL, HIGH, MEDIUM, LOW; NONE for 0."""
    for name in ("critical", "high", "medium"):
        if score >= formula["bands"][name]:
            return name.upper()
    return "LOW" if score else "NONE"
