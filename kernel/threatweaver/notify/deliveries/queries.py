"""The delivery log as a list, and the queue's own statements."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.db.transaction import connection
from threatweaver.http.errors import NotFound
from threatweaver.notify.deliveries.models import DeliveryStatus
from threatweaver.resource.listing import Listing, any_of, eq
from threatweaver.severity import severity_name

STATUSES = [item.value for item in DeliveryStatus]

LOG = Listing(
    source="""notification_delivery d JOIN notification_event e ON e.id = d.event_id
              LEFT JOIN notification_channel c ON c.id = d.channel_id""",
    columns={
        "id": "d.id",
        "event": "e.name",
        "title": "e.title",
        "severity": severity_name("e.severity"),
        "channelId": "d.channel_id",
        "channelName": "c.name",
        "userId": "d.user_id",
        "status": "d.status",
        "attempts": "d.attempts",
        "responseCode": "d.response_code",
        "lastError": "d.last_error",
        "createdAt": "d.created_at",
        "nextAttemptAt": "CASE WHEN d.status = 'queued' THEN d.due_at END",
        "finishedAt": "d.finished_at",
    },
    where=(
        any_of("status", fields.String(validate=validate.OneOf(STATUSES)), column="d.status"),
        eq("channelId", fields.UUID(), column="d.channel_id"),
        eq("event", fields.String(validate=validate.Length(1, 100)), column="e.name"),
    ),
    sort={"createdAt": "d.created_at"},
    default_sort="-createdAt",
    id="d.id",
)


async def one(delivery_id: UUID) -> dict[str, Any]:
    """Return a line of the log. Raises NotFound."""
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in LOG.columns.items())
    row = await connection().fetchrow(f"SELECT {columns} FROM {LOG.source} WHERE d.id = $1", delivery_id)
    if row is None:
        raise NotFound
    return dict(row)


_EVENT = """e.id AS event_id, e.name, e.title, e.severity, e.link, e.data, e.occurred_at"""


async def next_due() -> datetime | None:
    """Return when the next delivery can be sent, None when none waits."""
    moment: datetime | None = await connection().fetchval(
        "SELECT min(due_at) FROM notification_delivery WHERE status = 'queued'"
    )
    return moment


async def claim(*, lease: timedelta, most: int) -> list[asyncpg.Record]:
    """Take what is due, for as long as the lease: whole mails of a person, single rows of a channel.

    Under the tenant's lock, so that no two workers take the same.
    """
    return list(
        await connection().fetch(
            f"""
            WITH chosen AS (
                SELECT coalesce(user_id, id) AS receiver, planned_for FROM notification_delivery
                WHERE status = 'queued' AND due_at <= now()
                GROUP BY 1, 2 ORDER BY min(due_at) LIMIT $2
            ), claimed AS (
                UPDATE notification_delivery d SET due_at = now() + $1, attempts = attempts + 1
                FROM chosen c
                WHERE coalesce(d.user_id, d.id) = c.receiver AND d.planned_for = c.planned_for
                  AND d.status = 'queued' AND d.due_at <= now()
                RETURNING d.*
            )
            SELECT d.id, d.channel_id, d.user_id, d.planned_for, d.attempts, {_EVENT}
            FROM claimed d JOIN notification_event e ON e.id = d.event_id
            ORDER BY e.occurred_at, e.id
            """,
            lease,
            most,
        )
    )


async def sent(ids: list[UUID], *, code: int) -> None:
    """Note that a message arrived."""
    await connection().execute(
        """UPDATE notification_delivery
           SET status = 'sent', response_code = $2, last_error = '', finished_at = now()
           WHERE id = ANY ($1)""",
        ids,
        code,
    )


async def postponed(ids: list[UUID], *, code: int | None, error: str, until: datetime) -> None:
    """Note why an attempt failed, and when the next one begins."""
    await connection().execute(
        """UPDATE notification_delivery SET response_code = $2, last_error = $3, due_at = $4
           WHERE id = ANY ($1) AND status = 'queued'""",
        ids,
        code,
        error[:300],
        until,
    )


async def dead(ids: list[UUID], *, code: int | None, error: str) -> None:
    """Note that there will be no further attempt."""
    await connection().execute(
        """UPDATE notification_delivery
           SET status = 'dead', response_code = $2, last_error = $3, finished_at = now()
           WHERE id = ANY ($1) AND status = 'queued'""",
        ids,
        code,
        error[:300],
    )


async def lost(channel_id: UUID, *, most: int, at_once: bool, reason: str) -> str | None:
    """Count a delivery that a channel lost; return its name if that was one too many and disabled it.

    What is queued for a disabled channel is dead.
    """
    row = await connection().fetchrow(
        """UPDATE notification_channel
           SET lost = lost + 1, enabled = lost + 1 < $2 AND NOT $3,
               disabled_reason = CASE WHEN lost + 1 < $2 AND NOT $3 THEN '' ELSE $4 END
           WHERE id = $1 AND enabled RETURNING name, enabled""",
        channel_id,
        most,
        at_once,
        reason[:300],
    )
    if row is None or row["enabled"]:
        return None
    await connection().execute(
        """UPDATE notification_delivery
           SET status = 'dead', last_error = 'The channel was switched off.', finished_at = now()
           WHERE channel_id = $1 AND status = 'queued'""",
        channel_id,
    )
    return str(row["name"])


async def again(delivery_id: UUID) -> None:
    """Queue a dead delivery anew, due now and with all its attempts."""
    await connection().execute(
        """UPDATE notification_delivery
           SET status = 'queued', attempts = 0, due_at = now(), finished_at = NULL WHERE id = $1""",
        delivery_id,
    )


async def forget(days: int) -> None:
    """Delete events and deliveries that are older, but for those still on their way."""
    age = timedelta(days=days)
    await connection().execute(
        "DELETE FROM notification_delivery WHERE created_at < now() - $1::interval AND status <> 'queued'",
        age,
    )
    await connection().execute(
        """DELETE FROM notification_event e WHERE occurred_at < now() - $1::interval
           AND NOT EXISTS (SELECT FROM notification_delivery d WHERE d.event_id = e.id)""",
        age,
    )
