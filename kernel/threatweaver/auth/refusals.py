"""Refused uses of credentials that were issued: somebody else may hold them, so the audit log says it.

At most one line a minute, credential and process: a flood of refusals does not fill the log.
"""

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from threatweaver.audit import service as audit
from threatweaver.auth.principal import Holder

if TYPE_CHECKING:
    from threatweaver.http.context import Context
    from threatweaver.http.errors import ApiError

_PAUSE = 60.0  # seconds
_MOST = 10_000


class CredentialRefused(Exception):
    """A session or API token is not taken for this request; `error` is what the caller is told."""

    def __init__(self, holder: Holder, error: "ApiError") -> None:
        super().__init__(error.code)
        self.holder = holder
        self.error = error


class Refusals:
    """Writes refusals to the log of the holder's tenant, and remembers of which it wrote lately."""

    def __init__(self) -> None:
        self._written: OrderedDict[str, float] = OrderedDict()

    async def note(self, ctx: "Context", refused: CredentialRefused) -> None:
        """Write a line unless this credential had one within the minute."""
        holder, now = refused.holder, time.monotonic()
        if now - self._written.get(holder.credential, -_PAUSE) < _PAUSE:
            return
        self._written[holder.credential] = now  # before the first await: a burst comes at once
        self._written.move_to_end(holder.credential)
        if len(self._written) > _MOST:
            self._written.popitem(last=False)
        await audit.event(
            ctx.kernel,
            "credential_refused",
            tenant_id=holder.tenant_id,
            actor_id=holder.user_id,
            address=ctx.address,
            request_id=ctx.request_id,
            outcome="failure",
            target=holder.credential,
            details={
                "code": refused.error.code,
                "method": ctx.request.method,
                "path": ctx.request.path[:500],
                "origin": ctx.header("Origin")[:300],
            },
        )
