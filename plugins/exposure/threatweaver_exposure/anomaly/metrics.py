"""The metrics that are watched: how each is judged, and on which side it is bad."""

from dataclasses import dataclass
from enum import StrEnum

from threatweaver.sdk import SEVERITIES

ABOVE, BELOW = "above", "below"
DIRECTIONS = (ABOVE, BELOW)
_GRAVE = 6.0  # standard deviations from which an anomaly is one severity worse


class Kind(StrEnum):
    """How a metric is judged: by its counts, its change within a day, or the time since it was heard of."""

    FLOW = "flow"
    LEVEL = "level"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A series with one value a day; `bad` is the direction that deserves attention."""

    title: str
    kind: Kind
    unit: str
    bad: str
    grave: bool = False  # what is bad about it cannot wait

    def severity(self, direction: str, score: float) -> int:
        """Return the severity of an anomaly: a good one is informational, whatever its score."""
        if direction != self.bad:
            return SEVERITIES.index("INFO")
        return SEVERITIES.index("MEDIUM") + self.grave + (abs(score) >= _GRAVE)


METRICS = {
    "new": Metric(title="New vulnerabilities", kind=Kind.FLOW, unit="vulnerabilities", bad=ABOVE),
    "closed": Metric(title="Closed vulnerabilities", kind=Kind.FLOW, unit="vulnerabilities", bad=BELOW),
    "reopened": Metric(title="Reopened vulnerabilities", kind=Kind.FLOW, unit="vulnerabilities", bad=ABOVE),
    "active": Metric(title="Active vulnerabilities", kind=Kind.LEVEL, unit="vulnerabilities", bad=ABOVE),
    "active_critical": Metric(
        title="Active critical vulnerabilities",
        kind=Kind.LEVEL,
        unit="vulnerabilities",
        bad=ABOVE,
        grave=True,
    ),
    "active_kev": Metric(
        title="Active known exploited vulnerabilities",
        kind=Kind.LEVEL,
        unit="vulnerabilities",
        bad=ABOVE,
        grave=True,
    ),
    "assets_seen": Metric(title="Assets seen by scanners", kind=Kind.FLOW, unit="assets", bad=BELOW),
    "scanner_silence": Metric(
        title="Days without a report", kind=Kind.SILENCE, unit="days", bad=ABOVE, grave=True
    ),
}
