"""One event as receivers see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What happened; `link` is an absolute URL or "", `tenant` a slug."""

    event_id: UUID
    name: str
    title: str
    severity: str
    link: str
    data: Mapping[str, Any]
    occurred_at: datetime
    tenant: str
