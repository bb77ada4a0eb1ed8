# ruff: noqa: T201 - a command-line tool prints
"""Make signing keys, and replace them by new ones."""

import argparse
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from threatweaver_licensing.cli import arguments
from threatweaver_licensing.cli.arguments import OK, Commands, UsageError, iso
from threatweaver_licensing.keys import (
    KeyRing,
    PublicKey,
    SigningKey,
    generate_key,
    key_id,
    load_ring,
    ring_pem,
    save_private,
    save_public,
    write_new,
)
from threatweaver_licensing.signed import kid_of
from threatweaver_licensing.token import verify

_PLAN = """\
1. Give {ring} to every deployment (TW_LICENSE_KEYS); sign with the old key until all have it.
2. Then sign licenses, renewals and the revocation list (sign-list) with {key}.
3. Remove an old key from the ring when none of its licenses can be in force any more.
If an old key has leaked, do not wait: do step 2 at once, renew its licenses, and ship a ring without it."""


def add_commands(commands: "Commands[Any]") -> None:
    """Add keygen and rotate-keys."""
    _add_keygen(commands.add_parser("keygen", help="make a key pair"))
    _add_rotate(commands.add_parser("rotate-keys", help="make a new key, a ring of old and new, and a plan"))


def _add_keygen(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=keygen)
    _add_new_key(parser)


def _add_rotate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=rotate)
    parser.add_argument(
        "--old", type=Path, nargs="+", required=True, metavar="FILE", help="public keys in use, or their ring"
    )
    parser.add_argument("--licenses", nargs="+", default=[], metavar="FILE", help="all licenses issued")
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_new_key(parser)


def _add_new_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the new files")
    parser.add_argument("--algorithm", choices=["ed25519", "rsa"], default="ed25519")
    parser.add_argument(
        "--name", type=arguments.file_name, default="threatweaver-license", help="NAME.key, NAME.pub"
    )
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="encrypt the private key")


def keygen(args: argparse.Namespace) -> int:
    """Write a new key pair and print its key id."""
    print(key_id(_make(args).public_key()))
    return OK


def rotate(args: argparse.Namespace) -> int:
    """Write a new key pair and the ring of old and new keys; print when the old ones may go."""
    old = load_ring(*args.old)
    ends = _ends(old, map(arguments.token, args.licenses))
    ring = args.out / f"{args.name}-ring.pub"
    if ring.exists():
        raise UsageError(f"{ring}: File exists")
    new = PublicKey.of(_make(args).public_key())
    write_new(ring, ring_pem(KeyRing([*old, new])), mode=0o644)
    report = {
        "kid": new.kid,
        "ring": str(ring),
        "old": [{"kid": key.kid, "neededUntil": ends.get(key.kid)} for key in old],
    }
    print(json.dumps(report, indent=2) if args.json else _text(args, report))
    return OK


def _make(args: argparse.Namespace) -> SigningKey:
    private, public = args.out / f"{args.name}.key", args.out / f"{args.name}.pub"
    for path in (private, public):
        if path.exists():
            raise UsageError(f"{path}: File exists")
    args.out.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = generate_key(args.algorithm)
    save_private(private, key, arguments.passphrase(args))
    save_public(public, key)
    return key


def _ends(ring: KeyRing, tokens: Iterable[str]) -> dict[str, str]:
    """When the last license of each key has ended, its grace days included."""
    ends: dict[str, datetime] = {}
    for token in tokens:
        claims, kid = verify(token, ring), kid_of(token)
        end = claims.expires_at + timedelta(days=claims.grace_days)
        ends[kid] = max(end, ends.get(kid, end))
    return {kid: iso(end) for kid, end in ends.items()}


def _text(args: argparse.Namespace, report: dict[str, Any]) -> str:
    lines = [f"new key {report['kid']}"]
    for key in report["old"]:
        until = key["neededUntil"] or "the end of its last license: name all with --licenses"
        lines.append(f"old key {key['kid']} needed until {until}")
    return "\n".join([*lines, _PLAN.format(ring=report["ring"], key=args.out / f"{args.name}.key")])
