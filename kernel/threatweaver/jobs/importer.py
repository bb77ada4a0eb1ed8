"""What `threatweaver import FILE` and the quarantine need of a plugin: turn a spooled file into a payload."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from threatweaver.http.route import Limit
from threatweaver.http.upload import SpooledFile
from threatweaver.jobs.table import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImporter:
    """`prepare(file, job_id)` runs in the tenant's transaction; it raises ApiError to refuse the file."""

    job: Job
    max_bytes: Limit
    prepare: Callable[[SpooledFile, UUID], Awaitable[dict[str, Any]]]
