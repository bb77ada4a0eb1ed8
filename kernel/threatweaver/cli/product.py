"""`threatweaver up` and the other commands of the product itself."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from threatweaver.cli.common import Home, run, settings_of

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
Port = Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 picks one [TW_PORT].")]
TlsCert = Annotated[
    Path | None, typer.Option("--tls-cert", help="PEM file with the certificate chain [TW_TLS_CERT].")
]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", help="PEM file with its key [TW_TLS_KEY].")]
Parent = Annotated[int | None, typer.Option("--parent", hidden=True)]
Name = Annotated[str | None, typer.Option("--name", hidden=True)]


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
    settings = settings_of("up", home=home, port=port, host=host, tls_cert=tls_cert, tls_key=tls_key)

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

    from threatweaver.commands import product

    run(product.up(settings, ready))


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
    settings = settings_of(name or "serve", home=home, port=port, tls_cert=tls_cert, tls_key=tls_key)
    from threatweaver.commands import product

    run(product.serve(settings, fd=fd, parent=parent), fast_loop=True)


@app.command()
def worker(home: Home = None, parent: Parent = None, name: Name = None) -> None:
    """Run background jobs from one process."""
    settings = settings_of(name or "worker", home=home)
    from threatweaver.commands import product

    run(product.worker(settings, parent=parent), fast_loop=True)


@app.command()
def migrate(
    home: Home = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would run and what it locks.")] = False,  # noqa: FBT002
) -> None:
    """Bring the control schema and every tenant to this version."""
    settings = settings_of("migrate", home=home)
    from threatweaver.commands import product

    run(product.migrate(settings, plan_only=plan))


@app.command()
def plugins(home: Home = None) -> None:
    """List installed plugins: admitted, or refused and why."""
    settings = settings_of("plugins", home=home)
    from threatweaver.commands import product

    run(product.plugins(settings))


@app.command()
def routes(home: Home = None) -> None:
    """List every route: method, path, permission, module."""
    settings = settings_of("routes", home=home)
    from threatweaver.commands import product

    run(product.routes(settings))


@app.command()
def openapi(home: Home = None) -> None:
    """Print the OpenAPI document."""
    settings = settings_of("openapi", home=home)
    from threatweaver.commands import product

    run(product.openapi(settings))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Report to import, plain or gzip.")],
    home: Home = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", help="Tenant slug; the first one by default.")
    ] = None,
) -> None:
    """Import a scanner report and print the result."""
    settings = settings_of("import", home=home)
    from threatweaver.commands import product

    run(product.import_file(settings, file, tenant))
