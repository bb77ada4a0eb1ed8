"""`threatweaver doctor`."""

from typing import Annotated

import typer

from threatweaver.cli.common import Home, run, settings_of

app = typer.Typer(help="Check the installation.")


@app.callback(invoke_without_command=True)
def doctor(context: typer.Context, home: Home = None) -> None:
    """Check the installation: configuration, database, schemas, license, plugins, space."""
    if context.invoked_subcommand is None:
        settings = settings_of("doctor", home=home)
        from threatweaver.commands import doctor

        if not run(doctor.check(settings)):
            raise typer.Exit(1)


@app.command("isolation")
def doctor_isolation(
    home: Home = None,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Probe the server at this address; without, one on a port of its own."),
    ] = None,
) -> None:
    """Try whether a tenant can learn anything of another: two of its own come, are probed, and go."""
    settings = settings_of("doctor", home=home, log_level="error")
    from threatweaver.commands import doctor

    if not run(doctor.check_isolation(settings, url=url)):
        raise typer.Exit(1)
