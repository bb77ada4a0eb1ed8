"""Ranks a finding by what its report carries."""

import math

_BANDS = (0, 20, 54, 79, 95)


def score(
    cvss3: float | None, cvss2: float | None, vpr: float | None, epss: float | None, severity: int
) -> int:
    """Rank a finding from 0 to 100 by the inputs of the WeaverScore that a report can carry.

    CVSS weighs 30 (version 3 before 2), VPR 25 and EPSS 20; the weight of a missing input goes to the others,
    and with none at all the middle of the severity's band stands. Informational findings score 0. The
    criticality of the asset, the age of the finding and the exposure of the host come later, where they are
    known.
    """
    if severity <= 0:
        return 0
    cvss = cvss2 if cvss3 is None else cvss3
    inputs = ((30, cvss, 10), (25, vpr, 10), (20, epss, 100))
    present = [(weight, value * scale) for weight, value, scale in inputs if value is not None]
    if not present:
        return _BANDS[min(severity, 4)]
    mean = sum(weight * value for weight, value in present) / sum(weight for weight, _ in present)
    return max(0, min(100, math.floor(mean + 0.5)))
