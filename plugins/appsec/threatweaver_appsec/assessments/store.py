"""What a scan remembers, kept in the tenant's schema: a killed scan goes on from it."""

from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID

import orjson

from threatweaver.sdk import JobRun, connection
from threatweaver_appsec.stored import json_text

_BATCH = 500


class DatabaseStore:
    """A `checkpoint.Store` of one assessment; each append is a transaction of its own."""

    def __init__(self, job: JobRun, assessment_id: UUID) -> None:
        self._job = job
        self._id = assessment_id

    async def append(self, records: Iterable[dict[str, Any]]) -> None:
        """Keep records durably."""
        texts = [json_text(record) for record in records]
        if not texts:
            return
        async with self._job.database.tenant(self._job.schema):
            await connection().execute(
                """INSERT INTO appsec_checkpoint (assessment_id, record)
                   SELECT $1, given.record FROM unnest($2::jsonb[]) WITH ORDINALITY AS given (record, n)
                   ORDER BY n""",
                self._id,
                texts,
            )

    async def load(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what was kept, some at a time."""
        last = 0
        while True:
            async with self._job.database.tenant(self._job.schema, read_only=True):
                found = await connection().fetch(
                    """SELECT id, record FROM appsec_checkpoint WHERE assessment_id = $1 AND id > $2
                       ORDER BY id LIMIT $3""",
                    self._id,
                    last,
                    _BATCH,
                )
            for row in found:
                last = row["id"]
                yield orjson.loads(row["record"])
            if len(found) < _BATCH:
                return
