"""What can be done to a note. No request, no schema, no status code."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from threatweaver.sdk import NotFound, publish
from threatweaver_template.events import NoteFinished
from threatweaver_template.notes.models import Note


async def finish(note_id: UUID) -> Note:
    """Finish a note, once, and tell whoever listens. Raises NotFound."""
    note = await Note.filter(id=note_id).select_for_update().first()
    if note is None:
        raise NotFound
    if note.finished_at is None:
        note.finished_at = datetime.now(UTC)
        await note.save(update_fields=["finished_at"])
        await publish(NoteFinished(note_id=note.id))
    return note


async def file(note_id: UUID) -> None:
    """Note when a finished note was filed; the first time counts."""
    await Note.filter(id=note_id, filed_at=None).update(filed_at=datetime.now(UTC))


async def forget(*, keep_days: int, now: datetime) -> int:
    """Delete notes that were finished so many days ago; return how many."""
    return await Note.filter(finished_at__lt=now - timedelta(days=keep_days)).delete()
