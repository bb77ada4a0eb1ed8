"""`threatweaver up` and the other commands of the product itself."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from threatweaver.cli.common import Home, run, run_until, settings_of
from threatweaver.cli.contributed import Commands

app = typer.Typer(
    name="threatweaver",
    cls=Commands,
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
Fd = Annotated[int | None, typer.Option("--fd", help="Listening socket inherited from a parent.")]
# How `up` and its processes find each other: descriptors of pipes.
Parent = Annotated[int | None, typer.Option("--parent", hidden=True)]
Ready = Annotated[int | None, typer.Option("--ready", hidden=True)]
Answer = Annotated[int, typer.Option("--answer")]
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

    def ready(found: dict[str, Any], url: str) -> None:
        playground = f"{url}/api-playground"
        tenant, email, password = found["tenant"], found["admin_email"], found["admin_password"]
        if as_json:
            admin = {"email": email, "password": password}
            line = {"url": url, "playground": playground, "tenant": tenant, "admin": admin}
            sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        else:
            known = password or "(set at the first start)"
            sys.stdout.write(
                f"\n  ThreatWeaver is ready.\n\n  API         {url}/api\n  Playground  {playground}\n"
                f"  Tenant      {tenant}\n  Sign in     {email}\n  Password    {known}\n"
            )
            if password:
                sys.stdout.write("              Shown once: keep it now.\n")
            sys.stdout.write("\n  Ctrl-C stops everything.\n\n")
        sys.stdout.flush()

    from threatweaver import up  # loads little: what works is forked from a process that has loaded all

    run_until(up.Supervisor(settings).run(ready), up.ERRORS)


@app.command(hidden=True)
def template(fd: Annotated[int, typer.Option("--fd")]) -> None:
    """Load the product, and fork the processes of `up` from this one."""
    import gc
    import importlib
    import socket

    from threatweaver.processes.template import serve_orders

    gc.disable()  # nothing of what is loaded will be garbage
    importlib.import_module("threatweaver.commands.product")
    gc.enable()
    serve_orders(socket.socket(fileno=fd), app)


@app.command(hidden=True)
def admit(
    answer: Answer,
    home: Home = None,
    parent: Parent = None,  # noqa: ARG001 - every fork is told; this one ends by itself
    name: Name = None,
) -> None:
    """Say which plugins a start admits."""
    settings = settings_of(name or "admit", home=home)
    from threatweaver.commands import product

    run(product.admit(settings, answer=answer))


@app.command(hidden=True)
def prepare(
    answer: Answer,
    home: Home = None,
    parent: Parent = None,  # noqa: ARG001 - every fork is told; this one ends by itself
    name: Name = None,
) -> None:
    """Bring the database to this version and make what a first start needs."""
    settings = settings_of(name or "prepare", home=home)
    from threatweaver.commands import product

    run(product.prepare(settings, answer=answer))


@app.command()
def serve(  # noqa: PLR0913, PLR0917 - an option each
    home: Home = None,
    port: Port = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    fd: Fd = None,
    parent: Parent = None,
    ready: Ready = None,
    name: Name = None,
) -> None:
    """Serve HTTP from one process; the database must be migrated and reachable."""
    settings = settings_of(name or "serve", home=home, port=port, tls_cert=tls_cert, tls_key=tls_key)
    from threatweaver.commands import product

    run(product.serve(settings, fd=fd, parent=parent, ready=ready), fast_loop=True)


@app.command()
def worker(home: Home = None, parent: Parent = None, ready: Ready = None, name: Name = None) -> None:
    """Run background jobs from one process."""
    settings = settings_of(name or "worker", home=home)
    from threatweaver.commands import product

    run(product.worker(settings, parent=parent, ready=ready), fast_loop=True)


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
