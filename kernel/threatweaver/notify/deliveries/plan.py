"""Who hears of an event, and when: the one statement behind sending and behind the preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from threatweaver.db.transaction import connection

CHANNEL_MATCHES = """e.user_id IS NULL AND e.severity >= c.minimum_severity
    AND (c.events = '{}' OR e.name = ANY (c.events))"""

_STORED = """
    preference AS (SELECT user_id, event, mode FROM notification_preference),
    schedule AS (SELECT user_id, time_zone, weekly, digest_hour, digest_weekday,
                        quiet_from::time AS quiet_from, quiet_until::time AS quiet_until
                 FROM notification_schedule)"""
_CANDIDATE = """
    preference AS (SELECT $6::uuid AS user_id, event, mode
                   FROM unnest($7::text[], $8::text[]) AS t(event, mode)),
    schedule AS (SELECT $6::uuid AS user_id, $9::text AS time_zone, $10::bool AS weekly,
                        $11::smallint AS digest_hour, $12::smallint AS digest_weekday,
                        $13::text::time AS quiet_from, $14::text::time AS quiet_until)"""

# The moment at which a person is told: the next digest, the end of quiet hours, or at once.
_PLANNED = """
    SELECT e.id AS event_id, e.occurred_at, m.user_id,
           CASE WHEN k.mode = 'digest' THEN (g.first + CASE WHEN g.first <= l.t THEN g.step ELSE '0' END)
                                            AT TIME ZONE z.time_zone
                WHEN q.quiet THEN (q.ends + CASE WHEN q.ends <= l.t THEN interval '1 day' ELSE '0' END)
                                  AT TIME ZONE z.time_zone
                ELSE e.occurred_at END AS planned_for
    FROM unnest($1::uuid[], $2::text[]) AS m(user_id, role)
    JOIN unnest($3::text[], $4::text[], $5::text[]) AS a(role, event, mode) ON a.role = m.role
    JOIN event e ON e.name = a.event AND (e.user_id IS NULL OR e.user_id = m.user_id)
    LEFT JOIN preference p ON p.user_id = m.user_id AND p.event = e.name
    LEFT JOIN schedule s ON s.user_id = m.user_id
    CROSS JOIN LATERAL (SELECT coalesce(p.mode, a.mode) AS mode) k
    CROSS JOIN LATERAL (SELECT coalesce(s.time_zone, 'UTC') AS time_zone) z
    CROSS JOIN LATERAL (SELECT e.occurred_at AT TIME ZONE z.time_zone AS t) l
    CROSS JOIN LATERAL (SELECT date_trunc('day', l.t) AS midnight) d
    CROSS JOIN LATERAL (
        SELECT d.midnight + make_interval(hours => coalesce(s.digest_hour, 8),
                   days => CASE WHEN s.weekly THEN (s.digest_weekday - extract(isodow FROM l.t)::int + 7) % 7
                                ELSE 0 END) AS first,
               CASE WHEN s.weekly THEN interval '7 days' ELSE interval '1 day' END AS step
    ) g
    CROSS JOIN LATERAL (
        SELECT d.midnight + s.quiet_until AS ends,
               CASE WHEN s.quiet_from < s.quiet_until
                    THEN l.t::time >= s.quiet_from AND l.t::time < s.quiet_until
                    ELSE l.t::time >= s.quiet_from OR l.t::time < s.quiet_until END AS quiet
    ) q
    WHERE k.mode <> 'off'"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """People with each of their roles, and what a role may hear of, as (role, event, mode at first)."""

    members: Sequence[tuple[UUID, str]]
    allowed: Sequence[tuple[str, str, str]]

    def values(self) -> list[Any]:
        """Return the statement's first five values."""
        return [
            [user_id for user_id, _ in self.members],
            [role for _, role in self.members],
            [role for role, _, _ in self.allowed],
            [event for _, event, _ in self.allowed],
            [mode for _, _, mode in self.allowed],
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What one person wants; without `quiet_from` there are no quiet hours. Times are HH:MM, weekdays
    1, Monday, to 7.
    """

    modes: Mapping[str, str]
    time_zone: str
    weekly: bool
    digest_hour: int
    digest_weekday: int
    quiet_from: str | None
    quiet_until: str | None


async def make(audience: Audience, event_ids: Sequence[UUID]) -> None:
    """Queue the deliveries of these events, to every enabled channel and person that wants them."""
    await connection().execute(
        f"""INSERT INTO notification_delivery
                (id, event_id, channel_id, status, attempts, planned_for, due_at, last_error, created_at)
            SELECT uuid7(), e.id, c.id, 'queued', 0, e.occurred_at, e.occurred_at, '', now()
            FROM notification_event e JOIN notification_channel c ON {CHANNEL_MATCHES}
            WHERE e.id = ANY ($1) AND c.enabled
            ON CONFLICT DO NOTHING""",
        list(event_ids),
    )
    await connection().execute(
        f"""WITH event AS (SELECT * FROM notification_event WHERE id = ANY ($6)), {_STORED}
            INSERT INTO notification_delivery
                (id, event_id, user_id, status, attempts, planned_for, due_at, last_error, created_at)
            SELECT uuid7(), event_id, user_id, 'queued', 0, planned_for, planned_for, '', now()
            FROM ({_PLANNED}) planned
            ON CONFLICT DO NOTHING""",
        *audience.values(),
        list(event_ids),
    )


async def count_for_person(audience: Audience, wishes: Wishes | None, *, days: int) -> tuple[int, int]:
    """Return how many notifications of the last days one person hears of, and in how many mails.

    `wishes` stands in for what is stored of the one member of the audience.
    """
    values = audience.values()
    if wishes is not None:
        values += [audience.members[0][0], list(wishes.modes), list(wishes.modes.values()), wishes.time_zone]
        values += [wishes.weekly, wishes.digest_hour, wishes.digest_weekday]
        values += [wishes.quiet_from, wishes.quiet_until]
    row = await connection().fetchrow(
        f"""WITH event AS ({_recent(len(values) + 1)}), {_STORED if wishes is None else _CANDIDATE}
            SELECT count(DISTINCT event_id), count(DISTINCT planned_for) FROM ({_PLANNED}) planned""",
        *values,
        days,
    )
    return int(row[0]), int(row[1])


async def count_for_filter(events: Sequence[str], minimum_severity: int, *, days: int) -> dict[str, int]:
    """Return event → how many of the last days a channel with this filter would get."""
    rows = await connection().fetch(
        f"""WITH event AS ({_recent(3)})
            SELECT e.name, count(*) AS events
            FROM event e JOIN (SELECT $1::text[] AS events, $2::smallint AS minimum_severity) c
                 ON {CHANNEL_MATCHES}
            GROUP BY e.name ORDER BY e.name""",
        list(events),
        minimum_severity,
        days,
    )
    return {row["name"]: row["events"] for row in rows}


async def count_for_channels(*, days: int) -> list[dict[str, Any]]:
    """Return each channel and how many events of the last days match it, were it enabled."""
    rows = await connection().fetch(
        f"""WITH event AS ({_recent(1)})
            SELECT c.id, c.name, c.enabled, count(e.id) AS deliveries
            FROM notification_channel c LEFT JOIN event e ON {CHANNEL_MATCHES}
            GROUP BY c.id, c.name, c.enabled ORDER BY c.name""",
        days,
    )
    return [dict(row) for row in rows]


def _recent(parameter: int) -> str:
    return f"""SELECT * FROM notification_event
               WHERE status = 'accepted' AND occurred_at > now() - make_interval(days => ${parameter})"""
