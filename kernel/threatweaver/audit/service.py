"""Writing audit lines, in the transaction of what they tell about wherever there is one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from threatweaver.audit import store
from threatweaver.audit.line import Line
from threatweaver.db.transaction import CONTROL, Database, connection, current

if TYPE_CHECKING:
    from threatweaver.auth.queries import Identity
    from threatweaver.http.context import Context
    from threatweaver.jobs.run import JobRun
    from threatweaver.kernel import Kernel


_answering: ContextVar["Context | None"] = ContextVar("threatweaver_answering", default=None)


@contextmanager
def answering(ctx: "Context") -> Iterator[None]:
    """Let `record` within this block add the line of this request."""
    token = _answering.set(ctx)
    try:
        yield
    finally:
        _answering.reset(token)


async def record(
    target: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    who: "Identity | None" = None,
) -> None:
    """Add the line of the request that is being answered to the current transaction, last in it.

    What opens its own transactions (Scope.NONE) says so in the one that makes the difference: it comes with
    its line or not at all (docs/adr/0018). What the handler has said of the change before stands. A request
    has one line; a job, a command or a request in one transaction gets its own elsewhere.
    """
    ctx = _answering.get()
    if ctx is None or ctx.recorded:
        return
    if ctx.change is None and target:
        ctx.changed(target, before=before, after=after)
    ctx.actor = who or ctx.actor
    await write(ctx)
    ctx.recorded = True


async def write(ctx: "Context") -> None:
    """Add the line for a request that succeeded, to the log of the tenant it served, else to control's."""
    who = ctx.caller or ctx.actor
    change = ctx.change
    target = f"job:{ctx.submission.id}" if ctx.submission else ""
    line = Line(
        action=ctx.action or ctx.route.name,
        actor_id=who.user_id if who else None,
        actor_email=who.email if who else None,
        token_id=ctx.caller.token_id if ctx.caller else None,
        via=_via(ctx),
        target=change.target if change else target,
        method=ctx.route.method,
        path=ctx.request.path,
        status=ctx.route.status,
        request_id=ctx.request_id,
        address=ctx.address,
        user_agent=ctx.header("User-Agent"),
        before=change.before if change else None,
        after=change.after if change else None,
    )
    await store.append(ctx.kernel.database, who.schema if who else CONTROL, line)


def _via(ctx: "Context") -> str:
    if ctx.caller is None:
        return ""
    return ctx.caller.session.method if ctx.caller.session else "token"


async def event(kernel: "Kernel", action: str, **members: Any) -> None:
    """Add a line for a security event that changed nothing, in a transaction of its own."""
    async with kernel.database.control():
        await note(kernel, action, **members)


async def note(  # noqa: PLR0913 - a line has that many columns
    kernel: "Kernel",
    action: str,
    *,
    tenant_id: UUID | None,
    actor_id: UUID | None,
    address: str,
    request_id: str,
    outcome: Literal["success", "failure"] = "success",
    target: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a line for a security event that is no successful write, last in the transaction of what it did."""
    await kernel.database.go_on_in_control(current())
    line = Line(
        action=action,
        actor_id=actor_id,
        actor_email=await _email(actor_id),
        target=target,
        outcome=outcome,
        request_id=request_id,
        address=address,
        after=details or None,
    )
    await store.append(kernel.database, await _schema(tenant_id), line)


async def job_done(run: "JobRun", name: str) -> None:
    """Add the line for a job that wrote something, in its transaction; one that only looked leaves none."""
    if await connection().fetchval("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"):
        await job_line(run, name, target=f"job:{run.id}")


async def job_line(
    run: "JobRun",
    action: str,
    *,
    target: str,
    outcome: Literal["success", "failure"] = "success",
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add a line of a job's to its tenant's log, last in the current transaction."""
    line = Line(action=f"job:{action}", via="job", target=target, outcome=outcome, after=after)
    await store.append(run.database, run.schema, line)


async def command_done(database: Database, schema: str, name: str) -> None:
    """Add the line for a plugin's command that wrote something, in its transaction."""
    if await connection().fetchval("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"):
        await store.append(database, schema, Line(action=f"cli:{name}", via="cli", target=f"command:{name}"))


async def command(
    database: Database,
    name: str,
    *,
    target: str,
    schema: str = CONTROL,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add the line for what an operator did on the command line, in a transaction of its own."""
    async with database.control():
        await store.append(
            database, schema, Line(action=f"cli:{name}", via="cli", target=target, after=after)
        )


async def _schema(tenant_id: UUID | None) -> str:
    found = await connection().fetchval("SELECT schema FROM tenant WHERE id = $1", tenant_id)
    return str(found or CONTROL)


async def _email(user_id: UUID | None) -> str | None:
    email: str | None = await connection().fetchval("SELECT email FROM user_account WHERE id = $1", user_id)
    return email
