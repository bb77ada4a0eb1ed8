"""`threatweaver audit` and `threatweaver keys`: what an auditor and a keeper of keys do."""

from pathlib import Path
from typing import Annotated

import typer

from threatweaver.cli.common import Home, fail, run_with_kernel, settings_of

audits = typer.Typer(help="Audit logs: export, verify.", no_args_is_help=True)
keys = typer.Typer(help="Keys that seal secrets: list, rotate, retire.", no_args_is_help=True)
LogOf = Annotated[str | None, typer.Option("--tenant", help="Tenant slug; without it, control's log.")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="Public key to believe, base64; repeatable.")]


@audits.command("export")
def audit_export(
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist.")],
    tenant: LogOf = None,
    home: Home = None,
) -> None:
    """Export an audit log as JSON Lines, with a freshly signed root at its end."""
    settings = settings_of("audit", home=home)
    from threatweaver.audit import commands

    run_with_kernel(settings, lambda kernel: commands.write(kernel, tenant, file))


@audits.command("verify")
def audit_verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export; without it, the log in the database.", exists=True)
    ] = None,
    tenant: LogOf = None,
    key: Keys = None,
    home: Home = None,
) -> None:
    """Check an export, anywhere and without a database, or the live log; name the first broken line."""
    from threatweaver.audit import commands, roots

    try:
        known = roots.read_keys(key or ())
    except ValueError as error:
        fail(error)
    if file is not None:
        good = commands.check_file(file, known)
    else:
        settings = settings_of("audit", home=home)
        good = run_with_kernel(settings, lambda kernel: commands.check_live(kernel, tenant, known))
    if not good:
        raise typer.Exit(1)


@keys.command("status")
def keys_status(home: Home = None) -> None:
    """List the keys that seal secrets in the database, and how many texts each holds."""
    settings = settings_of("keys", home=home)
    from threatweaver.secrets import commands

    run_with_kernel(settings, commands.status)


@keys.command("rotate")
def keys_rotate(home: Home = None) -> None:
    """Add a key; it seals half a minute later, and a worker re-encrypts everything with it."""
    settings = settings_of("keys", home=home)
    from threatweaver.secrets import commands

    run_with_kernel(settings, commands.rotate)


@keys.command("reseal")
def keys_reseal(home: Home = None) -> None:
    """Re-encrypt everything with the current key now, in this process."""
    settings = settings_of("keys", home=home)
    from threatweaver.secrets import commands

    if not run_with_kernel(settings, commands.reseal):
        raise typer.Exit(1)


@keys.command("retire")
def keys_retire(
    number: Annotated[int, typer.Argument(help="The key's number; nothing may be sealed with it.")],
    home: Home = None,
) -> None:
    """Destroy an old key that nothing is sealed with any more."""
    settings = settings_of("keys", home=home)
    from threatweaver.secrets import commands

    run_with_kernel(settings, lambda kernel: commands.retire(kernel, number))
