"""The verdict on a scan, as a policy says. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threatweaver.sdk import SEVERITIES

PASS, FAIL, INCONCLUSIVE = "pass", "fail", "inconclusive"
COUNTED = frozenset({"open", "in_progress", "fixed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Fail on more than `most` findings as bad as `fail_on`, new ones or all; in doubt below a coverage."""

    name: str = "default"
    fail_on: int = SEVERITIES.index("HIGH")
    only_new: bool = True
    most: int = 0
    least_coverage: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a pipeline is told, and why."""

    verdict: str
    reasons: tuple[str, ...]
    summary: Mapping[str, int]


def judge(
    rule: Rule, *, state: str, message: str | None, findings: Sequence[Mapping[str, Any]], coverage: int
) -> Verdict:
    """Return the verdict on a scan that is over; only a completed one can pass.

    What is suppressed, accepted, false or a duplicate does not count.
    """
    counted = [one for one in findings if not one["suppressed"] and one["status"] in COUNTED]
    summary = dict.fromkeys(reversed(SEVERITIES), 0)
    for one in counted:
        summary[one["severity"]] += 1
    summary |= {"total": len(counted), "new": sum(1 for one in counted if one["new"])}
    bad = [one for one in counted if one["level"] >= rule.fail_on and (one["new"] or not rule.only_new)]
    if len(bad) > rule.most:
        kind = "new findings" if rule.only_new else "findings"
        why = f"{len(bad)} {kind} of {SEVERITIES[rule.fail_on]} or worse; {rule.name} allows {rule.most}."
        return Verdict(verdict=FAIL, reasons=(why,), summary=summary)
    if state != "completed":
        return Verdict(
            verdict=INCONCLUSIVE, reasons=(f"The scan is {state}: {message or 'no reason'}",), summary=summary
        )
    if coverage < rule.least_coverage:
        why = (
            f"{coverage} percent of the agents ran to their end; {rule.name} asks for {rule.least_coverage}."
        )
        return Verdict(verdict=INCONCLUSIVE, reasons=(why,), summary=summary)
    return Verdict(verdict=PASS, reasons=(), summary=summary)
