"""What can be done to a note. No request, no schema, no status code."""

from uuid import UUID

from threatweaver.sdk import NotFound
from threatweaver_template.notes.models import Note


async def finish(note_id: UUID) -> Note:
    """Mark a note as done. Raises NotFound."""
    note = await Note.filter(id=note_id).select_for_update().first()
    if note is None:
        raise NotFound
    note.done = True
    await note.save(update_fields=["done"])
    return note
