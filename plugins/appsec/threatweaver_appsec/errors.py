"""Errors only appsec can raise."""

from typing import Any

from threatweaver.sdk import ApiError


class AssessmentRunning(ApiError):
    """The assessment is running, or waits to."""

    status, code = 409, "ASSESSMENT_RUNNING"


class ScansStopped(ApiError):
    """All scans are stopped: somebody pulled the emergency stop."""

    status, code = 409, "SCANS_STOPPED"


class TargetInUse(ApiError):
    """An assessment of the target is running."""

    status, code = 409, "TARGET_IN_USE"


class BuiltIn(ApiError):
    """What comes with the product cannot be changed; clone it."""

    status, code = 409, "BUILT_IN"


class FindingFixed(ApiError):
    """A fixed finding has no risk to accept."""

    status, code = 409, "FINDING_FIXED"


class FindingNotAccepted(ApiError):
    """The finding's risk is not accepted."""

    status, code = 409, "FINDING_NOT_ACCEPTED"


class CountDiffers(ApiError):
    """The filter matches another number of findings than was expected."""

    status, code = 409, "COUNT_DIFFERS"

    def __init__(self, expected: int | None = None, matched: int | None = None) -> None:
        members: dict[str, Any] = {} if matched is None else {"expected": expected, "matched": matched}
        super().__init__(None, **members)


class TargetNotVerified(ApiError):
    """Nobody proved that the target may be scanned."""

    status, code = 409, "TARGET_NOT_VERIFIED"


class ScanUnfinished(ApiError):
    """The scan is not over yet."""

    status, code = 409, "SCAN_UNFINISHED"


class ScanInconclusive(ApiError):
    """The scan cannot say whether the target is well: it is not to be taken for passed."""

    status, code = 409, "SCAN_INCONCLUSIVE"
