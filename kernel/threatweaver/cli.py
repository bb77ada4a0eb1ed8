"""The `threatweaver` command."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from uuid import UUID

import typer

from threatweaver import config
from threatweaver.config import ConfigError, Settings

if TYPE_CHECKING:
    from threatweaver.bootstrap import Installation

app = typer.Typer(
    name="threatweaver",
    help="Find, rank and get rid of vulnerabilities.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
tenants = typer.Typer(help="Tenants: create and list.", no_args_is_help=True)
users = typer.Typer(help="Users: create.", no_args_is_help=True)
doctors = typer.Typer(help="Check the installation.")
app.add_typer(tenants, name="tenant")
app.add_typer(users, name="user")
app.add_typer(doctors, name="doctor")
operators = typer.Typer(help="Operators of the platform: grant, revoke and list.", no_args_is_help=True)
app.add_typer(operators, name="operator")
mails = typer.Typer(help="Outgoing mail: list, read, send again.", no_args_is_help=True)
app.add_typer(mails, name="mail")

Home = Annotated[Path | None, typer.Option("--home", help="Folder of data, keys and spool [TW_HOME].")]
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 picks one [TW_PORT].")]
TlsCert = Annotated[
    Path | None, typer.Option("--tls-cert", help="PEM file with the certificate chain [TW_TLS_CERT].")
]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", help="PEM file with its key [TW_TLS_KEY].")]
Parent = Annotated[int | None, typer.Option("--parent", hidden=True)]
Name = Annotated[str | None, typer.Option("--name", hidden=True)]


def _fail(message: object) -> NoReturn:
    typer.echo(f"threatweaver: {message}", err=True)
    raise typer.Exit(1)


def _settings(process: str, **flags: object) -> Settings:
    for name, value in flags.items():
        if isinstance(value, Path):
            flags[name] = value.expanduser().absolute()
    from threatweaver import log

    try:
        settings = config.load(os.environ, **flags)
    except ConfigError as error:
        _fail(error)
    log.configure(settings, process=process)
    return settings


def _run(work: Callable[[ModuleType], Coroutine[Any, Any, Any]], *, fast_loop: bool = False) -> Any:
    """Run `work(commands)`. The product's modules load here: help and wrong usage need none of them."""
    from threatweaver import commands

    try:
        if fast_loop:
            import uvloop

            return uvloop.run(work(commands))
        return asyncio.run(work(commands))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except commands.expected() as error:
        _fail(error)


@app.command()
def up(
    home: Home = None,
    port: Port = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on [TW_HOST].")] = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line when ready.")] = False,  # noqa: FBT002
) -> None:
    """Run the whole product: embedded PostgreSQL, one serve process a core, a worker."""
    settings = _settings("up", home=home, port=port, host=host, tls_cert=tls_cert, tls_key=tls_key)

    def ready(found: "Installation", url: str) -> None:
        playground = f"{url}/api-playground"
        admin = {"email": found.admin_email, "password": found.admin_password}
        if as_json:
            line = {"url": url, "playground": playground, "tenant": found.tenant, "admin": admin}
            sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        else:
            known = found.admin_password or "(set at the first start)"
            sys.stdout.write(
                f"\n  ThreatWeaver is ready.\n\n  API         {url}/api\n  Playground  {playground}\n"
                f"  Tenant      {found.tenant}\n  Sign in     {found.admin_email}\n  Password    {known}\n"
            )
            if found.admin_password:
                sys.stdout.write("              Shown once: keep it now.\n")
            sys.stdout.write("\n  Ctrl-C stops everything.\n\n")
        sys.stdout.flush()

    _run(lambda do: do.up(settings, ready))


@app.command()
def serve(  # noqa: PLR0913, PLR0917 - an option each
    home: Home = None,
    port: Port = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    fd: Annotated[int | None, typer.Option("--fd", help="Listening socket inherited from a parent.")] = None,
    parent: Parent = None,
    name: Name = None,
) -> None:
    """Serve HTTP from one process; the database must be migrated and reachable."""
    settings = _settings(name or "serve", home=home, port=port, tls_cert=tls_cert, tls_key=tls_key)
    _run(lambda do: do.serve(settings, fd=fd, parent=parent), fast_loop=True)


@app.command()
def worker(home: Home = None, parent: Parent = None, name: Name = None) -> None:
    """Run background jobs from one process."""
    settings = _settings(name or "worker", home=home)
    _run(lambda do: do.worker(settings, parent=parent), fast_loop=True)


@app.command()
def migrate(
    home: Home = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would run and what it locks.")] = False,  # noqa: FBT002
) -> None:
    """Bring the control schema and every tenant to this version."""
    settings = _settings("migrate", home=home)
    _run(lambda do: do.migrate(settings, plan_only=plan))


@app.command()
def plugins(home: Home = None) -> None:
    """List installed plugins: admitted, or refused and why."""
    settings = _settings("plugins", home=home)
    _run(lambda do: do.plugins(settings))


@app.command()
def routes(home: Home = None) -> None:
    """List every route: method, path, permission, module."""
    settings = _settings("routes", home=home)
    _run(lambda do: do.routes(settings))


@app.command()
def openapi(home: Home = None) -> None:
    """Print the OpenAPI document."""
    settings = _settings("openapi", home=home)
    _run(lambda do: do.openapi(settings))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Report to import, plain or gzip.")],
    home: Home = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Tenant slug; the first one by default.")
    ] = None,
) -> None:
    """Import a scanner report and print the result."""
    settings = _settings("import", home=home)
    _run(lambda do: do.import_file(settings, file, tenant))


@doctors.callback(invoke_without_command=True)
def doctor(context: typer.Context, home: Home = None) -> None:
    """Check the installation: configuration, database, schemas, license, plugins, space."""
    if context.invoked_subcommand is None:
        settings = _settings("doctor", home=home)
        if not _run(lambda do: do.doctor(settings)):
            raise typer.Exit(1)


@doctors.command("isolation")
def doctor_isolation(
    home: Home = None,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Probe the server at this address; without, one on a port of its own."),
    ] = None,
) -> None:
    """Try whether a tenant can learn anything of another: two of its own come, are probed, and go."""
    settings = _settings("doctor", home=home, log_level="error")
    if not _run(lambda do: do.doctor_isolation(settings, url=url)):
        raise typer.Exit(1)


@tenants.command("create")
def tenant_create(
    slug: Annotated[str, typer.Argument(help="a-z, 0-9 and inner hyphens.")],
    name: Annotated[str | None, typer.Option("--name")] = None,
    home: Home = None,
) -> None:
    """Create a tenant with its schema and database role."""
    settings = _settings("tenant", home=home)
    _run(lambda do: do.tenant_create(settings, slug, name or slug))


@tenants.command("list")
def tenant_list(home: Home = None) -> None:
    """List tenants."""
    settings = _settings("tenant", home=home)
    _run(lambda do: do.tenant_list(settings))


@users.command("create")
def user_create(
    email: Annotated[str, typer.Argument()],
    tenant: Annotated[str, typer.Option("--tenant", help="Tenant slug.")],
    role: Annotated[str, typer.Option("--role", help="One of the documented roles.")] = "viewer",
    password: Annotated[str | None, typer.Option("--password", help="Generated when left out.")] = None,
    home: Home = None,
) -> None:
    """Create a user in a tenant; a generated password is printed once."""
    settings = _settings("user", home=home)
    _run(lambda do: do.user_create(settings, email, tenant, role, password))


@mails.command("list")
def mail_list(home: Home = None) -> None:
    """List the newest mails: id, state, recipient, and why one was not sent."""
    settings = _settings("mail", home=home)
    _run(lambda do: do.with_kernel(settings, do.mail_commands.list_))


@mails.command("show")
def mail_show(
    mail_id: Annotated[UUID, typer.Argument(help="From `threatweaver mail list`.")], home: Home = None
) -> None:
    """Print a mail that is not sent yet, with the links in it."""
    settings = _settings("mail", home=home)
    _run(lambda do: do.with_kernel(settings, lambda kernel: do.mail_commands.show(kernel, mail_id)))


@mails.command("send")
def mail_send(home: Home = None) -> None:
    """Queue every mail again that was held for want of a server, or failed."""
    settings = _settings("mail", home=home)
    _run(lambda do: do.with_kernel(settings, do.mail_commands.send))


@tenants.command("open-network")
def tenant_open_network(slug: Annotated[str, typer.Argument()], home: Home = None) -> None:
    """Clear a tenant's allow and block list of networks, when they keep everybody out."""
    settings = _settings("tenant", home=home)
    _run(lambda do: do.with_kernel(settings, lambda kernel: do.tenant_commands.open_network(kernel, slug)))


@operators.command("grant")
def operator_grant(
    email: Annotated[str, typer.Argument(help="A member of that tenant.")],
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="The operators' own; the first one by default.")
    ] = None,
    home: Home = None,
) -> None:
    """Let a person create, suspend, export and drop tenants when signed in to the operators' tenant."""
    settings = _settings("operator", home=home)
    _run(lambda do: do.with_kernel(settings, lambda kernel: do.tenant_commands.grant(kernel, email, tenant)))


@operators.command("revoke")
def operator_revoke(email: Annotated[str, typer.Argument()], home: Home = None) -> None:
    """Take that away again, at once."""
    settings = _settings("operator", home=home)
    _run(lambda do: do.with_kernel(settings, lambda kernel: do.tenant_commands.revoke(kernel, email)))


@operators.command("list")
def operator_list(home: Home = None) -> None:
    """List the platform's operators."""
    settings = _settings("operator", home=home)
    _run(lambda do: do.with_kernel(settings, do.tenant_commands.list_))


def main() -> None:
    """Run the command line."""
    from threatweaver import cli_custody  # it adds its commands to `app`

    cli_custody.add_to(app)
    app()
