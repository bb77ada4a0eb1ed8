"""How often the module's tables were written to in this tenant: what figures depend on, beside the day.

A trigger of each table counts the transaction, once, without waiting for others that write.
"""

from datetime import date

from threatweaver.sdk import connection


async def state() -> tuple[int, date]:
    """Return a number that rises with every commit that changed something here, and the day in UTC."""
    row = await connection().fetchrow(
        "SELECT coalesce(sum(total), 0)::bigint, (now() AT TIME ZONE 'UTC')::date FROM exposure_written"
    )
    if row is None:
        raise LookupError
    return row[0], row[1]


async def compact() -> None:
    """Put the transactions that are counted one by one together; the number stays."""
    await connection().execute(
        """WITH gone AS (DELETE FROM exposure_written WHERE id > 0 RETURNING total)
           INSERT INTO exposure_written (id, total) SELECT 0, sum(total) FROM gone HAVING count(*) > 0
           ON CONFLICT (id) DO UPDATE SET total = exposure_written.total + excluded.total"""
    )
