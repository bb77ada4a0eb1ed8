"""What the clock does to notes."""

from datetime import UTC, datetime, timedelta

from threatweaver_template.notes.models import Note


async def test_notes_that_were_finished_long_ago_are_forgotten(tenant, in_tenant, run_job):
    long_ago = datetime.now(UTC) - timedelta(days=91)
    async with in_tenant(tenant):
        await Note.create(title="old", finished_at=long_ago)
        await Note.create(title="of today", finished_at=datetime.now(UTC))
        await Note.create(title="open")
    await run_job("template.forget_notes", tenant)
    async with in_tenant(tenant):
        assert {note.title for note in await Note.all()} == {"of today", "open"}
