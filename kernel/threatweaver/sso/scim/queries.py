"""SQL of SCIM; in a control scope, and always of one tenant."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.db.transaction import connection
from threatweaver.ids import uuid7
from threatweaver.sso.scim.errors import ScimInvalidFilter

_FILTER = re.compile(r'\s*(userName|externalId|displayName)\s+eq\s+"((?:[^"\\]|\\["\\])*)"\s*', re.IGNORECASE)
_USER_COLUMNS = {"username": "u.email", "externalid": "s.external_id", "displayname": "u.name"}
_GROUP_COLUMNS = {"displayname": "g.display_name", "externalid": "g.external_id"}
# Break-glass accounts are nobody's but the tenant's own; who was deleted is not shown again.
_USERS = """FROM membership m JOIN user_account u ON u.id = m.user_id
    LEFT JOIN scim_user s ON s.user_id = m.user_id AND s.tenant_id = m.tenant_id
    WHERE m.tenant_id = $1 AND NOT m.break_glass AND (m.deactivated_at IS NULL OR s.id IS NOT NULL)"""
_USER = """u.id, u.email, u.name, s.external_id, m.deactivated_at IS NULL AND u.is_active AS active,
    m.created_at, m.provisioned"""
_GROUP = """g.id, g.display_name, g.external_id, g.created_at, ARRAY(
    SELECT x.user_id FROM scim_member x WHERE x.group_id = g.id ORDER BY x.id) AS members"""


def _condition(text: str | None, columns: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the condition of a filter, with $2 for its value. Raises ScimInvalidFilter."""
    if text is None:
        return "", []
    found = _FILTER.fullmatch(text)
    column = columns.get(found[1].lower()) if found else None
    if found is None or column is None:
        raise ScimInvalidFilter
    value = re.sub(r"\\(.)", r"\1", found[2])
    return f" AND {column} = $2", [value.lower() if column == "u.email" else value]


async def users(tenant_id: UUID, query: Mapping[str, Any]) -> tuple[int, Sequence[asyncpg.Record]]:
    """Return how many users match, and those of the page. Raises ScimInvalidFilter."""
    condition, values = _condition(query.get("filter"), _USER_COLUMNS)
    source = f"{_USERS}{condition}"
    return await _page(_USER, source, "u.id", [tenant_id, *values], query)


async def groups(tenant_id: UUID, query: Mapping[str, Any]) -> tuple[int, Sequence[asyncpg.Record]]:
    """Return how many groups match, and those of the page. Raises ScimInvalidFilter."""
    condition, values = _condition(query.get("filter"), _GROUP_COLUMNS)
    source = f"FROM scim_group g WHERE g.tenant_id = $1{condition}"
    return await _page(_GROUP, source, "g.id", [tenant_id, *values], query)


async def _page(
    columns: str, source: str, order: str, values: Sequence[Any], query: Mapping[str, Any]
) -> tuple[int, Sequence[asyncpg.Record]]:
    total = await connection().fetchval(f"SELECT count(*) {source}", *values)
    rows = await connection().fetch(
        f"""SELECT {columns} {source} ORDER BY {order}
            LIMIT {int(query["count"])} OFFSET {int(query["start_index"]) - 1}""",
        *values,
    )
    return total, rows


async def user(tenant_id: UUID, user_id: UUID) -> asyncpg.Record | None:
    """Return one user of the tenant, None without it."""
    return await connection().fetchrow(f"SELECT {_USER} {_USERS} AND u.id = $2", tenant_id, user_id)


async def group(tenant_id: UUID, group_id: UUID) -> asyncpg.Record | None:
    """Return one group of the tenant, None without it."""
    return await connection().fetchrow(
        f"SELECT {_GROUP} FROM scim_group g WHERE g.tenant_id = $1 AND g.id = $2", tenant_id, group_id
    )


async def is_alone_here(tenant_id: UUID, user_id: UUID) -> bool:
    """Say whether no other tenant knows the person."""
    known: bool = await connection().fetchval(
        "SELECT NOT EXISTS (SELECT 1 FROM membership WHERE user_id = $2 AND tenant_id <> $1)",
        tenant_id,
        user_id,
    )
    return known


async def keep_external_id(tenant_id: UUID, user_id: UUID, external_id: str | None) -> None:
    """Note that a directory knows this member, and by what."""
    await connection().execute(
        """INSERT INTO scim_user (id, tenant_id, user_id, external_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT (tenant_id, user_id) DO UPDATE SET external_id = excluded.external_id""",
        uuid7(),
        tenant_id,
        user_id,
        external_id,
    )


async def set_active(tenant_id: UUID, user_id: UUID, *, active: bool) -> bool:
    """Let a member in, or keep them out; return whether that is new."""
    done: str = await connection().execute(
        """UPDATE membership SET deactivated_at = CASE WHEN $3 THEN NULL ELSE now() END
           WHERE tenant_id = $1 AND user_id = $2 AND (deactivated_at IS NULL) <> $3""",
        tenant_id,
        user_id,
        active,
    )
    return done != "UPDATE 0"


async def add_members(tenant_id: UUID, group_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Add users of the tenant to a group; who is none of it is left out."""
    await connection().execute(
        f"""INSERT INTO scim_member (tenant_id, group_id, user_id)
            SELECT $1, $2, u.id {_USERS} AND u.id = ANY($3) ON CONFLICT DO NOTHING""",
        tenant_id,
        group_id,
        list(user_ids),
    )


async def remove_members(group_id: UUID, user_ids: Sequence[UUID] | None) -> None:
    """Remove users from a group; None removes all."""
    await connection().execute(
        "DELETE FROM scim_member WHERE group_id = $1 AND ($2::uuid[] IS NULL OR user_id = ANY($2))",
        group_id,
        None if user_ids is None else list(user_ids),
    )


async def group_names(tenant_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return each user's groups by name; users without any are there too."""
    rows = await connection().fetch(
        """SELECT x.user_id, g.display_name FROM scim_member x JOIN scim_group g ON g.id = x.group_id
           WHERE g.tenant_id = $1 AND x.user_id = ANY($2)""",
        tenant_id,
        list(user_ids),
    )
    names: dict[UUID, list[str]] = {user_id: [] for user_id in user_ids}
    for row in rows:
        names[row["user_id"]].append(row["display_name"])
    return names


async def give_roles(tenant_id: UUID, roles: Mapping[UUID, str]) -> None:
    """Give each member their role; break-glass accounts keep theirs."""
    await connection().execute(
        """UPDATE membership m SET role = r.role FROM unnest($2::uuid[], $3::text[]) AS r (user_id, role)
           WHERE m.tenant_id = $1 AND m.user_id = r.user_id AND NOT m.break_glass AND m.role <> r.role""",
        tenant_id,
        list(roles),
        list(roles.values()),
    )
