"""Verdicts that a pipeline can check: signed with a key of the tenant, made from the installation's."""

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from threatweaver.sdk import Context


def key_of(ctx: "Context") -> Ed25519PrivateKey:
    """Return the key that signs the tenant's verdicts."""
    label = f"appsec.verdict:{ctx.principal.tenant_id}".encode()
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(ctx.kernel.keys.cursor, label, "sha256"))


def public(key: Ed25519PrivateKey) -> dict[str, str]:
    """Return the public half, as PEM, and its name."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"keyId": hashlib.sha256(pem).hexdigest()[:16], "algorithm": "Ed25519", "publicKey": pem.decode()}


def sign(key: Ed25519PrivateKey, payload: bytes) -> dict[str, str]:
    """Return a payload in base64, its signature, and the name of the key."""
    encoded = base64.b64encode(payload).decode()
    signature = base64.b64encode(key.sign(payload)).decode()
    return {"payload": encoded, "signature": signature, "keyId": public(key)["keyId"]}
