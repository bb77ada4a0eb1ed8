# ruff: noqa: T201 - a command-line tool prints
"""Print what a license can be bound to: a machine's fingerprint, a wheel's digest."""

import argparse
from pathlib import Path
from typing import Any

from threatweaver_licensing.cli.arguments import OK, Commands, UsageError
from threatweaver_licensing.fingerprint import NoIdentity, fingerprint_of, read_identity
from threatweaver_licensing.wheels import WheelRefused, wheel_digest


def add_commands(commands: "Commands[Any]") -> None:
    """Add fingerprint and wheel-digest."""
    machine = commands.add_parser("fingerprint", help="print this machine's fingerprint, for --fingerprint")
    machine.set_defaults(run=fingerprint)
    machine.add_argument("--id-file", type=Path, metavar="FILE", help="that of an installation id instead")
    wheel = commands.add_parser("wheel-digest", help="print a wheel's digest, for --plugin")
    wheel.set_defaults(run=digest)
    wheel.add_argument("wheel", type=Path, metavar="FILE")


def fingerprint(args: argparse.Namespace) -> int:
    """Print the fingerprint of this machine, or of the installation id in a file."""
    try:
        print(fingerprint_of(read_identity(args.id_file)))
    except NoIdentity as error:
        raise UsageError(str(error)) from error
    return OK


def digest(args: argparse.Namespace) -> int:
    """Print the digest of a wheel file."""
    try:
        print(wheel_digest(args.wheel))
    except WheelRefused as error:
        raise UsageError(f"{args.wheel}: {error}") from error
    return OK
