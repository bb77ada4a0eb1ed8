"""Whose account it is: the first proof of its mailbox ends what was set up before it.

Somebody else may have made an account for an address, an administrator or a directory, and used it: their
second factor would keep its owner out, their sessions and API tokens would stay in.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.access.tokens import queries as api_tokens
from threatweaver.auth.login import steps
from threatweaver.auth.mfa import service as mfa
from threatweaver.auth.models import User
from threatweaver.auth.sessions import service as sessions

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def prove(kernel: "Kernel", user: User, *, tenant_id: UUID) -> None:
    """Note that who acts has the mailbox of this account and its password, in a control scope."""
    now = datetime.now(UTC)
    await User.filter(id=user.id, email_verified_at=None).update(email_verified_at=now)
    if not await User.filter(id=user.id, mailbox_proven_at=None).update(mailbox_proven_at=now):
        return
    await sessions.revoke_others(user.id, but=None)
    await steps.drop(user.id)
    await api_tokens.end_all_of(user.id)
    await mfa.take_away(kernel, user, tenant_id=tenant_id)
