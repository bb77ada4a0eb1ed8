"""What is installed, whether it is what it was, and switching modules."""

from threatweaver.audit import service as audit
from threatweaver.commands.opening import CommandError, kernel_of, opened, say
from threatweaver.config import Settings
from threatweaver.db.transaction import Database
from threatweaver.http.errors import NotFound
from threatweaver.modules import service as modules
from threatweaver.plugins import imports, integrity, manifest


async def listed(settings: Settings) -> None:
    """Print a line for each installed plugin."""

    async def work(database: Database) -> None:
        kernel = await kernel_of(settings, database)
        for item in kernel.registry.decisions:
            state = "admitted" if item.admitted else f"refused ({item.verdict})"
            prefixes = " ".join(item.manifest.prefixes)
            say(f"{item.manifest.name} {item.manifest.version}  {state}: {item.reason}  {prefixes}")

    await opened(settings, work)


async def verify(_: Settings) -> bool:
    """Print what is wrong with each installed plugin, or the digest that a license can pin it by."""
    good = True
    for item in manifest.installed():
        found = integrity.inspect(item)
        wrong = [text for text in (item.fault, imports.foreign(item), *found.problems) if text]
        good = good and not wrong
        state = "FAIL" if wrong else "ok  "
        say(f"{state}  {item.name} {item.version}: {found.files} files, {found.digest or '-'}")
        say(*(f"      {text}" for text in wrong))
    return good


async def switch(settings: Settings, module_id: str, *, enabled: bool, reason: str) -> None:
    """Switch a module off or on; running processes follow within a second. Raises CommandError."""

    async def work(database: Database) -> None:
        kernel = await kernel_of(settings, database)
        try:
            async with database.control():
                was = await modules.switch(kernel, module_id, enabled=enabled, reason=reason, by=None)
        except NotFound:
            known = ", ".join(item.manifest.module_id for item in kernel.registry.decisions)
            raise CommandError(f"no module {module_id!r} is installed; there is {known or 'none'}") from None
        change = "module-enable" if enabled else "module-disable"
        await audit.command(database, change, target=f"module:{module_id}", after={"reason": reason})
        state = "on" if enabled else "off"
        say(f"{module_id} is switched {state}" if was != enabled else f"{module_id} was {state} already")

    await opened(settings, work)
