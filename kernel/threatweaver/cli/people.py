"""`threatweaver user` and `threatweaver operator`."""

from typing import Annotated

import typer

from threatweaver.cli.common import Home, run, run_with_kernel, settings_of

users = typer.Typer(help="Users: create.", no_args_is_help=True)
operators = typer.Typer(help="Operators of the platform: grant, revoke and list.", no_args_is_help=True)


@users.command("create")
def user_create(
    email: Annotated[str, typer.Argument()],
    tenant: Annotated[str, typer.Option("--tenant", help="Tenant slug.")],
    role: Annotated[str, typer.Option("--role", help="One of the documented roles.")] = "viewer",
    password: Annotated[str | None, typer.Option("--password", help="Generated when left out.")] = None,
    home: Home = None,
) -> None:
    """Create a user in a tenant; a generated password is printed once."""
    settings = settings_of("user", home=home)
    from threatweaver.commands import people

    run(people.user_create(settings, email, tenant, role, password))


@operators.command("grant")
def operator_grant(
    email: Annotated[str, typer.Argument(help="A member of that tenant.")],
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="The operators' own; the first one by default.")
    ] = None,
    home: Home = None,
) -> None:
    """Let a person create, suspend, export and drop tenants when signed in to the operators' tenant."""
    settings = settings_of("operator", home=home)
    from threatweaver.tenancy import commands

    run_with_kernel(settings, lambda kernel: commands.grant(kernel, email, tenant))


@operators.command("revoke")
def operator_revoke(email: Annotated[str, typer.Argument()], home: Home = None) -> None:
    """Take that away again, at once."""
    settings = settings_of("operator", home=home)
    from threatweaver.tenancy import commands

    run_with_kernel(settings, lambda kernel: commands.revoke(kernel, email))


@operators.command("list")
def operator_list(home: Home = None) -> None:
    """List the platform's operators."""
    settings = settings_of("operator", home=home)
    from threatweaver.tenancy import commands

    run_with_kernel(settings, commands.list_)
