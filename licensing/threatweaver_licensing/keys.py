"""Signing keys and the ring of trusted ones: made, kept as PEM, each pinned to one algorithm."""

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from threatweaver_licensing.errors import KeyRefused

Algorithm = Literal["EdDSA", "RS256"]
KeyKind = Literal["ed25519", "rsa"]
SigningKey = Ed25519PrivateKey | RSAPrivateKey
VerifyingKey = Ed25519PublicKey | RSAPublicKey

RSA_BITS: Final = 3072
LEAST_RSA_BITS: Final = 2048

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


def generate_key(kind: KeyKind = "ed25519") -> SigningKey:
    """A new signing key."""
    if kind == "rsa":
        return generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return Ed25519PrivateKey.generate()


def algorithm_of(key: object) -> Algorithm:
    """The one signature algorithm this key may be used with, or KeyRefused."""
    if isinstance(key, Ed25519PrivateKey | Ed25519PublicKey):
        return "EdDSA"
    if isinstance(key, RSAPrivateKey | RSAPublicKey):
        if key.key_size < LEAST_RSA_BITS:
            raise KeyRefused(f"an RSA key must have {LEAST_RSA_BITS} bits or more")
        return "RS256"
    raise KeyRefused("only Ed25519 and RSA keys are used for licenses")


def key_id(key: VerifyingKey) -> str:
    """The id of a public key: the start of the hash of its DER form."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode()[:16]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A trusted public key with its id and the one algorithm it may verify."""

    kid: str
    algorithm: Algorithm
    key: VerifyingKey

    def __post_init__(self) -> None:
        if self.algorithm != algorithm_of(self.key):
            raise KeyRefused("the algorithm is not the one of this kind of key")

    @classmethod
    def of(cls, key: VerifyingKey) -> Self:
        """The public key with its id and algorithm derived from it."""
        return cls(key_id(key), algorithm_of(key), key)

    @classmethod
    def from_pem(cls, pem: str) -> Self:
        """The public key in one PEM block, or KeyRefused."""
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyRefused("a public key in the PEM text cannot be read") from error
        if not isinstance(key, Ed25519PublicKey | RSAPublicKey):
            raise KeyRefused("only Ed25519 and RSA keys are used for licenses")
        return cls.of(key)


class KeyRing:
    """The public keys that licenses are trusted from, by key id."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys = MappingProxyType({key.kid: key for key in keys})

    @classmethod
    def from_pem(cls, *texts: str) -> Self:
        """The ring of every public key in the PEM texts, each of which may hold several."""
        return cls(PublicKey.from_pem(block) for text in texts for block in _public_blocks(text))

    def find(self, kid: str) -> PublicKey | None:
        """The trusted key of this id."""
        return self._keys.get(kid)

    def __contains__(self, kid: object) -> bool:
        return kid in self._keys

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)


def _public_blocks(text: str) -> list[str]:
    blocks = list(_PEM.finditer(text))
    if not blocks or any(block[1] != "PUBLIC KEY" for block in blocks):
        raise KeyRefused('the PEM text must hold "PUBLIC KEY" blocks and nothing else')
    rest = _PEM.sub("", text).splitlines()
    if any(line.strip() and not line.startswith("#") for line in rest):
        # A key cut short must not vanish from the ring in silence.
        raise KeyRefused("between the keys of the PEM text only comments (#) may stand")
    return [block[0] for block in blocks]


def public_pem(key: SigningKey | VerifyingKey) -> str:
    """The public half of a key as PEM text."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey | RSAPrivateKey) else key
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def ring_pem(ring: KeyRing) -> str:
    """The keys of a ring as PEM text that `KeyRing.from_pem` takes, each behind a comment that names it."""
    return "".join(f"# {key.kid} {key.algorithm}\n{public_pem(key.key)}" for key in ring)


def private_pem(key: SigningKey, passphrase: str | None = None) -> str:
    """A signing key as PKCS#8 PEM text, encrypted when there is a passphrase."""
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


def load_private_pem(pem: str, passphrase: str | None = None) -> SigningKey:
    """The signing key in a PEM text, or KeyRefused."""
    try:
        key = load_pem_private_key(pem.encode(), passphrase.encode() if passphrase else None)
    except TypeError as error:
        problem = "needs no passphrase" if passphrase else "needs its passphrase"
        raise KeyRefused(f"the private key {problem}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyRefused("the private key cannot be read, or the passphrase is wrong") from error
    if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey):
        raise KeyRefused("only Ed25519 and RSA keys are used for licenses")
    algorithm_of(key)  # refuses a short RSA key
    return key


def save_private(path: Path, key: SigningKey, passphrase: str | None = None) -> None:
    """Write a signing key to a new file that its owner alone may read, or raise FileExistsError."""
    write_new(path, private_pem(key, passphrase), mode=0o600)


def load_private(path: Path, passphrase: str | None = None) -> SigningKey:
    """The signing key in a file, or KeyRefused."""
    return load_private_pem(path.read_text(encoding="utf-8", errors="replace"), passphrase)


def save_public(path: Path, key: SigningKey | VerifyingKey) -> None:
    """Write the public half of a key to a new file, or raise FileExistsError."""
    write_new(path, public_pem(key), mode=0o644)


def load_ring(*paths: Path) -> KeyRing:
    """The ring of every public key in the files, or KeyRefused."""
    return KeyRing.from_pem(*(path.read_text(encoding="utf-8", errors="replace") for path in paths))


def write_new(path: Path, text: str, *, mode: int) -> None:
    """Write a file that must not exist yet, with its mode from the first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
