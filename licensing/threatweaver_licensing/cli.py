# ruff: noqa: T201 - a command-line tool prints
"""The vendor's tool `threatweaver-license`: make keys, issue licenses, look into them."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, Never, get_args
from uuid import uuid4

from threatweaver_licensing.claims import (
    ALL,
    Claims,
    Deployment,
    LicenseType,
    Limits,
    Modules,
)
from threatweaver_licensing.errors import KeyRefused, LicenseError
from threatweaver_licensing.keys import (
    generate_key,
    key_id,
    load_private,
    load_ring,
    save_private,
    save_public,
    write_new,
)
from threatweaver_licensing.state import Evaluation, evaluate
from threatweaver_licensing.strict import EARLIEST, LATEST
from threatweaver_licensing.token import MAX_BYTES, Unverified, issue, read_unverified, verify

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_DAYS: Final = 36_500


class UsageError(Exception):
    """What was asked cannot be done as asked."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> Never:
        """Say what is wrong and leave with the usage exit code."""
        self.exit(USAGE, f"{self.prog}: {message} (see --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 license refused, 2 usage."""
    args = build_parser().parse_args(argv)
    try:
        code: int = args.run(args)
    except LicenseError as error:
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
    parser = Parser(prog="threatweaver-license", description="Make keys, issue and inspect licenses.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_keygen(commands.add_parser("keygen", help="make a key pair"))
    _add_issue(commands.add_parser("issue", help="issue a license"))
    _add_inspect(commands.add_parser("inspect", help="show what a license says and its state"))
    return parser


def _add_keygen(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=keygen)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the two files")
    parser.add_argument("--algorithm", choices=["ed25519", "rsa"], default="ed25519")
    parser.add_argument("--name", type=_file_name, default="threatweaver-license", help="NAME.key, NAME.pub")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="encrypt the private key")


def _add_issue(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=issue_license)
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key")
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="passphrase of the key")
    parser.add_argument("--customer", required=True)
    parser.add_argument("--modules", type=_module_list, required=True, metavar="a,b|all")
    parser.add_argument("--seats", type=int, required=True)
    end = parser.add_mutually_exclusive_group(required=True)
    end.add_argument("--days", type=_days, help="valid for so many days from its start")
    end.add_argument("--expires", type=_moment, metavar="YYYY-MM-DD", help="ends at 00:00 UTC of this day")
    parser.add_argument("--not-before", type=_moment, metavar="YYYY-MM-DD", help="starts at 00:00 UTC")
    parser.add_argument("--type", choices=get_args(LicenseType), default="standard")
    parser.add_argument("--deployment", choices=get_args(Deployment), default="dedicated")
    parser.add_argument("--tenants", type=int, help="most tenants (default: no limit)")
    parser.add_argument("--assets", type=int, help="most assets (default: no limit)")
    parser.add_argument("--sensors", type=int, help="most sensors (default: no limit)")
    parser.add_argument("--grace-days", type=int, default=7)
    parser.add_argument("--fingerprint", help="bind the license to one deployment")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to a new file instead of printing")


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=inspect)
    parser.add_argument("license", metavar="TOKEN|FILE|-")
    parser.add_argument(
        "--keys", type=Path, nargs="+", default=[], metavar="FILE", help="trusted public keys"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--at", type=_moment, metavar="ISO8601", help="judge the state at this moment")


def keygen(args: argparse.Namespace) -> int:
    """Write a new key pair and print its key id."""
    private, public = args.out / f"{args.name}.key", args.out / f"{args.name}.pub"
    for path in (private, public):
        if path.exists():
            raise UsageError(f"{path}: File exists")
    args.out.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = generate_key(args.algorithm)
    save_private(private, key, _passphrase(args))
    save_public(public, key)
    print(key_id(key.public_key()))
    return OK


def issue_license(args: argparse.Namespace) -> int:
    """Print a signed license, or write it and print its id."""
    key = load_private(args.key, _passphrase(args))
    try:
        claims = _claims(args, datetime.now(UTC).replace(microsecond=0))
        token = issue(claims, key)
    except LicenseError as error:
        raise UsageError(str(error)) from error
    if args.out is None:
        print(token)
    else:
        write_new(args.out, token + "\n", mode=0o644)
        print(claims.jti)
    return OK


def _claims(args: argparse.Namespace, now: datetime) -> Claims:
    start: datetime = args.not_before or now
    return Claims(
        jti=str(uuid4()),
        customer=args.customer,
        issued_at=now,
        not_before=args.not_before,
        expires_at=args.expires or start + timedelta(days=args.days),
        type=args.type,
        modules=args.modules,
        seats=args.seats,
        tenants_max=args.tenants,
        deployment=args.deployment,
        limits=Limits(assets=args.assets, sensors=args.sensors),
        grace_days=args.grace_days,
        fingerprint=args.fingerprint,
    )


def inspect(args: argparse.Namespace) -> int:
    """Print what a license says, whether its signature holds, and its state on the deployment it names."""
    token = _token(args.license)
    found = read_unverified(token)
    refusal = None
    if args.keys:
        ring = load_ring(*args.keys)
        try:
            verify(token, ring)
        except LicenseError as error:
            refusal = error
    signature = refusal.code if refusal else "verified" if args.keys else "not checked"
    now = args.at or datetime.now(UTC)
    # A license that is refused has no state.
    state = None if refusal else evaluate(found.claims, now=now, fingerprint=found.claims.fingerprint)
    report = _report(found, signature, state)
    print(json.dumps(report, indent=2) if args.json else "\n".join(_lines(report)))
    if refusal:
        print(f"{refusal.code}: {refusal}", file=sys.stderr)
    return REFUSED if refusal else OK


def _report(found: Unverified, signature: str, state: Evaluation | None) -> dict[str, Any]:
    claims = found.claims.to_payload()
    for name in ("iat", "nbf", "exp"):
        if name in claims:
            claims[name] = _iso(datetime.fromtimestamp(claims[name], UTC))
    return {
        "signature": signature,
        "kid": found.kid,
        "algorithm": found.algorithm,
        "state": state and state.state.value,
        "reason": state and state.reason,
        "nextState": state and state.next_state and state.next_state.value,
        "nextChangeAt": state and state.next_change_at and _iso(state.next_change_at),
        "claims": claims,
    }


def _lines(report: dict[str, Any]) -> list[str]:
    flat = {name: value for name, value in report.items() if name != "claims"} | report["claims"]
    return [f"{name:<13} {_plain(value)}" for name, value in flat.items()]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(value)
    return "-" if value is None else str(value)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _token(given: str) -> str:
    """The token itself, or the content of the file it names, or standard input."""
    if given == "-":
        return _first(sys.stdin.buffer)
    if given.startswith("eyJ") and given.count(".") == 2:
        return given
    try:
        with Path(given).open("rb") as file:
            return _first(file)
    except OSError:
        raise UsageError("neither a token nor a file that can be read") from None


def _first(file: BinaryIO) -> str:
    data = file.read(MAX_BYTES + 3)  # room for a line end, and for one byte too many
    return data.decode("utf-8", errors="replace").strip()


def _passphrase(args: argparse.Namespace) -> str | None:
    if args.passphrase_file is None:
        return None
    text: str = args.passphrase_file.read_text(encoding="utf-8", errors="replace").rstrip("\r\n")
    if not text:
        raise UsageError(f"{args.passphrase_file}: the passphrase is empty")
    return text


def _file_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("a file name without folders is wanted")
    return text


def _module_list(text: str) -> Modules:
    modules = frozenset(part.strip() for part in text.split(","))
    if "all" in modules and len(modules) > 1:
        raise argparse.ArgumentTypeError("either all or a list of module ids")
    return ALL if modules == {"all"} else modules


def _days(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= _LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {_LONGEST_DAYS}")
    return int(text)


def _moment(text: str) -> datetime:
    """A day or an ISO 8601 time; UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be YYYY-MM-DD or an ISO 8601 time") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment < LATEST - timedelta(days=_LONGEST_DAYS):
        raise argparse.ArgumentTypeError("the year is out of range")
    return moment


if __name__ == "__main__":
    sys.exit(main())
