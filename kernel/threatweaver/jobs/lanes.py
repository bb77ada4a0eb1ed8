"""Lanes: which jobs may wait for each other."""

from enum import StrEnum


class Lane(StrEnum):
    """The queue a job stands in; every worker takes from all of them, each with places of its own.

    A job that mostly waits for somebody else's server stands in OUTWARD: however slow that is, no import
    waits behind it.
    """

    WORK = "threatweaver"
    OUTWARD = "threatweaver_outward"
