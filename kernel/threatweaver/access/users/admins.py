"""The last administrator: whoever changes members, a person or a directory, leaves the tenant one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from threatweaver.access.rights import serialize
from threatweaver.access.users import queries
from threatweaver.access.users.errors import LastAdmin


@asynccontextmanager
async def one_stays(tenant_id: UUID) -> AsyncIterator[None]:
    """Change members within this block, one caller at a time; in a control scope.

    Raises LastAdmin when the tenant had an active administrator before the block and has none after it.
    """
    await serialize(tenant_id)
    had = await queries.active_admins(tenant_id)
    yield
    if had and not await queries.active_admins(tenant_id):
        raise LastAdmin
