"""Background work of assessments."""

from datetime import timedelta
from typing import Any

from threatweaver.sdk import JobRun, Lane, Scope, SubscriberTable
from threatweaver_appsec.assessments import runner
from threatweaver_appsec.events import AppsecAssessmentQueued

subscribers = SubscriberTable()


@subscribers.on(
    AppsecAssessmentQueued,
    "appsec.run_assessment",
    timeout=timedelta(hours=24),
    attempts=runner.ATTEMPTS,
    scope=Scope.NONE,
    lane=Lane.OUTWARD,
)
async def run_assessment(run: JobRun, event: AppsecAssessmentQueued) -> dict[str, Any]:
    """Scan a target. Safe to run twice: it goes on where an earlier run was interrupted."""
    return await runner.run(run, event.assessment_id)
