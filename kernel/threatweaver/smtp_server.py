"""The mail server that an SMTP URL names, checked when settings are read."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where and how to hand mail over; `encryption` is the URL's scheme."""

    host: str
    port: int
    encryption: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Read `smtps://user:password@host:port`. Raises ValueError with what it must be, never the URL."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("smtp://HOST, smtp+starttls://USER:PASSWORD@HOST or smtps://USER:PASSWORD@HOST")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("a URL that ends with the host or its port")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError:
            raise ValueError("a URL with a port between 1 and 65535") from None
        if parts.username and parts.scheme == "smtp" and parts.hostname not in LOOPBACK:
            raise ValueError("smtps:// or smtp+starttls://: a password must not travel in the clear")
        return cls(
            host=parts.hostname,
            port=port,
            encryption=parts.scheme,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or "") if parts.username else None,
        )
