# ruff: noqa: T201 - a command-line tool prints
"""`threatweaver-license manager`: set the manager up, run it, and say who may call it."""

import argparse
import asyncio
import getpass
import os
import ssl
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

from asyncpg import PostgresError
from tortoise.exceptions import BaseORMException

from threatweaver_licensing.cli import arguments
from threatweaver_licensing.cli.arguments import OK, REFUSED, Parser, UsageError
from threatweaver_licensing.keys import load_ring
from threatweaver_licensing.manager import adoption, app, book, clients, database, signing
from threatweaver_licensing.manager.adoption import AdoptionRefused
from threatweaver_licensing.manager.app import Address, AddressRefused
from threatweaver_licensing.manager.book import Actor
from threatweaver_licensing.manager.clients import SCOPES, ClientExists, NoClient
from threatweaver_licensing.manager.database import DatabaseRefused
from threatweaver_licensing.manager.errors import ApiError
from threatweaver_licensing.revocations import MAX_LIST_BYTES

DATABASE: Final = "LICENSE_MANAGER_DATABASE"
"""The variable for --database: a password in an argument can be read by everybody on the machine."""


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    args = build_parser().parse_args(argv)
    if args.database is None:
        raise UsageError(f"say --database or {DATABASE}: a file for SQLite, or postgresql://...")
    try:
        code: int = args.run(args)
    except (DatabaseRefused, AddressRefused, AdoptionRefused, ApiError) as error:
        raise UsageError(str(error)) from error
    except (OSError, PostgresError, BaseORMException) as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        raise UsageError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
    return code


def build_parser() -> Parser:
    """The parser of the manager's commands."""
    parser = Parser(prog="threatweaver-license manager", description="The license manager, a small service.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="create the tables, or bring them to this version")
    init.set_defaults(run=initialize)
    _add_serve(commands.add_parser("serve", help="run the service"))
    key = commands.add_parser("add-key", help="announce a new key: put it into the ring before it signs")
    key.set_defaults(run=add_key)
    key.add_argument("public", type=Path, metavar="FILE", help="the public key")
    _add_token(commands.add_parser("token", help="API clients and their tokens"))
    adopted = commands.add_parser("adopt", help="take over licenses and a list that were made with files")
    adopted.set_defaults(run=adopt)
    adopted.add_argument("licenses", nargs="*", metavar="FILE", help="licenses")
    adopted.add_argument("--list", type=Path, metavar="FILE", help="the revocation list")
    verify = commands.add_parser("verify-audit", help="check the audit log against its hashes")
    verify.set_defaults(run=verify_audit)
    for command in (init, key, adopted, verify):
        _add_database(command)
    return parser


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database", default=os.environ.get(DATABASE), metavar="FILE|URL", help=f"default: {DATABASE}"
    )


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=serve)
    _add_database(parser)
    arguments.add_key(parser)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4006)
    parser.add_argument("--tls-cert", type=Path, metavar="FILE")
    parser.add_argument("--tls-key", type=Path, metavar="FILE")
    parser.add_argument(
        "--plain-http", action="store_true", help="no TLS although others can reach it: behind a proxy"
    )


def _add_token(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="make a client and print its token, once")
    create.set_defaults(run=create_token)
    create.add_argument("name", type=_client_name)
    create.add_argument("--scopes", type=_scopes, required=True, metavar=",".join(SCOPES))
    create.add_argument("--days", type=arguments.day_count, help="valid for so many days (default: no end)")
    revoke = commands.add_parser("revoke", help="end a client's token")
    revoke.set_defaults(run=revoke_token)
    revoke.add_argument("name", type=_client_name)
    listing = commands.add_parser("list", help="show all clients")
    listing.set_defaults(run=list_tokens)
    for command in (create, revoke, listing):
        _add_database(command)


def initialize(args: argparse.Namespace) -> int:
    """Create or upgrade the tables."""

    async def work() -> None:
        async with database.opened(args.database):
            await database.migrate()
            await book.start()

    asyncio.run(work())
    return OK


def serve(args: argparse.Namespace) -> int:
    """Run the service until it is told to stop."""
    signer = signing.load_signer(args.key, arguments.passphrase(args))
    asyncio.run(app.prepare(args.database, signer, _actor()))
    address = Address(
        host=args.host,
        port=args.port,
        tls_cert=args.tls_cert,
        tls_key=args.tls_key,
        plain_http=args.plain_http,
    )
    try:
        app.serve(app.build(args.database, signer), address)
    except ssl.SSLError as error:
        raise UsageError(f"{args.tls_cert}: {error}") from error
    return OK


def add_key(args: argparse.Namespace) -> int:
    """Put the public keys of a file into the ring."""
    for public in load_ring(args.public):
        new = _run(args, signing.announce(public, _actor()))
        print(f"{public.kid} {'announced' if new else 'is in the ring already'}")
    return OK


def adopt(args: argparse.Namespace) -> int:
    """Take over what was issued before, and print how many licenses were new."""
    tokens = [arguments.token(given) for given in args.licenses]
    listed = None
    if args.list is not None:
        with args.list.open("rb") as file:
            listed = arguments.read_token(file, MAX_LIST_BYTES)
    print(_run(args, adoption.adopt(tokens, listed, _actor())))
    return OK


def create_token(args: argparse.Namespace) -> int:
    """Print the token of a new client."""
    try:
        print(_run(args, clients.create(args.name, args.scopes, args.days, _actor())))
    except ClientExists:
        raise UsageError(f"{args.name}: the name is taken; names are used once") from None
    return OK


def revoke_token(args: argparse.Namespace) -> int:
    """End a client's token."""
    try:
        _run(args, clients.revoke(args.name, _actor()))
    except NoClient:
        raise UsageError(f"{args.name}: there is no such client, or its token has ended") from None
    return OK


def list_tokens(args: argparse.Namespace) -> int:
    """Print clients, scopes, and when tokens end or ended."""
    for client in _run(args, clients.all_clients()):
        end = (
            f"revoked {client.revoked_at}" if client.revoked_at else f"until {client.expires_at or 'revoked'}"
        )
        print(f"{client.name:<24} {client.scopes:<32} {end}")
    return OK


def verify_audit(args: argparse.Namespace) -> int:
    """Print the last good line of the audit log; note it elsewhere to notice a log that was written anew."""
    verdict = _run(args, book.verify())
    print(f"{verdict.seq} {verdict.hash}")
    if verdict.problem is None:
        return OK
    print(f"the audit log is broken: {verdict.problem}")
    return REFUSED


def _run(args: argparse.Namespace, work: Coroutine[Any, Any, Any]) -> Any:
    async def connected() -> Any:
        async with database.opened(args.database):
            await database.require_current()
            return await work

    try:
        return asyncio.run(connected())
    finally:
        work.close()


def _actor() -> Actor:
    return Actor(name=f"cli:{getpass.getuser()}")


def _client_name(text: str) -> str:
    if not text.isprintable() or not 1 <= len(text.strip()) <= 100 or text.startswith("cli:"):
        raise argparse.ArgumentTypeError("1 to 100 printable characters, not starting with cli:")
    return text.strip()


def _scopes(text: str) -> frozenset[str]:
    found = frozenset(part.strip() for part in text.split(","))
    if unknown := sorted(found - set(SCOPES)):
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(SCOPES)}")
    return found
