"""What goes over the wire: requests that are values, responses that are bounded."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

Headers = tuple[tuple[str, str], ...]


class Fault(StrEnum):
    """Why there is no response."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    MALFORMED = "malformed"
    OUT_OF_SCOPE = "out_of_scope"  # nothing was sent
    OVER_BUDGET = "over_budget"  # nothing was sent
    STOPPED = "stopped"  # nothing was sent


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, whatever its case."""
    name = name.lower()
    return next((value for key, value in headers if key.lower() == name), None)


@dataclass(frozen=True)
class Request:
    """One request: an absolute http(s) URL without fragment, headers in their order, a whole body."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    @cached_property
    def parts(self) -> SplitResult:
        """The URL in its parts."""
        return urlsplit(self.url)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.parts.scheme}://{self.parts.netloc}"

    @property
    def media_type(self) -> str:
        """Of the body, lower case, without parameters; empty when none is said."""
        return (header(self.headers, "Content-Type") or "").partition(";")[0].strip().lower()

    def with_header(self, name: str, value: str | None) -> "Request":
        """Return the request with this header once, or without it."""
        kept = tuple((key, text) for key, text in self.headers if key.lower() != name.lower())
        return replace(self, headers=kept if value is None else (*kept, (name, value)))


@dataclass(frozen=True)
class Response:
    """One response: the body's first bytes only where it is long."""

    status: int
    headers: Headers
    body: bytes
    seconds: float
    """From the request's last byte to the response's first."""
    truncated: bool = False
    length: int = 0
    """Bytes of the body that were received, those that were not kept included."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, whatever its case."""
        return header(self.headers, name)

    @property
    def media_type(self) -> str:
        """Lower case, without parameters; empty when none is said."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @cached_property
    def text(self) -> str:
        """The body decoded as it says, else as UTF-8; bytes that do not fit are replaced."""
        said = (
            (self.header("Content-Type") or "")
            .lower()
            .partition("charset=")[2]
            .partition(";")[0]
            .strip(" \"'")
        )
        try:
            return self.body.decode(said or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")


@dataclass(frozen=True)
class Exchange:
    """A request and what came of it."""

    request: Request
    """As it was sent: with what the identity's session added."""
    response: Response | None
    fault: Fault | None = None
    identity: str = ""
    """Whose session it was sent with; empty is nobody's."""
    number: int = 0
    """Position in the scan's log."""

    @property
    def status(self) -> int:
        """The response's status, 0 without one."""
        return self.response.status if self.response else 0

    @property
    def text(self) -> str:
        """The response's text, empty without one."""
        return self.response.text if self.response else ""

    @property
    def seconds(self) -> float:
        """How long the answer took; infinite without one."""
        return self.response.seconds if self.response else float("inf")
