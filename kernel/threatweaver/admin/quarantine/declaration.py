"""What a module hands over when it refuses a record."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One refused record: the file at `path` with its size in bytes and SHA-256, and why.

    `source` is the name of the job that refused it. A `FileImporter` of this job is what tries it again.
    """

    source: str
    path: Path
    name: str
    size: int
    sha256: str
    code: str
    message: str
    line: int | None = None
