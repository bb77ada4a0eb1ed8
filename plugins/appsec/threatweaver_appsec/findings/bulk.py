"""Deciding on many findings at once, in one statement."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from threatweaver.sdk import Unprocessable, ValidationFailed, connection
from threatweaver_appsec.errors import CountDiffers
from threatweaver_appsec.findings.models import ACCEPTED, DUPLICATE, FALSE_POSITIVE, FIXED, OPEN
from threatweaver_appsec.findings.queries import LISTING
from threatweaver_appsec.findings.service import check_assignee
from threatweaver_appsec.targets.service import standing_changed

_DECIDED = f"('{ACCEPTED}', '{FALSE_POSITIVE}', '{DUPLICATE}')"
_CLEAR = "accepted_until = NULL, accepted_by = NULL, duplicate_of = NULL, reason = ''"
# action → which of the chosen it applies to, what is set ($2 value, $3 reason, $4 who), status afterwards
_ACTIONS = {
    "accept-risk": (
        f"status <> '{FIXED}'",
        f"status = '{ACCEPTED}', accepted_until = $2::timestamptz, reason = $3, accepted_by = $4::uuid",
    ),
    "false-positive": (
        f"status <> '{FALSE_POSITIVE}'",
        f"status = '{FALSE_POSITIVE}', reason = $3, accepted_until = NULL, accepted_by = NULL",
    ),
    "reopen": (f"status IN {_DECIDED}", f"status = '{OPEN}', {_CLEAR}"),
    "assign": ("assignee_id IS DISTINCT FROM $2::uuid", "assignee_id = $2::uuid"),
    "status": (
        "status <> $2::text",
        f"status = $2::text, {_CLEAR}, fixed_at = CASE WHEN $2::text = '{FIXED}' THEN now() END",
    ),
}
_MOVES = {"false-positive", "reopen", "status"}  # what stands open
_VALUE = {"accept-risk": "until", "assign": "assignee_id", "status": "status"}


async def decide(said: Mapping[str, Any], *, by: UUID) -> dict[str, Any]:
    """Apply an action to the chosen findings that it applies to; a dry run counts only.

    Raises CountDiffers, ValidationFailed for a filter that the list would refuse, Unprocessable for an id
    that nothing has.
    """
    action = said["action"]
    if action == "assign":
        await check_assignee(said["assignee_id"], by=by)
    chosen = await _chosen(said)
    if (expected := said.get("expected_count")) is not None and expected != len(chosen):
        raise CountDiffers(expected, len(chosen))
    applies, sets = _ACTIONS[action]
    value, held = said.get(_VALUE.get(action, "")), connection()
    kind = {"accept-risk": "timestamptz", "assign": "uuid", "status": "text"}.get(action, "text")
    # Every parameter is used, so that each has a type whatever the action is.
    used = f"($2::{kind} IS NULL OR true) AND ($3::text IS NULL OR true) AND ($4::uuid IS NULL OR true)"
    values = ([*chosen], value, said.get("reason"), by)
    where = f"id = ANY($1::uuid[]) AND {applies} AND {used}"
    if said["dry_run"]:
        changed = await held.fetchval(f"SELECT count(*) FROM appsec_finding WHERE {where}", *values)
    else:
        rows = await held.fetch(
            f"""WITH old AS MATERIALIZED (
                    SELECT id, status, assignee_id FROM appsec_finding WHERE {where} FOR UPDATE
                ), new AS (
                    UPDATE appsec_finding f SET {sets}, updated_at = now() FROM old WHERE f.id = old.id
                    RETURNING f.id, f.status, f.assignee_id, f.target_id
                ), told AS (
                    INSERT INTO appsec_finding_event (id, finding_id, at, action, actor_id, before, after)
                    SELECT gen_random_uuid(), old.id, now(), $5::text, $4,
                        CASE WHEN $5 = 'assign' THEN old.assignee_id::text ELSE old.status END,
                        CASE WHEN $5 = 'assign' THEN new.assignee_id::text ELSE new.status END
                    FROM old JOIN new ON new.id = old.id
                ) SELECT target_id, count(*) AS changed FROM new GROUP BY 1""",
            *values,
            action,
        )
        changed = sum(row["changed"] for row in rows)
        if action in _MOVES:
            await standing_changed(row["target_id"] for row in rows)
    return {
        "dryRun": said["dry_run"],
        "action": action,
        "matched": len(chosen),
        "changed": changed,
        "skipped": len(chosen) - changed,
    }


async def _chosen(said: Mapping[str, Any]) -> list[UUID]:
    if "finding_ids" in said:
        wanted = sorted(set(said["finding_ids"]))
        rows = await connection().fetch("SELECT id FROM appsec_finding WHERE id = ANY($1::uuid[])", wanted)
        if len(rows) != len(wanted):
            raise Unprocessable("One of the findings does not exist.")
    else:
        where, values = LISTING.conditions(_loaded(said["filter"]))
        rows = await connection().fetch(f"SELECT f.id FROM {LISTING.source} WHERE {where}", *values)
    return [row["id"] for row in rows]


def _loaded(query: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        loaded: Mapping[str, Any] = LISTING.filters().load(query)
    except ValidationError as error:
        faults = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        details = [{"field": f"filter.{name}", "message": str(t)} for name, ts in faults.items() for t in ts]
        raise ValidationFailed("Invalid request body", details) from None
    return loaded
