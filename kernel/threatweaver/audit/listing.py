"""The log as a list: newest first, by cursor; and what it adds up to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import fields, validate

from threatweaver.audit import canonical, queries
from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing, Where, any_of, eq, search

_COLUMNS = {
    "seq": "id",
    "at": "at",
    "actorId": "actor_id",
    "actorEmail": "actor_email",
    "tokenId": "token_id",
    "via": "via",
    "action": "action",
    "target": "target",
    "outcome": "outcome",
    "method": "method",
    "path": "path",
    "status": "status",
    "requestId": "request_id",
    "address": "address",
    "userAgent": "user_agent",
    "before": "before",
    "after": "after",
    "hash": "encode(hash, 'hex')",
}
_FILTERS = (
    eq("actor_id", fields.UUID()),
    eq("actor_email", fields.String(validate=validate.Length(1, 254))),
    eq("token_id", fields.UUID()),
    any_of("action", fields.String(validate=validate.Length(1, 120))),
    eq("target", fields.String(validate=validate.Length(1, 200))),
    any_of("outcome", fields.String(validate=validate.OneOf(["success", "failure"]))),
    any_of("via", fields.String(validate=validate.Length(1, 16))),
    eq("address", fields.String(validate=validate.Length(1, 64))),
    eq("request_id", fields.String(validate=validate.Length(1, 64))),
    Where("from", fields.AwareDateTime(), "at >= {}"),
    Where("to", fields.AwareDateTime(), "at < {}"),
    search("action", "target", "path", "actor_email"),
)


async def _total(query: Mapping[str, Any]) -> int | None:
    """Return the number of all lines, which the head knows; None for a filtered list."""
    if any(query.get(item.name) is not None for item in _FILTERS):
        return None
    return (await queries.head())[0]


LINES = Listing(
    source="audit_line",
    columns=_COLUMNS,
    where=_FILTERS,
    sort={"seq": "id"},
    default_sort="-seq",
    total=_total,
    objects=frozenset(canonical.DOCUMENTS),
)
ROOTS = Listing(
    source="audit_root",
    columns={
        "at": "at",
        "seq": "seq",
        "hash": "encode(hash, 'hex')",
        "keyId": "key_id",
        "signature": "encode(signature, 'base64')",
    },
    sort={"at": "at"},
    default_sort="-at",
)


async def summary(since: datetime) -> dict[str, Any]:
    """Return what happened since: actions, failures by address, lines a day."""
    held = connection()
    actions = await held.fetch(
        """SELECT action, outcome, count(*) AS count FROM audit_line WHERE at >= $1
           GROUP BY action, outcome ORDER BY count DESC, action LIMIT 100""",
        since,
    )
    addresses = await held.fetch(
        """SELECT address, count(*) AS count FROM audit_line
           WHERE at >= $1 AND outcome <> 'success' AND address <> ''
           GROUP BY address ORDER BY count DESC, address LIMIT 20""",
        since,
    )
    days = await held.fetch(
        """SELECT (at AT TIME ZONE 'UTC')::date AS day,
                  count(*) FILTER (WHERE outcome = 'success') AS success,
                  count(*) FILTER (WHERE outcome <> 'success') AS failure
           FROM audit_line WHERE at >= $1 GROUP BY day ORDER BY day""",
        since,
    )
    actors = await held.fetchval("SELECT count(DISTINCT actor_id) FROM audit_line WHERE at >= $1", since)
    return {
        "since": since,
        "actors": actors,
        "actions": [dict(row) for row in actions],
        "failuresByAddress": [dict(row) for row in addresses],
        "days": [dict(row) for row in days],
    }
