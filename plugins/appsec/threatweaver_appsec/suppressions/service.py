"""What can be done to suppressions, and which findings they fit. No request, no schema, no status code."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.sdk import SEVERITIES, Listing, NotFound, Unprocessable, connection, search, severity_name
from threatweaver_appsec.suppressions.models import Suppression
from threatweaver_appsec.targets.models import Target
from threatweaver_appsec.targets.service import standing_changed

# A shell pattern as LIKE has it: what means something there is escaped, and * is any text.
_LIKE = r"replace(replace(replace(replace(s.place, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')"
_FITS = f"""(s.target_id IS NULL OR s.target_id = f.target_id) AND (s.agent = '' OR s.agent = f.agent)
    AND (s.cwe IS NULL OR s.cwe = f.cwe) AND (s.place = '' OR f.place LIKE {_LIKE})
    AND (s.parameter = '' OR s.parameter = f.parameter) AND f.severity <= s.worst"""
_LIVE = "(s.expires_at IS NULL OR s.expires_at > now())"
LISTING = Listing(
    source="appsec_suppression s",
    columns={
        "id": "s.id",
        "name": "s.name",
        "reason": "s.reason",
        "targetId": "s.target_id",
        "agent": "s.agent",
        "cwe": "s.cwe",
        "place": "s.place",
        "parameter": "s.parameter",
        "worst": severity_name("s.worst"),
        "expiresAt": "s.expires_at",
        "findings": f"(SELECT count(*) FROM appsec_finding f WHERE {_LIVE} AND {_FITS})",
        "createdBy": "s.created_by",
        "createdAt": "s.created_at",
        "updatedAt": "s.updated_at",
    },
    id="s.id",
    where=(search("s.name", "s.reason"),),
    sort={"createdAt": "s.created_at", "name": "s.name"},
    default_sort="-createdAt",
)


async def apply() -> int:
    """Let every finding say whether a suppression fits it; return how many changed. Safe to run twice."""
    rows = await connection().fetch(
        f"""UPDATE appsec_finding f SET suppressed = NOT f.suppressed
            WHERE f.suppressed <> EXISTS (SELECT FROM appsec_suppression s WHERE {_LIVE} AND {_FITS})
            RETURNING f.target_id"""
    )
    await standing_changed({row["target_id"] for row in rows})
    return len(rows)


async def preview(rule: Mapping[str, Any]) -> int:
    """Return how many findings a rule would suppress."""
    values = [
        rule.get("target_id"),
        rule.get("agent", ""),
        rule.get("cwe"),
        rule.get("place", ""),
        rule.get("parameter", ""),
        SEVERITIES.index(rule.get("worst", "CRITICAL")),
    ]
    return int(
        await connection().fetchval(
            f"""SELECT count(*) FROM appsec_finding f CROSS JOIN (
                    SELECT $1::uuid AS target_id, $2::text AS agent, $3::int AS cwe, $4::text AS place,
                           $5::text AS parameter, $6::int AS worst) s
                WHERE {_FITS}""",
            *values,
        )
    )


async def create(*, by: UUID, **what: Any) -> Suppression:
    """Add a suppression, and apply it. Raises Unprocessable for an unknown target."""
    if what.get("target_id") and not await Target.exists(id=what["target_id"]):
        raise Unprocessable("There is no such target.")
    what["worst"] = SEVERITIES.index(what.get("worst", "CRITICAL"))
    made = await Suppression.create(created_by=by, **what)
    await apply()
    return made


async def update(suppression_id: UUID, **changes: Any) -> None:
    """Change a suppression's name, reason or end. Raises NotFound."""
    found = await _known(suppression_id)
    await found.update_from_dict(changes).save()
    await apply()


async def delete(suppression_id: UUID) -> None:
    """Delete a suppression: what it hid counts again. Raises NotFound."""
    await (await _known(suppression_id)).delete()
    await apply()


async def _known(suppression_id: UUID) -> Suppression:
    found = await Suppression.get_or_none(id=suppression_id)
    if found is None:
        raise NotFound
    return found
