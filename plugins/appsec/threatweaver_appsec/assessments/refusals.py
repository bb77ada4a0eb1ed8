"""What a scan refused to ask, told in the tenant's audit log: each place and reason once."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from threatweaver.sdk import JobRun
from threatweaver_appsec.engine.budget import Entry
from threatweaver_appsec.engine.messages import Fault
from threatweaver_appsec.engine.scope import origin_of

ACTION = "appsec.refuse_request"
MOST = 100  # lines of one run; all requests that were refused stand in the scan's own log
_LONGEST = 200  # characters


@dataclass
class Refusals:
    """Grows while a scan runs."""

    told: set[tuple[str, str]] = field(default_factory=set)
    waiting: dict[tuple[str, str], Entry] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Note a line of the requests' log that says that a request was out of scope."""
        if entry.fault != Fault.OUT_OF_SCOPE or len(self.told) >= MOST:
            return
        parts = urlsplit(entry.url)
        where = (origin_of(entry.url) or f"{parts.scheme}://{parts.netloc}")[:_LONGEST]
        if (where, entry.why) not in self.told:
            self.told.add((where, entry.why))
            self.waiting[where, entry.why] = entry

    async def record(self, job: JobRun, assessment_id: UUID) -> None:
        """Add the lines that are not there yet, last in the current transaction."""
        waiting, self.waiting = self.waiting, {}
        for (where, why), entry in waiting.items():
            after = {"where": where, "why": why, "method": entry.method[:20], "agent": entry.agent}
            await job.record(ACTION, target=f"appsec-assessment:{assessment_id}", refused=True, after=after)
