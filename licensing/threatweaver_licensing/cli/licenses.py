# ruff: noqa: T201 - a command-line tool prints
"""Issue, renew and inspect licenses."""

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4

from threatweaver_licensing.claims import Claims, Deployment, LicenseType, Limits
from threatweaver_licensing.cli import arguments
from threatweaver_licensing.cli.arguments import OK, REFUSED, Commands, UsageError, iso
from threatweaver_licensing.errors import LicenseError
from threatweaver_licensing.issuing import end_after, renewed
from threatweaver_licensing.keys import KeyRing, SigningKey, load_private, load_ring, public_pem, write_new
from threatweaver_licensing.state import Evaluation, evaluate
from threatweaver_licensing.token import Unverified, issue, read_unverified, verify

_CHANGES = ("type", "modules", "seats", "deployment", "grace_days", "fingerprint")


def add_commands(commands: "Commands[Any]") -> None:
    """Add issue, renew and inspect."""
    _add_issue(commands.add_parser("issue", help="issue a license"))
    _add_renew(commands.add_parser("renew", help="issue a license anew with a later end"))
    _add_inspect(commands.add_parser("inspect", help="show what a license says and its state"))


def _add_issue(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=issue_license)
    arguments.add_key(parser)
    parser.add_argument("--customer", required=True)
    parser.add_argument("--modules", type=arguments.module_list, required=True, metavar="a,b|all")
    parser.add_argument("--seats", type=int, required=True)
    arguments.add_end(parser, "valid for so many days from its start")
    parser.add_argument(
        "--not-before", type=arguments.moment, metavar="YYYY-MM-DD", help="starts at 00:00 UTC"
    )
    parser.add_argument("--type", choices=get_args(LicenseType), default="standard")
    parser.add_argument("--deployment", choices=get_args(Deployment), default="dedicated")
    _add_bounds(parser, "default: no limit")
    parser.add_argument("--grace-days", type=int, default=7)
    parser.add_argument("--fingerprint", help="lock the license to one machine or installation")
    arguments.add_out(parser)


def _add_bounds(parser: argparse.ArgumentParser, otherwise: str) -> None:
    parser.add_argument("--tenants", type=int, help=f"most tenants ({otherwise})")
    parser.add_argument("--tenant-names", type=arguments.slugs, metavar="a,b", help="these tenants only")
    parser.add_argument("--plugin", type=arguments.plugin, action="append", metavar="NAME>=1,<2[@sha256:…]")
    parser.add_argument("--assets", type=int, help=f"most assets ({otherwise})")
    parser.add_argument("--sensors", type=int, help=f"most sensors ({otherwise})")


def _add_renew(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=renew_license)
    parser.add_argument("license", metavar="TOKEN|FILE|-", help="the license to renew")
    arguments.add_key(parser)
    arguments.add_keys(parser, "keys that the old license may be signed with (default: that of --key)")
    arguments.add_end(parser, "so many days behind the old end, or from today if that is past")
    parser.add_argument("--modules", type=arguments.module_list, metavar="a,b|all")
    parser.add_argument("--seats", type=int)
    parser.add_argument("--type", choices=get_args(LicenseType))
    parser.add_argument("--deployment", choices=get_args(Deployment))
    _add_bounds(parser, "default: as before")
    parser.add_argument("--grace-days", type=int)
    parser.add_argument("--fingerprint", help="lock the license to another machine or installation")
    arguments.add_out(parser)


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=inspect)
    parser.add_argument("license", metavar="TOKEN|FILE|-")
    arguments.add_keys(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--at", type=arguments.moment, metavar="ISO8601", help="judge the state at this moment"
    )


def issue_license(args: argparse.Namespace) -> int:
    """Print a signed license, or write it and print its id."""
    key = load_private(args.key, arguments.passphrase(args))
    try:
        claims = _claims(args, _now())
    except LicenseError as error:
        raise UsageError(str(error)) from error
    return _deliver(claims, key, args)


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
        tenant_names=args.tenant_names,
        plugins=tuple(args.plugin or ()),
        deployment=args.deployment,
        limits=Limits(assets=args.assets, sensors=args.sensors),
        grace_days=args.grace_days,
        fingerprint=args.fingerprint,
    )


def renew_license(args: argparse.Namespace) -> int:
    """Print the renewal of a license, or write it and print its id."""
    key = load_private(args.key, arguments.passphrase(args))
    ring = load_ring(*args.keys) if args.keys else KeyRing.from_pem(public_pem(key))
    old = verify(arguments.token(args.license), ring)
    now = _now()
    try:
        end = args.expires or end_after(old, now=now, days=args.days)
        claims = renewed(old, jti=str(uuid4()), now=now, expires_at=end, **_changes(args, old))
    except LicenseError as error:
        raise UsageError(str(error)) from error
    return _deliver(claims, key, args)


def _changes(args: argparse.Namespace, old: Claims) -> dict[str, Any]:
    changes = {name: getattr(args, name) for name in _CHANGES}
    changes |= {"tenants_max": args.tenants, "tenant_names": args.tenant_names}
    changes["plugins"] = tuple(args.plugin) if args.plugin else None
    limits = {"assets": args.assets, "sensors": args.sensors}
    merged = {name: getattr(old.limits, name) if value is None else value for name, value in limits.items()}
    return {name: value for name, value in changes.items() if value is not None} | {
        "limits": Limits(**merged)
    }


def _deliver(claims: Claims, key: SigningKey, args: argparse.Namespace) -> int:
    try:
        token = issue(claims, key)
    except LicenseError as error:
        raise UsageError(str(error)) from error
    if args.out is None:
        print(token)
    else:
        write_new(args.out, token + "\n", mode=0o644)
        print(claims.jti)
    return OK


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def inspect(args: argparse.Namespace) -> int:
    """Print what a license says, whether its signature holds, and its state on the deployment it names."""
    token = arguments.token(args.license)
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
            claims[name] = iso(datetime.fromtimestamp(claims[name], UTC))
    return {
        "signature": signature,
        "kid": found.kid,
        "algorithm": found.algorithm,
        "state": state and state.state.value,
        "reason": state and state.reason,
        "nextState": state and state.next_state and state.next_state.value,
        "nextChangeAt": state and state.next_change_at and iso(state.next_change_at),
        "claims": claims,
    }


def _lines(report: dict[str, Any]) -> list[str]:
    flat = {name: value for name, value in report.items() if name != "claims"} | report["claims"]
    return [f"{name:<13} {_plain(value)}" for name, value in flat.items()]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "-" if value is None else str(value)
