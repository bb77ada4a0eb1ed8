"""Errors of threat intelligence."""

from threatweaver.sdk import ApiError
from threatweaver_exposure.engine.intel_snapshot import SnapshotFault


class SnapshotRefused(ApiError):
    """The snapshot is malformed, or nobody who is trusted signed it."""

    status, code = 422, "SNAPSHOT_REFUSED"

    @classmethod
    def because(cls, fault: SnapshotFault) -> "SnapshotRefused":
        """Return the error for what is wrong with a snapshot."""
        said = str(fault)
        return cls(f"{said[:1].upper()}{said[1:]}.")


class SnapshotOlder(ApiError):
    """A newer snapshot of the feed holds; `replay` brings an older one back."""

    status, code = 409, "SNAPSHOT_OLDER"
