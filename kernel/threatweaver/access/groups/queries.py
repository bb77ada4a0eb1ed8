"""Lists of groups, in the tenant's scope, and of their members, in a control scope."""

from collections.abc import Sequence
from uuid import UUID

from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing, given, search

LISTING = Listing(
    source="access_group g",
    columns={
        "id": "g.id",
        "name": "g.name",
        "description": "g.description",
        "members": "(SELECT count(*) FROM access_group_member m WHERE m.group_id = g.id)",
        "createdAt": "g.created_at",
    },
    id="g.id",
    where=(search("g.name", "g.description"),),
    sort={"name": "g.name", "createdAt": "g.created_at"},
    default_sort="name",
)


def members(schema: str) -> Listing:
    """Return the list of a group's members; needs `group_id`."""
    return Listing(
        source=f'"{schema}".access_group_member m JOIN user_account u ON u.id = m.user_id',
        columns={"id": "u.id", "email": "u.email", "name": "u.name"},
        id="u.id",
        where=(given("group_id", "m.group_id = {}"), search("u.email", "u.name")),
        sort={"email": "u.email", "name": "u.name"},
        default_sort="email",
    )


MEMBERS_QUERY = members("").query


async def group_exists(schema: str, group_id: UUID) -> bool:
    """Say whether the tenant has this group; in any scope that may read its schema."""
    return bool(
        await connection().fetchval(f'SELECT true FROM "{schema}".access_group WHERE id = $1', group_id)
    )


async def roles_of(group_id: UUID) -> list[str]:
    """Return the roles that a group gives, in whatever scope."""
    rows = await connection().fetch("SELECT DISTINCT role FROM access_grant WHERE group_id = $1", group_id)
    return [row["role"] for row in rows]


async def add(group_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Put users into a group; those in it already stay."""
    await connection().execute(
        """INSERT INTO access_group_member (group_id, user_id)
           SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING""",
        group_id,
        user_ids,
    )
