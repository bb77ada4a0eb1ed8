"""Commands of plugins: the kernel is opened first, and the plugin's own command line runs on it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer

from threatweaver import running
from threatweaver.audit import service as audit
from threatweaver.commands import opening
from threatweaver.commands.opening import CommandError
from threatweaver.commands.session import SESSION
from threatweaver.config import Settings
from threatweaver.http.errors import ModuleDisabled
from threatweaver.kernel import Kernel
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant

if TYPE_CHECKING:
    from typer._click import Command


def run(settings: Settings, plugin: str, arguments: Sequence[str]) -> None:
    """Run a command line of a plugin that is admitted. Raises CommandError, SystemExit."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        kernel = runner.run(stack.enter_async_context(opening.kernel_at(settings)))
        try:
            line = _command_line(kernel, plugin)
            token = SESSION.set(_Session(kernel, kernel.registry.cli_modules[plugin], runner))
            try:
                line.main(args=list(arguments), prog_name=f"threatweaver {plugin}")
            finally:
                SESSION.reset(token)
        finally:
            runner.run(stack.aclose())


def _command_line(kernel: Kernel, plugin: str) -> "Command":
    """Return what the plugin's modules add up to. Raises CommandError."""
    for decision in kernel.registry.decisions:
        if decision.manifest.name == plugin and not decision.admitted:
            raise CommandError(f"plugin {plugin} does not run: {decision.reason}")
    whole = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)
    whole.callback()(lambda: None)  # a group, even if there is one command only
    for name in kernel.registry.cli_commands.get(plugin, ()):
        try:
            whole.add_typer(import_module(name).app)
            typer.main.get_command(whole)  # it looks at the commands only now
        except Exception as error:  # whatever a plugin raises, the command says whose it is
            raise CommandError(f"plugin {plugin}: {name} has no commands: {error!r}") from error
    return typer.main.get_command(whole)


@dataclass(frozen=True, slots=True)
class _Session:
    """The opened kernel, and the loop that it is open in."""

    kernel: Kernel
    module_id: str
    runner: asyncio.Runner

    def in_tenant(
        self, name: str, work: Callable[[], Awaitable[Any]], *, tenant: str | None, read_only: bool
    ) -> Any:
        """Run work as a tenant, with an audit line for what it writes."""

        async def in_scope() -> Any:
            database = self.kernel.database
            with running.on(self.kernel):
                found = await self._tenant(tenant, writes=not read_only)
                async with database.tenant(found.schema, read_only=read_only) as unit:
                    result = await work()
                    await unit.conclude()
                    await audit.command_done(database, found.schema, name)
            return result

        return self.runner.run(in_scope())

    async def _tenant(self, slug: str | None, *, writes: bool) -> Tenant:
        """Return the tenant, its tables up to date. Raises CommandError, ModuleDisabled, LicenseLocked."""
        kernel = self.kernel
        kernel.license.check(writes=writes)
        tenant = await opening.tenant_of(kernel.database, slug)
        if self.module_id in (await kernel.standings.of(tenant.id)).denied:
            raise ModuleDisabled(moduleId=self.module_id)
        await provision.bring_up(kernel.database, tenant, kernel.registry.apps)
        return tenant
