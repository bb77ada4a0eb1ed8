# ruff: noqa: T201 - a command-line tool prints
"""Keep the signed revocation list in a file."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threatweaver_licensing.cli import arguments
from threatweaver_licensing.cli.arguments import OK, Commands, UsageError, iso
from threatweaver_licensing.errors import RevocationsError
from threatweaver_licensing.keys import KeyRing, SigningKey, load_private, load_ring, public_pem, write_new
from threatweaver_licensing.revocations import (
    MAX_LIST_BYTES,
    Revocation,
    RevocationList,
    issue_list,
    read_unverified_list,
    verify_list,
)
from threatweaver_licensing.token import verify


def add_commands(commands: "Commands[Any]") -> None:
    """Add revoke, sign-list and revocations."""
    _add_revoke(commands.add_parser("revoke", help="add licenses to the revocation list"))
    _add_sign(commands.add_parser("sign-list", help="start a revocation list, or sign it with another key"))
    _add_show(commands.add_parser("revocations", help="show a revocation list"))


def _add_revoke(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=revoke)
    parser.add_argument("licenses", nargs="*", metavar="TOKEN|FILE|-", help="licenses to revoke")
    parser.add_argument("--id", action="append", default=[], help="the id of a license to revoke")
    parser.add_argument("--list", type=Path, required=True, metavar="FILE", help="the list to extend")
    parser.add_argument("--reason", required=True)
    arguments.add_key(parser)
    arguments.add_keys(parser, "keys that list and licenses may be signed with (default: that of --key)")


def _add_sign(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=sign_list)
    parser.add_argument("--list", type=Path, required=True, metavar="FILE", help="the list to sign anew")
    parser.add_argument("--create", action="store_true", help="start an empty list in a new file")
    arguments.add_key(parser)
    arguments.add_keys(parser, "keys that the list may be signed with (default: that of --key)")


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=show)
    parser.add_argument("list", type=Path, metavar="FILE")
    arguments.add_keys(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def revoke(args: argparse.Namespace) -> int:
    """Add licenses to the list and print its new number."""
    key, ring = _keys(args)
    old, now = verify_list(_read(args.list), ring), _now()
    ids = [*args.id, *(verify(arguments.token(given), ring).jti for given in args.licenses)]
    if not ids:
        raise UsageError("name a license to revoke")
    if known := sorted(old.revoked.keys() & set(ids)):
        raise UsageError(f"{known[0]} is revoked already")
    try:
        entries = tuple(Revocation(jti=jti, at=now, reason=args.reason) for jti in ids)
        new = _next(old, now, old.entries + entries)
    except RevocationsError as error:
        raise UsageError(str(error)) from error
    return _replace(args.list, new, key)


def sign_list(args: argparse.Namespace) -> int:
    """Sign the list anew with the next number, or start one, and print the number."""
    key, ring = _keys(args)
    if args.create:
        first = RevocationList(seq=1, issued_at=_now())
        write_new(args.list, issue_list(first, key) + "\n", mode=0o644)
        print(first.seq)
        return OK
    old = verify_list(_read(args.list), ring)
    return _replace(args.list, _next(old, _now(), old.entries), key)


def show(args: argparse.Namespace) -> int:
    """Print what a list says; with --keys only if its signature holds."""
    token = _read(args.list)
    found = verify_list(token, load_ring(*args.keys)) if args.keys else read_unverified_list(token)
    report = {
        "signature": "verified" if args.keys else "not checked",
        "seq": found.seq,
        "issuedAt": iso(found.issued_at),
        "entries": [
            {"jti": entry.jti, "at": iso(entry.at), "reason": entry.reason} for entry in found.entries
        ],
    }
    print(json.dumps(report, indent=2) if args.json else _text(report))
    return OK


def _text(report: dict[str, Any]) -> str:
    head = [f"{name:<13} {report[name]}" for name in ("signature", "seq", "issuedAt")]
    entries = [f"{entry['at']}  {entry['jti']}  {entry['reason']}" for entry in report["entries"]]
    return "\n".join([*head, *entries])


def _keys(args: argparse.Namespace) -> tuple[SigningKey, KeyRing]:
    key = load_private(args.key, arguments.passphrase(args))
    return key, load_ring(*args.keys) if args.keys else KeyRing.from_pem(public_pem(key))


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return arguments.read_token(file, MAX_LIST_BYTES)


def _next(old: RevocationList, now: datetime, entries: tuple[Revocation, ...]) -> RevocationList:
    if now < old.issued_at:
        raise UsageError(f"the clock is behind the list's last issue, {iso(old.issued_at)}")
    return RevocationList(seq=old.seq + 1, issued_at=now, entries=entries)


def _replace(path: Path, new: RevocationList, key: SigningKey) -> int:
    """Put a list in the place of its forerunner, wholly or not at all."""
    beside = path.with_name(f"{path.name}.new")
    write_new(beside, issue_list(new, key) + "\n", mode=0o644)
    beside.replace(path)
    print(new.seq)
    return OK


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
