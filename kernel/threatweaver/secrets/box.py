"""AES-256-GCM for columns: what is sealed opens only for the purpose it was sealed for."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class SecretUnreadable(Exception):
    """A stored secret does not open: another key, another purpose, or it was changed."""


@dataclass(frozen=True, slots=True, repr=False)
class SecretBox:
    """Key id → 32 bytes, and the id that seals; the others only open."""

    ring: Mapping[str, bytes]
    current: str

    def seal(self, text: str, *, purpose: str) -> str:
        """Return `<key id>.<base64 of nonce and ciphertext>`; `purpose` is bound, e.g. "sso.client:<id>"."""
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self.ring[self.current]).encrypt(nonce, text.encode(), purpose.encode())
        return f"{self.current}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, purpose: str) -> str:
        """Return the text. Raises SecretUnreadable."""
        key_id, _, encoded = sealed.partition(".")
        try:
            raw = base64.b64decode(encoded, validate=True)
            key = self.ring[key_id]
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
        except (KeyError, ValueError, InvalidTag):
            raise SecretUnreadable from None
