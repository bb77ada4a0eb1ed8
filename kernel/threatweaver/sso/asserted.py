"""What an identity provider says of a person, whatever protocol it said it in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """A person as the provider vouches for them; `email` in lower case, "" when it names none.

    `subject` never changes for one person. `verified` says that the provider answers for the address.
    """

    subject: str
    email: str
    name: str
    groups: tuple[str, ...]
    verified: bool
    mfa: bool
    claims: Mapping[str, Any] = field(repr=False)


def texts(value: Any) -> tuple[str, ...]:
    """Return the strings of a claim that is one string or a list of them."""
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str) and item)
