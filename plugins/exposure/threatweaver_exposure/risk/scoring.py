"""The formula as SQL: one text for every score that is written, simulated or explained, so that they agree.

Names in it: d is a definition, a an asset. Numbers of a formula are checked and written into the text.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from threatweaver_exposure.intelligence.effective import EPSS
from threatweaver_exposure.risk.formula import (
    BY_SEVERITY,
    EXPOSURES,
    LEAST_POINTS,
    LONGEST_FACTOR,
    MOST_POINTS,
)

_OF_V = {"severity": "v.severity", "first_seen": "v.first_seen", "fixed_at": "v.fixed_at"}
_CVSS = "coalesce(d.cvss4_score, d.cvss3_score, d.cvss2_score)"


class Term(NamedTuple):
    """One input: its weight, SQL for what is known, and for what that counts, 0 to 100; NULL is missing."""

    name: str
    weight: float
    known: str
    value: str


def days(first_seen: str, until: str) -> str:
    """Return SQL for the age in whole days (UTC) at a moment, NULL for now."""
    zone = "AT TIME ZONE 'UTC'"
    return f"((coalesce({until}, now()) {zone})::date - ({first_seen} {zone})::date)"


def by_severity(severity: str) -> str:
    """Return SQL for what a severity alone says."""
    return f"(ARRAY[{', '.join(map(str, BY_SEVERITY))}])[{severity} + 1]::float8"


def terms(formula: Mapping[str, Any], *, severity: str, first_seen: str, fixed_at: str) -> list[Term]:
    """Return the inputs of a score. The age of what is fixed is that of its last day."""
    weights, points = formula["weights"], formula["exposure_points"]
    age = days(first_seen, fixed_at)
    steps = sorted(formula["age_steps"], key=lambda step: -step["from_day"])
    factor = " ".join(f"WHEN {age} >= {int(step['from_day'])} THEN {float(step['factor'])}" for step in steps)
    placed = " ".join(f"WHEN '{name}' THEN {float(points[name]) - LEAST_POINTS}" for name in EXPOSURES)
    share = 100 / (MOST_POINTS - LEAST_POINTS)
    nothing = f"{_CVSS} IS NULL AND d.vpr_score IS NULL AND {EPSS} IS NULL"
    stand_in = f"CASE WHEN {nothing} THEN {by_severity(severity)} END"
    age_factor = f"CASE {factor} ELSE {float(steps[-1]['factor'])} END"
    exposed = f"CASE a.exposure {placed} END * {share!r}"
    return [
        Term("cvss", weights["cvss"], _CVSS, f"{_CVSS} * 10"),
        Term("severity", weights["cvss"], stand_in, stand_in),
        Term("vpr", weights["vpr"], "d.vpr_score", "d.vpr_score * 10"),
        Term("epss", weights["epss"], EPSS, f"{EPSS} * 100"),
        Term("criticality", weights["criticality"], "a.criticality", "a.criticality * 20.0"),
        Term("age", weights["age"], age, f"{age_factor} * {100 / LONGEST_FACTOR!r}"),
        Term("exposure", weights["exposure"], "a.exposure", exposed),
    ]


def score(formula: Mapping[str, Any], *, severity: str, first_seen: str, fixed_at: str) -> str:
    """Return SQL for a score, 0 to 100: the mean of what is known, by weight; 0 for what is informational."""
    found = terms(formula, severity=severity, first_seen=first_seen, fixed_at=fixed_at)
    total = " + ".join(f"coalesce({float(term.weight)} * ({term.value}), 0)" for term in found)
    weight = " + ".join(
        f"CASE WHEN ({term.value}) IS NULL THEN 0 ELSE {float(term.weight)} END" for term in found
    )
    mean = f"coalesce(({total}) / nullif({weight}, 0), {by_severity(severity)})"
    return f"""(CASE WHEN {severity} = 0 THEN 0
        ELSE greatest(0, least(100, floor({mean} + 0.5))) END)::smallint"""


def of_rows(formula: Mapping[str, Any]) -> str:
    """Return SQL for the score of a row v of exposure_vulnerability."""
    return score(formula, **_OF_V)


def terms_of_rows(formula: Mapping[str, Any]) -> list[Term]:
    """Return the inputs of the score of a row v of exposure_vulnerability."""
    return terms(formula, **_OF_V)
