"""AES-256-GCM for columns: what is sealed opens only for the purpose it was sealed for."""

import base64
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


class SecretUnreadable(Exception):
    """A stored secret does not open: another key, another purpose, or it was changed."""


@dataclass(slots=True, repr=False)
class SecretBox:
    """Key id → 32 bytes, and the id that seals; the others only open.

    `upcoming` names the key that seals from a moment on (seconds since the epoch): by then every process
    has it in its ring, so that what one seals opens in all.
    """

    ring: Mapping[str, bytes]
    current: str
    upcoming: tuple[float, str] | None = None

    def sealing(self) -> str:
        """Return the id of the key that seals now."""
        if self.upcoming is not None and time.time() >= self.upcoming[0]:
            return self.upcoming[1]
        return self.current

    def seal(self, text: str, *, purpose: str) -> str:
        """Return `<key id>.<base64 of nonce and ciphertext>`; `purpose` is bound, e.g. "sso.client:<id>"."""
        key_id, nonce = self.sealing(), os.urandom(_NONCE)
        sealed = AESGCM(self.ring[key_id]).encrypt(nonce, text.encode(), purpose.encode())
        return f"{key_id}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, purpose: str) -> str:
        """Return the text. Raises SecretUnreadable."""
        key_id, _, encoded = sealed.partition(".")
        try:
            raw = base64.b64decode(encoded, validate=True)
            key = self.ring[key_id]
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
        except (KeyError, ValueError, InvalidTag):
            raise SecretUnreadable from None
