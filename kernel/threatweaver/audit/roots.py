"""Roots: the end of a chain, signed. Who rewrites the whole chain cannot sign it again."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from threatweaver.db.transaction import connection
from threatweaver.ids import uuid7

_SAME_DAY = "SELECT true FROM audit_root WHERE at >= date_trunc('day', now(), 'UTC') LIMIT 1"
PublicKeys = Mapping[str, Ed25519PublicKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """What was signed: this log's chain ended at `seq` with `hash` at this moment."""

    at: str
    seq: int
    hash: bytes
    key_id: str
    signature: bytes

    def wire(self) -> dict[str, Any]:
        """Return the root's JSON."""
        return {
            "at": self.at,
            "seq": self.seq,
            "hash": self.hash.hex(),
            "keyId": self.key_id,
            "signature": base64.b64encode(self.signature).decode(),
        }


def text_of(moment: datetime) -> str:
    """Return a time as the chain writes it: UTC with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(wire: Mapping[str, Any]) -> Root:
    """Return the root that JSON describes. Raises KeyError, TypeError or ValueError for anything else."""
    if not isinstance(wire["seq"], int) or not isinstance(wire["at"], str):
        raise TypeError
    return Root(
        at=wire["at"],
        seq=wire["seq"],
        hash=bytes.fromhex(wire["hash"]),
        key_id=str(wire["keyId"]),
        signature=base64.b64decode(wire["signature"], validate=True),
    )


def signing_key(seed: bytes) -> Ed25519PrivateKey:
    """Return the deployment's key from its derived seed."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def key_id(public: Ed25519PublicKey) -> str:
    """Return the fingerprint that names a key: 16 digits of its SHA-256."""
    return sha256(public.public_bytes_raw()).hexdigest()[:16]


def key_text(public: Ed25519PublicKey) -> str:
    """Return a public key as base64 of its 32 bytes."""
    return base64.b64encode(public.public_bytes_raw()).decode()


def read_keys(texts: Iterable[str]) -> PublicKeys:
    """Return public keys by their id. Raises ValueError."""
    keys = {}
    for text in texts:
        try:
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
        except binascii.Error as error:
            raise ValueError(f"{text!r} is no public key: {error}") from None
        keys[key_id(public)] = public
    return keys


def sign(key: Ed25519PrivateKey, log: str, *, seq: int, last: bytes, at: datetime) -> Root:
    """Return the signed root of a log whose last line is `seq` with the hash `last`."""
    moment = text_of(at)
    return Root(
        at=moment,
        seq=seq,
        hash=last,
        key_id=key_id(key.public_key()),
        signature=key.sign(_message(log, moment, seq, last)),
    )


def is_signed(root: Root, log: str, keys: PublicKeys) -> bool:
    """Say whether one of the keys signed this root for this log."""
    public = keys.get(root.key_id)
    if public is None:
        return False
    try:
        public.verify(root.signature, _message(log, root.at, root.seq, root.hash))
    except InvalidSignature:
        return False
    return True


def _message(log: str, at: str, seq: int, last: bytes) -> bytes:
    return f"threatweaver audit root\n{log}\n{at}\n{seq}\n{last.hex()}".encode()


async def take(key: Ed25519PrivateKey, log: str) -> Root:
    """Sign the end of the chain of the current scope's log, and keep the root."""
    head = await connection().fetchrow("SELECT seq, hash FROM audit_head")
    now = datetime.now(UTC)
    root = sign(key, log, seq=head["seq"], last=head["hash"], at=now)
    await connection().execute(
        "INSERT INTO audit_root (id, at, seq, hash, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6)",
        uuid7(),
        now,
        root.seq,
        root.hash,
        root.key_id,
        root.signature,
    )
    return root


async def take_daily(key: Ed25519PrivateKey, log: str) -> Root | None:
    """Sign the end of the chain unless that was done today (UTC)."""
    return None if await connection().fetchval(_SAME_DAY) else await take(key, log)
