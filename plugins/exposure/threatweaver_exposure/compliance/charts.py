"""How the status of controls is drawn."""

from typing import Any

from threatweaver_exposure.charts.figure import Bars, Figure, Series
from threatweaver_exposure.charts.rendition import drawn
from threatweaver_exposure.compliance.controls import Status

_TONES = {Status.MET: "good", Status.NOT_MET: "bad", Status.NO_DATA: "idle"}


def _compliance_status(body: Any) -> Figure:
    rows = body["controls"]
    return Figure(
        title="Compliance control status",
        note=f"{body['met']} met, {body['notMet']} not met, {body['noData']} without data on {body['day']}",
        plot=Bars(
            categories=[f"{row['framework']} {row['control']}" for row in rows],
            series=[Series(label="Measure", values=[row["percent"] for row in rows])],
            tones=[_TONES[row["status"]] for row in rows],
            marks=[row["target"] for row in rows],
            mark="target",
            unit="%",
            across="measure",
            most=100,
        ),
    )


COMPLIANCE_STATUS = drawn(_compliance_status)
