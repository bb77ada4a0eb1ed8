"""Errors only the feed can raise."""

from typing import Any

from threatweaver.sdk import ApiError


class ResyncRequired(ApiError):
    """The feed does not reach back to this cursor. Do what `resync` says."""

    status, code = 410, "RESYNC_REQUIRED"

    def __init__(self, cursor: str | None = None, **members: Any) -> None:
        if cursor is not None:
            members["resync"] = {
                "list": "/api/vulnerabilities?state=all",
                "cursor": cursor,
                "message": "Read the whole list into an empty copy, then go on with this cursor.",
            }
        super().__init__(None, **members)
