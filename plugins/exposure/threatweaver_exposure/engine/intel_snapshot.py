"""A snapshot of a feed of threat intelligence: one signed file, for places without a network.

Text, usually gzip: the first line is the manifest, the second who signed it, each other one a record.
The signature is Ed25519 over a prefix and the bytes of the first line, which has the SHA-256 of the records.
"""

import base64
import gzip
import hashlib
import json
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FEEDS: Final = ("kev", "epss", "osv", "cve")
MOST_RECORDS: Final = 5_000_000
LONGEST_LINE: Final = 64 << 10
_FORMAT: Final = "threatweaver-intel/1"
_PREFIX: Final = b"threatweaver-intel/1\n"
_HEAD: Final = 4 << 10  # bytes of each of the first two lines
_MEMBERS: Final = {"format": str, "feed": str, "published": str, "sha256": str, "records": int}
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GZIP = b"\x1f\x8b"

Keys = Mapping[str, Ed25519PublicKey]


class SnapshotFault(Exception):
    """A snapshot, a key or a raw feed that cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is signed: which feed, when its source published it, and the records' number and SHA-256."""

    feed: str
    published: datetime
    sha256: str
    records: int


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a public key: 16 characters of the hash of its bytes."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.public_bytes_raw()).digest()).decode()[:16]


def key_text(key: Ed25519PublicKey) -> str:
    """Return a public key as settings have it: base64url of its 32 bytes."""
    return base64.urlsafe_b64encode(key.public_bytes_raw()).rstrip(b"=").decode()


def trusted(text: str) -> Keys:
    """Return the public keys in a setting, separated by blanks or commas. Raises SnapshotFault."""
    found = {}
    for word in re.split(r"[\s,]+", text.strip()) if text.strip() else ():
        try:
            raw = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
            key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise SnapshotFault("the setting of trusted keys holds something that is no key") from None
        found[key_id(key)] = key
    return found


def write(
    path: Path,
    records: Iterable[Mapping[str, Any]],
    *,
    feed: str,
    published: Callable[[], datetime],
    key: Ed25519PrivateKey,
) -> Manifest:
    """Write a snapshot, gzip, and return its manifest. The same records make the same bytes.

    `published` is asked once all records are there: some sources say it only by them.
    """
    digest, count = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as body:
        for record in records:
            text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
            line = text.encode(errors="replace") + b"\n"
            if len(line) > LONGEST_LINE:
                raise SnapshotFault(f"record {count + 1} is longer than {LONGEST_LINE} bytes")
            digest.update(line)
            body.write(line)
            count += 1
        manifest = Manifest(feed=feed, published=published(), sha256=digest.hexdigest(), records=count)
        first = _line(manifest)
        signature = base64.urlsafe_b64encode(key.sign(_PREFIX + first)).decode()
        second = json.dumps({"key": key_id(key.public_key()), "signature": signature}).encode()
        body.seek(0)
        with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
            file.write(first + b"\n" + second + b"\n")
            shutil.copyfileobj(body, file)
    return manifest


def _line(manifest: Manifest) -> bytes:
    moment = manifest.published.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = {
        "format": _FORMAT,
        "feed": manifest.feed,
        "published": moment,
        "sha256": manifest.sha256,
        "records": manifest.records,
    }
    return json.dumps(said, separators=(",", ":")).encode()


def verified(head: bytes, keys: Keys) -> tuple[Manifest, str]:
    """Return the manifest at the head of a plain snapshot, and the id of the trusted key that signed it.

    Nothing but who signed is read before the signature holds. Raises SnapshotFault.
    """
    first, mark, rest = head.partition(b"\n")
    second, again, _ = rest.partition(b"\n")
    if not mark or not again or max(len(first), len(second)) > _HEAD:
        raise SnapshotFault("the file is no snapshot: its first two lines are no manifest and no signature")
    said = _object(second, "the second line")
    name, signature = said.get("key"), said.get("signature")
    if not isinstance(name, str) or not isinstance(signature, str):
        raise SnapshotFault("the second line says no key and no signature")
    if name not in keys:
        raise SnapshotFault("the key that signed the snapshot is not trusted here")
    try:
        keys[name].verify(base64.urlsafe_b64decode(signature.encode()), _PREFIX + first)
    except (InvalidSignature, ValueError):
        raise SnapshotFault("the signature does not fit the manifest") from None
    return _manifest(_object(first, "the manifest")), name


def _object(line: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise SnapshotFault(f"{what} is not JSON") from None
    if not isinstance(found, dict):
        raise SnapshotFault(f"{what} is no object")
    return found


def _manifest(said: Mapping[str, Any]) -> Manifest:
    if {name: type(value) for name, value in said.items()} != _MEMBERS or said["format"] != _FORMAT:
        raise SnapshotFault(f"the manifest is none of {_FORMAT}")
    if said["feed"] not in FEEDS:
        raise SnapshotFault("the manifest names a feed that is not known")
    if not 0 <= said["records"] <= MOST_RECORDS or not _SHA256.fullmatch(said["sha256"]):
        raise SnapshotFault("the manifest states an impossible number of records or hash")
    try:
        published = datetime.strptime(said["published"], "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        raise SnapshotFault("the manifest states no time like 2024-05-31T12:00:00Z") from None
    return Manifest(
        feed=said["feed"],
        published=published.astimezone(UTC),
        sha256=said["sha256"],
        records=said["records"],
    )


def records(path: Path, manifest: Manifest) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the records, each with its line; memory holds one at a time.

    Raises SnapshotFault as soon as they are not those that were signed: at the latest behind the last one, so
    whoever keeps any of them does it in a transaction that ends after this.
    """
    digest, count = hashlib.sha256(), 0
    with opened(path) as file:
        for _ in range(2):
            next_line(file, _HEAD)
        while line := next_line(file, LONGEST_LINE):
            count += 1
            if count > manifest.records:
                raise SnapshotFault("there are more records than were signed")
            digest.update(line)
            yield count + 2, _object(line, f"line {count + 2}")
    if count != manifest.records or digest.hexdigest() != manifest.sha256:
        raise SnapshotFault("the records are not those that were signed")


def opened(path: Path) -> BinaryIO:
    """Open a file that may be gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def head(path: Path) -> bytes:
    """Return what `verified` looks at of a file. Raises SnapshotFault."""
    with opened(path) as file:
        return next_line(file, _HEAD) + next_line(file, _HEAD)


def next_line(file: BinaryIO, most: int) -> bytes:
    """Return the next line, of at most so many bytes; empty at the end. Raises SnapshotFault."""
    try:
        line = file.readline(most + 1)
    except (OSError, EOFError, zlib.error):
        raise SnapshotFault("the gzip stream is damaged or cut short") from None
    if len(line) > most:
        raise SnapshotFault(f"a line is longer than {most} bytes")
    return line
