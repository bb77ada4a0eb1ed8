"""`threatweaver tenant`."""

from typing import Annotated

import typer

from threatweaver.cli.common import Home, run, run_with_kernel, settings_of

app = typer.Typer(help="Tenants: create and list.", no_args_is_help=True)


@app.command("create")
def tenant_create(
    slug: Annotated[str, typer.Argument(help="a-z, 0-9 and inner hyphens.")],
    name: Annotated[str | None, typer.Option("--name")] = None,
    home: Home = None,
) -> None:
    """Create a tenant with its schema and database role."""
    settings = settings_of("tenant", home=home)
    from threatweaver.commands import tenants

    run(tenants.create(settings, slug, name or slug))


@app.command("list")
def tenant_list(home: Home = None) -> None:
    """List tenants."""
    settings = settings_of("tenant", home=home)
    from threatweaver.commands import tenants

    run(tenants.list_(settings))


@app.command("open-network")
def tenant_open_network(slug: Annotated[str, typer.Argument()], home: Home = None) -> None:
    """Clear a tenant's allow and block list of networks, when they keep everybody out."""
    settings = settings_of("tenant", home=home)
    from threatweaver.tenancy import commands

    run_with_kernel(settings, lambda kernel: commands.open_network(kernel, slug))
