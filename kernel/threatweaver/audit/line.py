"""What a line says before it is chained, and what it never says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

_SECRETS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "tokens",
    "apikey",
    "privatekey",
    "recoverycodes",
    "credentials",
    "authorization",
    "cookie",
    "assertion",
    "hash",
    "otp",
    "jwt",
)
_ENDLESS = 10_000  # characters of one text


class SecretInLine(RuntimeError):
    """A write wanted to log a member whose name says that it is a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; the log adds its number, time and hash."""

    action: str
    actor_id: UUID | None = None
    actor_email: str | None = None
    token_id: UUID | None = None
    via: str = ""
    target: str = ""
    outcome: str = "success"
    method: str = ""
    path: str = ""
    status: int = 0
    request_id: str = ""
    address: str = ""
    user_agent: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def presentable(value: Any) -> Any:
    """Return a value as JSON that PostgreSQL takes. Raises SecretInLine for a member named like a secret.

    `{"password": True}` may say that there is one, or that it changed.
    """
    if isinstance(value, Mapping):
        return {_clean(str(name)): presentable(_open(str(name), item)) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [presentable(item) for item in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    return _clean(str(value))


def _open(name: str, value: Any) -> Any:
    plain = name.lower().replace("_", "").replace("-", "")
    if plain.endswith(_SECRETS) and not (value is None or isinstance(value, bool)):
        raise SecretInLine(name)
    return value


def _clean(text: str) -> str:
    """Return a text without what PostgreSQL refuses: NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()[:_ENDLESS]
