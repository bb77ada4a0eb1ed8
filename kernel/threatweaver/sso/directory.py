"""A directory to ask: what ldap.py, which is loaded late, and its callers share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

SECONDS = 10
"""How long a directory may take for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Where it is (`address` checked and pinned), its settings and the bind secret."""

    options: Mapping[str, Any]
    address: str
    bind_password: str

    @staticmethod
    def host_of(options: Mapping[str, Any]) -> str:
        """Return the host of the directory's URL."""
        return urlsplit(options["url"]).hostname or ""
