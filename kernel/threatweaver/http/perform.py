"""Running a handler: its transaction, what belongs into it besides the handler, and the answer."""

from typing import Any

from aiohttp import web

from threatweaver.audit import service as audit
from threatweaver.db.transaction import Unit
from threatweaver.http import answers, etags, output, renditions
from threatweaver.http.context import Context
from threatweaver.http.errors import ApiError
from threatweaver.http.route import Scope, Shape
from threatweaver.idempotency import service as idempotency
from threatweaver.jobs import service as jobs


async def answer(ctx: Context) -> web.StreamResponse:
    """Do what the request asks and return the answer; what was answered before is only answered again."""
    ctx.repeatable = await idempotency.of(ctx)
    value = await (_on_its_own(ctx) if ctx.route.scope is Scope.NONE else _in_a_transaction(ctx))
    for act in ctx.committed:
        act()
    if ctx.route.returns.shape is Shape.JOB and not isinstance(value, web.StreamResponse):
        return await jobs.accepted(ctx)
    return etags.conditional(ctx, _rendered(ctx, value))


async def _in_a_transaction(ctx: Context) -> Any:
    """Run the handler in the transaction its route asks for, with job, kept answer and audit line."""
    route, database = ctx.route, ctx.kernel.database
    if route.scope is Scope.TENANT:
        opened = database.tenant(ctx.principal.schema, read_only=not route.writes)
    else:
        opened = database.control(read_only=not route.writes)
    async with opened as unit:
        if (given := await _given(ctx, unit)) is not None:
            return given
        await etags.check(ctx)
        if not route.writes:
            return await answers.of(ctx)
        return await _concluded(ctx, unit, await route.handler(ctx))


async def _on_its_own(ctx: Context) -> Any:
    """Run a handler that opens its own transactions, after a claim to its idempotency key if it has one.

    It adds its audit line to the one that makes the difference; what has none, a job to be enqueued or a
    look at something outside, gets its line here.
    """
    database = ctx.kernel.database
    if ctx.repeatable is not None:
        async with database.control() as unit:
            if (given := await _given(ctx, unit)) is not None:
                return given
            await idempotency.claim(ctx.repeatable)
    await etags.check(ctx)
    try:
        with audit.answering(ctx):
            value = await ctx.route.handler(ctx)
    except ApiError as error:
        if ctx.repeatable is not None and error.status < 500:
            async with database.control():
                await idempotency.give_back(ctx.repeatable)
        raise
    done = ctx.recorded and ctx.repeatable is None and ctx.submission is None
    if done or not ctx.route.writes:
        return value
    async with database.control() as unit:
        return await _concluded(ctx, unit, value)


async def _given(ctx: Context, unit: Unit) -> web.Response | None:
    """Return the answer that was given to this request before, None if it is the first or has no key."""
    if ctx.repeatable is None:
        return None
    database, schema = ctx.kernel.database, unit.schema
    await database.go_on_in_control(unit)
    kept = await idempotency.begin(ctx.repeatable, ctx.kernel.secrets)
    if kept is None:
        if ctx.route.scope is Scope.TENANT:
            await database.go_on_in_tenant(unit, schema)
        return None
    if ctx.upload is not None:
        ctx.upload.discard()
    return kept.response()


async def _concluded(ctx: Context, unit: Unit, value: Any) -> Any:
    """Enqueue the promised job, keep the answer if the request has a key, then add the audit line.

    The line comes last, because the log is locked until the commit.
    """
    promised = ctx.route.returns.shape is Shape.JOB
    if promised or ctx.repeatable is not None:
        await ctx.kernel.database.go_on_in_control(unit)  # the handler is done with the tenant's role
    if promised:
        await jobs.enqueue(ctx)
    if ctx.repeatable is not None:
        response = await jobs.enqueued(ctx) if promised else _rendered(ctx, value)
        value = value if promised else response
        await _keep(ctx, ctx.repeatable, response)
    if not ctx.recorded:
        await audit.write(ctx)
    return value


async def _keep(ctx: Context, request: idempotency.Request, response: web.StreamResponse) -> None:
    if ctx.cookies:  # a repetition could not send them again, so it is no repetition
        await idempotency.give_back(request)
    else:
        await idempotency.keep(request, response, ctx.kernel.secrets)


def _rendered(ctx: Context, value: Any) -> web.StreamResponse:
    return renditions.chosen(ctx, output.render(ctx.route.returns, value, ctx.route.status))
