# ruff: noqa: T201 - a command-line tool prints
"""All commands, and what their exit codes mean."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from threatweaver_licensing.cli import digests, keys, licenses, revocations
from threatweaver_licensing.cli.arguments import REFUSED, USAGE, Parser, UsageError
from threatweaver_licensing.errors import KeyRefused, Refused

_MANAGER = "threatweaver_licensing.manager.commands"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 license or list refused, 2 usage."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        if given[:1] == ["manager"]:
            return _manager(given[1:])
        args = build_parser().parse_args(given)
        code: int = args.run(args)
    except Refused as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return REFUSED
    except (UsageError, KeyRefused) as error:
        print(f"threatweaver-license: {error}", file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"threatweaver-license: {error.filename or 'file'}: {error.strerror}", file=sys.stderr)
        return USAGE
    return code


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(prog="threatweaver-license", description="Licenses of ThreatWeaver: the vendor's side.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for table in (keys, licenses, revocations, digests):
        table.add_commands(commands)
    manager = commands.add_parser("manager", help="run the license manager (needs the extra [manager])")
    manager.add_argument("arguments", nargs=argparse.REMAINDER)  # for --help; main passes them on before
    return parser


def _manager(argv: Sequence[str]) -> int:
    """Run a command of the manager, whose libraries only the extra installs."""
    try:
        commands = import_module(_MANAGER)
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing: install threatweaver-licensing[manager]") from None
    code: int = commands.main(argv)
    return code
