"""The deployment's master secret and the keys derived from it, one a purpose."""

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from threatweaver.config import ConfigError, Settings


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Derived keys; the master itself is not kept."""

    access_token: bytes
    refresh_token: bytes
    device: bytes
    cursor: bytes
    storage: bytes
    audit: bytes  # seed of the Ed25519 key that signs the audit log's roots
    signing: bytes  # the seed of the deployment's Ed25519 key


def load(settings: Settings) -> Keys:
    """Read TW_SECRET_KEY or <home>/secret.key (made on first use). Raises ConfigError."""
    if settings.secret_key is not None:
        return derive(_decode(settings.secret_key, "TW_SECRET_KEY"))
    path = settings.home / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return derive(_decode(_read(path), str(path)))
    text = base64.b64encode(secrets.token_bytes(32))
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return derive(_decode(text.decode(), str(path)))


def derive(master: bytes) -> Keys:
    """Derive every key from the master by HKDF-SHA256."""
    return Keys(
        access_token=_hkdf(master, b"access-token"),
        refresh_token=_hkdf(master, b"refresh-token"),
        device=_hkdf(master, b"device"),
        cursor=_hkdf(master, b"cursor"),
        storage=_hkdf(master, b"storage"),
        audit=_hkdf(master, b"audit-root"),
        signing=_hkdf(master, b"signing"),
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None


def _decode(text: str, source: str) -> bytes:
    try:
        master = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        master = b""
    if len(master) != 32:
        raise ConfigError(f"{source} must be the base64 of 32 random bytes")
    return master


def _hkdf(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"threatweaver:" + purpose).derive(
        master
    )
