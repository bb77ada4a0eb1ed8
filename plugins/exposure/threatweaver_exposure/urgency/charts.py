"""How what became urgent is drawn."""

from typing import Any

from threatweaver_exposure.charts.figure import Bars, Figure, Series
from threatweaver_exposure.charts.parts import VULNERABILITIES
from threatweaver_exposure.charts.rendition import drawn

_NAMES = {"critical": "Critical", "kev": "Known to be exploited"}


def _newly_critical(body: Any) -> Figure:
    rows = body["data"]
    return Figure(
        title="Newly critical or known to be exploited",
        note=f"Since {body['since']}",
        plot=Bars(
            categories=[_NAMES[row["reason"]] for row in rows],
            series=[
                Series(label="new", tone="bad", values=[row["new"] for row in rows]),
                Series(label="known before", tone="warn", values=[row["knownBefore"] for row in rows]),
            ],
            stacked=True,
            unit=VULNERABILITIES,
            across="active",
        ),
    )


NEWLY_CRITICAL = drawn(_newly_critical)
