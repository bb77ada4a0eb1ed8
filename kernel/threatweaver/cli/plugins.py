"""`threatweaver plugins`: what is installed, and a plugin of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from threatweaver.cli.common import Home, fail, run, settings_of

app = typer.Typer(help="Installed plugins; `new` starts one of your own.", invoke_without_command=True)


@app.callback()
def plugins(context: typer.Context, home: Home = None) -> None:
    """List installed plugins: admitted, or refused and why."""
    if context.invoked_subcommand is None:
        listed(home)


@app.command("list")
def listed(home: Home = None) -> None:
    """List installed plugins: admitted, or refused and why."""
    settings = settings_of("plugins", home=home)
    from threatweaver.commands import plugins as commands

    run(commands.listed(settings))


@app.command()
def verify(home: Home = None) -> None:
    """Compare every installed plugin with its wheel, file by file; exit 1 if one is not what it was."""
    settings = settings_of("plugins", home=home)
    from threatweaver.commands import plugins as commands

    if not run(commands.verify(settings)):
        raise typer.Exit(1)


@app.command()
def disable(
    module: Annotated[str, typer.Argument(help="Its module id, as a license names it.")],
    reason: Annotated[str, typer.Option("--reason", help="What administrators are told.")] = "",
    home: Home = None,
) -> None:
    """Switch a module off, whatever the license says; its data stays, its jobs wait."""
    settings = settings_of("plugins", home=home)
    from threatweaver.commands import plugins as commands

    run(commands.switch(settings, module, enabled=False, reason=reason))


@app.command()
def enable(
    module: Annotated[str, typer.Argument(help="Its module id, as a license names it.")], home: Home = None
) -> None:
    """Let a module that was switched off run again, if the license names it."""
    settings = settings_of("plugins", home=home)
    from threatweaver.commands import plugins as commands

    run(commands.switch(settings, module, enabled=True, reason=""))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Its name: lower case, `acme` or `threat_intel`.")],
    into: Annotated[Path, typer.Option("--into", help="Folder that gets the new folder.")] = Path(),
) -> None:
    """Start a plugin of your own: a complete one, to change."""
    from threatweaver import app as application
    from threatweaver.plugins import manifest, starter

    installed = {item.name for item in manifest.installed()}
    try:
        made = starter.start(name, into, taken=installed | application.reserved_prefixes())
    except starter.StarterError as error:
        fail(error)
    typer.echo(f"Made {made}. What is next: docs/writing-a-plugin.md, or\n\n  pip install -e {made}\n")
    typer.echo(f"  pytest --threatweaver-conformance --threatweaver-plugin {name}")
