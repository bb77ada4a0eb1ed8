"""A call that succeeds, declared beside the rare route whose schemas cannot say it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Reply(Protocol):
    """What came back: status, decoded body, headers."""

    @property
    def status(self) -> int:
        """Return the status."""

    @property
    def body(self) -> Any:
        """Return decoded JSON, or bytes."""

    @property
    def headers(self) -> Any:
        """Return the headers, a multi-dict."""


class Caller(Protocol):
    """The person who is about to call, for examples that need another call first."""

    async def call(self, method: str, path: str, body: Any = None) -> Reply:
        """Call `/tags` and the like as the same person; a body of bytes is an upload."""

    async def some(self, collection: str) -> str:
        """Return the id of a row of the list at `/assets` and the like, made first where that is possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Parts of a call that succeeds; what is left out is made from the route's declarations."""

    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    data: bytes | None = None


ExampleOf = Example | Callable[[Any], Awaitable[Example]]
"""An example, or an async function from a Caller to one."""
