"""Which controls are measured, and by what: a table, not code.

Only what vulnerabilities and scans can tell is measured. A control asks for more than that, processes and
people above all, so a measure that is met is evidence for the control and not a certificate.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Measure = Literal["critical_within_30_days", "within_policy", "scanned_30_days", "scanned_90_days", "login"]


class Status(StrEnum):
    """What a control comes to."""

    MET = "met"
    NOT_MET = "not_met"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Control:
    """A control, what it is measured by, and from how many percent the measure is met."""

    framework: str
    control: str
    title: str
    measure: Measure
    target: int

    def judged(self, met: int, of: int) -> Status:
        """Judge by the counts, so that no rounding lets 99.96 percent be all."""
        if not of:
            return Status.NO_DATA
        return Status.MET if 100 * met >= self.target * of else Status.NOT_MET


CONTROLS = (
    Control(
        "PCI DSS 4.0.1",
        "6.3.3",
        "Patches for critical vulnerabilities are installed within one month",
        "critical_within_30_days",
        100,
    ),
    Control("PCI DSS 4.0.1", "11.3.1", "Internal scans at least every three months", "scanned_90_days", 100),
    Control("PCI DSS 4.0.1", "11.3.1.2", "Internal scans are authenticated", "login", 100),
    Control("CIS Controls 8.1", "7.5", "Automated scans of internal assets", "scanned_90_days", 100),
    Control("CIS Controls 8.1", "7.7", "Detected vulnerabilities are remediated", "within_policy", 95),
    Control("NIST CSF 2.0", "ID.RA-01", "Vulnerabilities in assets are identified", "scanned_30_days", 95),
    Control("NIST CSF 2.0", "PR.PS-02", "Software is maintained", "within_policy", 95),
    Control("ISO/IEC 27001:2022", "A.8.8", "Management of technical vulnerabilities", "within_policy", 95),
)
