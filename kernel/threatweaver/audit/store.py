"""Appending to a log: its SQL function is the only way in."""

import json

from threatweaver.audit.line import Line, presentable
from threatweaver.db.transaction import CONTROL, Database, current

_APPEND = "SELECT audit_append($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14::jsonb,$15::jsonb)"


async def append(database: Database, schema: str, line: Line) -> None:
    """Add a line to the log of `schema`, in the current transaction, which goes on there.

    Call it last: the log is locked from here to the commit. What the unit has published goes before it.
    """
    unit = current()
    await unit.conclude()
    if schema == CONTROL:
        await database.go_on_in_control(unit)
    else:
        await database.go_on_in_tenant(unit, schema)
    await unit.connection.execute(
        _APPEND,
        line.actor_id,
        line.actor_email,
        line.token_id,
        line.via,
        _text(line.action, 120),
        _text(line.target, 200),
        line.outcome,
        line.method,
        _text(line.path, 500),
        line.status,
        line.request_id,
        line.address,
        _text(line.user_agent, 300),
        _document(line.before),
        _document(line.after),
    )


def _text(text: str, length: int) -> str:
    return str(presentable(text))[:length]


def _document(members: object) -> str | None:
    return None if members is None else json.dumps(presentable(members))
