"""Telling people what an import brought: what cannot wait, and what they asked for; one event each."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from threatweaver.sdk import JobRun, Mode, NotificationEvent, Severity, connection, raise_event
from threatweaver_exposure.filters import service as filters
from threatweaver_exposure.filters.together import together
from threatweaver_exposure.intelligence.effective import KEV
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.vulnerabilities.queries import LISTING

NEW_FINDINGS = NotificationEvent(
    name="exposure.new_findings",
    title="An import found new critical or known exploited vulnerabilities",
    permission=Perm.VULNERABILITY_READ,
    default=Mode.DIGEST,
)


FILTER_MATCHED = NotificationEvent(
    name="exposure.filter_matched",
    title="An import brought vulnerabilities that a saved filter with an alert chooses",
    permission=Perm.VULNERABILITY_READ,
)
_NEW = "c.action IN ('created', 'reopened')"


async def tell(run: JobRun, import_id: UUID) -> None:
    """Raise the events, in the transaction of the merge, if it created or reopened any."""
    row = await connection().fetchrow(
        f"""SELECT count(*) AS found, count(*) FILTER (WHERE c.severity = 4) AS critical,
                  count(*) FILTER (WHERE {KEV}) AS exploited,
                  (SELECT json_agg(json_build_object('id', id, 'name', name, 'query', query) ORDER BY id)
                   FROM exposure_saved_filter WHERE alert) AS alerts
           FROM vulnerability_change c JOIN exposure_definition d ON d.id = c.definition_id
           WHERE {_NEW} AND (c.severity = 4 OR {KEV})"""
    )
    if row["found"]:
        await _tell_urgent(run, import_id, row["critical"], row["exploited"])
    if row["alerts"]:
        await _tell_filtered(run, import_id, orjson.loads(row["alerts"]))


async def _tell_urgent(run: JobRun, import_id: UUID, critical: int, exploited: int) -> None:
    await raise_event(
        run.kernel,
        NEW_FINDINGS.name,
        title=f"New vulnerabilities: {critical} critical, {exploited} known to be exploited",
        severity=Severity.CRITICAL,
        link="/vulnerabilities",
        data={"importId": str(import_id), "critical": critical, "knownExploited": exploited},
        key=str(import_id),
    )


async def _tell_filtered(run: JobRun, import_id: UUID, saved: Sequence[Mapping[str, Any]]) -> None:
    names = {item["id"]: item["name"] for item in saved}
    counting, values = together(
        LISTING,
        (
            (
                f"'{item['id']}' AS id, count(*) AS matched",
                filters.checked("vulnerabilities", item["query"]),
                f"JOIN vulnerability_change c ON c.id = v.id WHERE {{where}} AND {_NEW}",
            )
            for item in saved
        ),
    )
    for filter_id, matched in await connection().fetch(counting, *values):
        if matched:
            await raise_event(
                run.kernel,
                FILTER_MATCHED.name,
                title=f"{matched} new: {names[filter_id]}",
                severity=Severity.HIGH,
                link=f"/vulnerabilities?savedFilter={filter_id}",
                data={"importId": str(import_id), "savedFilterId": filter_id, "matched": matched},
                key=f"{import_id} {filter_id}",
            )
