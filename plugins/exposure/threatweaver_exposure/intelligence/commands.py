"""`threatweaver exposure intel`: make snapshots of raw feeds, and import them where there is no network."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from threatweaver.sdk import run_in_tenant
from threatweaver_exposure.engine import intel_snapshot
from threatweaver_exposure.engine.intel_feeds import Raw
from threatweaver_exposure.engine.intel_snapshot import FEEDS, SnapshotFault
from threatweaver_exposure.intelligence import service
from threatweaver_exposure.intelligence.errors import SnapshotRefused

app = typer.Typer()
intel = typer.Typer(help="Threat intelligence as signed snapshots.", no_args_is_help=True)
app.add_typer(intel, name="intel")

_COUNTS = ("records", "added", "changed", "removed", "rescored")
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)]
Key = Annotated[Path, typer.Option("--key", exists=True, dir_okay=False, help="The private key, PEM.")]
Out = Annotated[Path, typer.Option("--out", help="The file to write.")]
Published = Annotated[
    datetime | None, typer.Option("--published", help="When it was published (UTC), if the files do not say.")
]
Tenant = Annotated[str | None, typer.Option("--tenant", help="The tenant's slug.")]
Trusted = Annotated[str, typer.Option("--trusted", envvar="TW_EXPOSURE_INTEL_KEYS", help="Public keys.")]
Replay = Annotated[bool, typer.Option("--replay", help="Let it hold though a newer one does.")]


@intel.command()
def keygen(out: Out) -> None:
    """Make a key to sign snapshots with, and print its public half for TW_EXPOSURE_INTEL_KEYS."""
    key = Ed25519PrivateKey.generate()
    try:
        out.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise SnapshotRefused(f"{out}: {error.strerror}") from None
    out.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    typer.echo(intel_snapshot.key_text(key.public_key()))


@intel.command()
def pack(feed: str, files: Files, key: Key, out: Out, published: Published = None) -> None:
    """Make a snapshot of a feed (kev, epss, osv or cve) from its raw files, plain or gzip."""
    if feed not in FEEDS:
        raise typer.BadParameter(f"must be one of {', '.join(FEEDS)}", param_hint="FEED")
    raw = Raw(feed, files, published and published.replace(tzinfo=UTC))
    try:
        made = intel_snapshot.write(out, raw.records(), feed=feed, published=raw.published, key=_signer(key))
    except SnapshotFault as fault:
        raise SnapshotRefused.because(fault) from None
    except OSError as error:
        raise SnapshotRefused(f"{error.filename}: {error.strerror}") from None
    typer.echo(f"{out}: {made.records} records of {feed}, published {made.published:%Y-%m-%dT%H:%M:%SZ}")


@intel.command("import")
def import_(*, file: File, trusted: Trusted = "", tenant: Tenant = None, replay: Replay = False) -> None:
    """Import a snapshot, as POST /threat-intel/snapshots does."""
    try:
        head = intel_snapshot.head(file)
    except SnapshotFault as fault:
        raise SnapshotRefused.because(fault) from None

    async def work() -> dict[str, Any]:
        entry = await service.accept(head, keys=trusted, replay=replay)
        return await service.take(entry.id, file, _silent)

    done = run_in_tenant("exposure.import_snapshot", work, tenant=tenant)
    counts = ", ".join(f"{done[name]} {name}" for name in _COUNTS)
    typer.echo(f"{done['feed']} of {done['published']:%Y-%m-%d}: {counts}")


def _signer(path: Path) -> Ed25519PrivateKey:
    """Return the private key in a file. Raises SnapshotFault."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SnapshotFault(f"{path.name} is no Ed25519 private key without a passphrase")
    return key


async def _silent(_: float) -> None:
    """Report no progress: the line at the end says it all."""
