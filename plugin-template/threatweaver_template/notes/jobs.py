"""Background work of notes: what happens by the clock, and what happens after an event."""

from datetime import UTC, datetime, timedelta

from threatweaver.sdk import JobRun, JobTable, SubscriberTable
from threatweaver_template.events import NoteFinished
from threatweaver_template.notes import service
from threatweaver_template.settings import KEEP_DAYS

table = JobTable()
subscribers = SubscriberTable()


@table.job("template.forget_notes", every=timedelta(days=1), timeout=timedelta(minutes=5))
async def forget_notes(run: JobRun) -> None:
    """Delete notes that were finished long ago. Safe to run twice."""
    await service.forget(keep_days=int(run.settings["template"][KEEP_DAYS.name]), now=datetime.now(UTC))


@subscribers.on(NoteFinished, "template.file_note", timeout=timedelta(minutes=1))
async def file_note(_: JobRun, event: NoteFinished) -> None:
    """File a note that was finished. Safe to run twice."""
    await service.file(event.note_id)
