"""Signatures of this deployment: Ed25519, from a seed that is derived from the master secret."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def sign(seed: bytes, content: bytes) -> str:
    """Return the base64 of the signature; `seed` has 32 bytes."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(content)).decode()


def public_key(seed: bytes) -> str:
    """Return the base64 of the 32 bytes that check this deployment's signatures."""
    held = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return base64.b64encode(held.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def verify(public: str, content: bytes, signature: str) -> bool:
    """Say whether the signature of this content was made with the key's other half."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
