"""What the commands share: the parser, types of arguments, and reading what a file argument names."""

import argparse
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Never

from threatweaver_licensing.claims import ALL, Modules
from threatweaver_licensing.constraints import PluginConstraint
from threatweaver_licensing.errors import LicenseError
from threatweaver_licensing.strict import Checks
from threatweaver_licensing.token import MAX_BYTES

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
LONGEST_DAYS: Final = 36_500

Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it

_check = Checks(lambda _, what: argparse.ArgumentTypeError(what))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PLUGIN = re.compile(r"([a-z0-9-]+) ?([<>=!~][^@]*)(?:@sha256:([0-9a-f]{64}))?")


class UsageError(Exception):
    """What was asked cannot be done as asked."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> Never:
        """Say what is wrong and leave with the usage exit code."""
        self.exit(USAGE, f"{self.prog}: {message} (see --help)\n")


def add_key(parser: argparse.ArgumentParser) -> None:
    """Add --key and --passphrase-file, the signing key."""
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="passphrase of the key")


def add_keys(parser: argparse.ArgumentParser, help_: str = "trusted public keys") -> None:
    """Add --keys, the ring of trusted public keys."""
    parser.add_argument("--keys", type=Path, nargs="+", default=[], metavar="FILE", help=help_)


def add_end(parser: argparse.ArgumentParser, days: str) -> None:
    """Add the choice of --days and --expires."""
    end = parser.add_mutually_exclusive_group(required=True)
    end.add_argument("--days", type=day_count, help=days)
    end.add_argument("--expires", type=moment, metavar="YYYY-MM-DD", help="ends at 00:00 UTC of this day")


def add_out(parser: argparse.ArgumentParser) -> None:
    """Add --out, a new file for what is printed otherwise."""
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to a new file instead of printing")


def passphrase(args: argparse.Namespace) -> str | None:
    """The passphrase in the file that --passphrase-file names; None without one."""
    if args.passphrase_file is None:
        return None
    text: str = args.passphrase_file.read_text(encoding="utf-8", errors="replace").rstrip("\r\n")
    if not text:
        raise UsageError(f"{args.passphrase_file}: the passphrase is empty")
    return text


def token(given: str) -> str:
    """The token itself, or the content of the file it names, or standard input."""
    if given == "-":
        return read_token(sys.stdin.buffer)
    if given.startswith("eyJ") and given.count(".") == 2:
        return given
    try:
        with Path(given).open("rb") as file:
            return read_token(file)
    except OSError:
        raise UsageError("neither a token nor a file that can be read") from None


def read_token(file: BinaryIO, most: int = MAX_BYTES) -> str:
    """The token in a file, or its start where there is too much of it."""
    data = file.read(most + 3)  # room for a line end, and for one byte too many
    return data.decode("utf-8", errors="replace").strip()


def file_name(text: str) -> str:
    """A file name without folders."""
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("a file name without folders is wanted")
    return text


def module_list(text: str) -> Modules:
    """Module ids, or all."""
    modules = frozenset(part.strip() for part in text.split(","))
    if "all" in modules and len(modules) > 1:
        raise argparse.ArgumentTypeError("either all or a list of module ids")
    return ALL if modules == {"all"} else modules


def slugs(text: str) -> tuple[str, ...]:
    """Slugs of tenants."""
    return tuple(part.strip() for part in text.split(","))


def plugin(text: str) -> PluginConstraint:
    """A constraint such as `threatweaver-exposure>=1.2,<2`, behind it `@sha256:` and a wheel's digest."""
    found = _PLUGIN.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("must be NAME>=1.2,<2, with @sha256:DIGEST behind it for one wheel")
    try:
        return PluginConstraint(name=found[1], versions=found[2], sha256=found[3])
    except LicenseError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def day_count(text: str) -> int:
    """How many days a license lasts."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {LONGEST_DAYS}")
    return int(text)


def moment(text: str) -> datetime:
    """A day or an ISO 8601 time; UTC unless it says otherwise."""
    return _check.moment("time", text)


def iso(found: datetime) -> str:
    """A time as RFC 3339 says it."""
    return found.isoformat().replace("+00:00", "Z")
