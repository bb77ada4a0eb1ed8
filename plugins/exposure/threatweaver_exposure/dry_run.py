"""Dry runs: the work is done, looked at, and taken back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from threatweaver.sdk import connection


@asynccontextmanager
async def trial(*, dry_run: bool) -> AsyncIterator[None]:
    """Take back what this block writes in the current transaction, if it is a dry run."""
    if not dry_run:
        yield
        return
    await connection().execute("SAVEPOINT before_trial")
    try:
        yield
    finally:
        await connection().execute("ROLLBACK TO SAVEPOINT before_trial")
