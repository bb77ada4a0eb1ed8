"""Files that become jobs, and the formats that reports can have."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from threatweaver import running
from threatweaver.http.route import Limit
from threatweaver.http.upload import SpooledFile
from threatweaver.jobs.table import Job
from threatweaver.reports import ImportParser


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImporter:
    """What `threatweaver import FILE` and the quarantine hand a file to, to turn it into a job's payload.

    `prepare(file, job_id)` runs in the tenant's transaction; it raises ApiError to refuse the file.
    """

    job: Job
    max_bytes: Limit
    prepare: Callable[[SpooledFile, UUID], Awaitable[dict[str, Any]]]


def import_parsers() -> tuple[ImportParser, ...]:
    """Return the formats of reports of every admitted plugin, in the order of the plugins' names.

    Raises RuntimeError outside of a request, a job and a command.
    """
    return running.kernel().registry.import_parsers
