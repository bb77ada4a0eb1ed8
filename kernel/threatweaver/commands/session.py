"""A plugin's command while it runs: outside of the event loop, with the opened kernel behind it."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Session(Protocol):
    """What runs work for a command."""

    def in_tenant(
        self, name: str, work: Callable[[], Awaitable[Any]], *, tenant: str | None, read_only: bool
    ) -> Any:
        """Run work as a tenant."""


SESSION: ContextVar[Session | None] = ContextVar("threatweaver_command", default=None)


def run_in_tenant(
    name: str, work: Callable[[], Awaitable[Result]], *, tenant: str | None = None, read_only: bool = False
) -> Result:
    """Run `work()` as a tenant, in one transaction, and return its result: for a plugin's command.

    `name` is `<plugin>.<verb>_<noun>`; the audit log says `cli:<name>` if anything was written. `tenant` is a
    slug, the first tenant without one. Raises ApiError when the tenant may not use the module or the license
    allows no writes, and what `work` raises; an ApiError ends the command with its message. Raises
    RuntimeError outside of a plugin's command.
    """
    session = SESSION.get()
    if session is None:
        raise RuntimeError("this is no command of a plugin")
    result: Result = session.in_tenant(name, work, tenant=tenant, read_only=read_only)
    return result
