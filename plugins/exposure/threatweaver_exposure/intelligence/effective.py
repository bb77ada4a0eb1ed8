"""What holds of a definition d: the report's own values, or those of snapshots where they are newer.

SQL, in one place, for scores, lists, details and figures. A report's value is as old as the sighting that
stated it first (`updated_at`), a snapshot's as old as its publication.
"""


def _newer(said: str, told: str, at: str) -> str:
    """Return SQL for what a report said, unless a snapshot told something since, or the report nothing."""
    return f"(CASE WHEN {said} IS NULL OR {at} >= d.updated_at THEN coalesce({told}, {said}) ELSE {said} END)"


def epss(told: str, at: str) -> str:
    """Return SQL for a definition's EPSS score, of 0 to 1, beside what a snapshot told at a moment."""
    return _newer("d.epss_score", told, at)


EPSS = epss("d.intel_epss", "d.intel_epss_at")
KEV = _newer("d.kev", "d.intel_kev", "d.intel_kev_at")
