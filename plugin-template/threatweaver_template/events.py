"""Facts template publishes. Past tense, ids and values only."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteFinished:
    """Somebody finished a note."""

    note_id: UUID
