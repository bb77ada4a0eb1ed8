"""What every group of commands shares: the home option, settings, running, failing."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from threatweaver import config
from threatweaver.config import ConfigError, Settings

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

Home = Annotated[Path | None, typer.Option("--home", help="Folder of data, keys and spool [TW_HOME].")]


def fail(message: object) -> NoReturn:
    """End the command with one line and exit code 1."""
    typer.echo(f"threatweaver: {message}", err=True)
    raise typer.Exit(1)


def settings_of(process: str, **flags: object) -> Settings:
    """Return the settings, flags before environment; the log speaks as `process` from here on."""
    for name, value in flags.items():
        if isinstance(value, Path):
            flags[name] = value.expanduser().absolute()
    from threatweaver import log

    try:
        settings = config.load(os.environ, **flags)
    except ConfigError as error:
        fail(error)
    log.configure(settings, process=process)
    return settings


def run(work: Coroutine[Any, Any, Any], *, fast_loop: bool = False) -> Any:
    """Run a command's work to its end; what it expects to go wrong becomes one line."""
    from threatweaver.commands import opening

    return run_until(work, opening.expected(), fast_loop=fast_loop)


def run_until(
    work: Coroutine[Any, Any, Any], expected: tuple[type[Exception], ...], *, fast_loop: bool = False
) -> Any:
    """Run work to its end; each of these errors becomes one line."""
    gc.freeze()  # what was loaded is no garbage, and what works with it is looked through without it
    gc.enable()
    gc.set_threshold(20_000, 20, 20)
    try:
        if fast_loop:
            import uvloop

            return uvloop.run(work)
        return asyncio.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except expected as error:
        fail(error)


def run_with_kernel(settings: Settings, work: Callable[["Kernel"], Awaitable[Any]]) -> Any:
    """Run `work(kernel)` on the open and migrated database."""
    from threatweaver.commands import opening

    return run(opening.with_kernel(settings, work))
