"""Configuration: one frozen Settings, read once from the environment."""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from threatweaver import addresses
from threatweaver.smtp_server import SmtpServer

PREFIX = "TW_"


class ConfigError(Exception):
    """The environment or a flag says something the product cannot work with."""


def _default_home() -> Path:
    if os.geteuid() == 0:  # the embedded PostgreSQL runs as another user, who cannot enter /root
        return Path("/var/lib/threatweaver")
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "threatweaver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every core setting; `env` in a field's metadata names its variable, `TW_<NAME>` otherwise."""

    home: Path = field(default_factory=_default_home)
    host: str = "127.0.0.1"
    port: int = 4005
    processes: int = field(default_factory=lambda: os.cpu_count() or 1)
    database_url: str | None = field(default=None, metadata={"env": "DATABASE_URL"}, repr=False)
    pool_size: int = 8
    statement_timeout: float = 30.0  # seconds; a request never holds a connection longer
    secret_key: str | None = field(default=None, repr=False)  # base64, 32 bytes; else <home>/secret.key
    deployment_mode: str = field(default="dedicated", metadata={"env": "DEPLOYMENT_MODE"})  # or saas
    tenant: str = "default"
    admin_email: str = "admin@threatweaver.local"
    admin_password: str | None = field(default=None, repr=False)
    jwt_expires_in: float = field(default=900.0, metadata={"env": "JWT_EXPIRES_IN"})
    jwt_refresh_expires_in: float = field(default=604800.0, metadata={"env": "JWT_REFRESH_EXPIRES_IN"})
    sign_in_tenant: str = "recent"  # of several: the one used last, or "ask" (POST /auth/select-tenant)
    license_keys: Path | None = None  # PEM file with the vendor's public keys
    license_revocations_url: str | None = None  # where the vendor's signed list is asked for once a day
    license_revocations_token: str | None = field(default=None, repr=False)  # Bearer token for it
    trial: str = "on"  # a first start issues itself a trial license; "off" leaves it unlicensed
    body_max_bytes: int = 1 << 20
    quarantine_max_bytes: int = 50 << 20  # of larger refused records only the beginning is kept
    # CIDRs, separated by commas: proxies whose word about the client's address and scheme is taken
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = field(default=(), metadata={"kind": "networks"})
    # origins like https://tw.example.com, separated by commas, whose pages may call with cookies
    cors_origins: tuple[str, ...] = field(default=(), metadata={"kind": "origins"})
    tls_cert: Path | None = None  # PEM file with the certificate chain; else plain HTTP
    tls_key: Path | None = None
    # hosts, addresses and networks that outgoing requests may reach though they are not public
    outbound_allow: str = ""
    outbound_ports: str = "80,443,8080,8443"  # of public addresses; what outbound_allow lists may use any
    rate_limit: int = 100  # requests a minute and client address; 0 switches limits off
    public: str | None = field(default=None, metadata={"env": "TW_PUBLIC_URL"})  # see public_url
    smtp_url: str | None = field(default=None, repr=False)  # smtp://, smtp+starttls://, smtps://user:pw@host
    mail_from: str = "ThreatWeaver <threatweaver@localhost>"
    log_level: str = "info"
    log_format: str = "json"
    plugin_values: Mapping[str, str] = field(default_factory=dict)  # TW_<PLUGIN>_<NAME>, checked at load

    @property
    def saas(self) -> bool:
        """Say whether the tenants are customers of those who operate this installation."""
        return self.deployment_mode == "saas"

    @property
    def archives(self) -> Path:
        """Where archives of old data are kept, a folder for each tenant."""
        return self.home / "archives"

    @property
    def exports(self) -> Path:
        """Where exports of whole tenants wait for their operator, a folder for each tenant."""
        return self.home / "exports"

    @property
    def quarantine(self) -> Path:
        """Where the data of refused records is kept, a folder for each tenant."""
        return self.home / "quarantine"

    @property
    def spool(self) -> Path:
        """Where uploads wait for their job."""
        return self.home / "spool"

    @property
    def public_url(self) -> str:
        """Where people reach this installation, without a slash at the end: the base of links we send."""
        return (self.public or f"http://{self.host}:{self.port}").rstrip("/")


_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


def _duration(text: str) -> float:
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("a number of seconds, or one with ms, s, m, h or d")
    return float(match[1]) * _UNITS[match[2]]


def _integer(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text.strip()):
        raise ValueError("a whole number")
    return int(text)


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("networks like 10.0.0.0/8, separated by commas") from None


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(part.strip().lower() for part in text.split(","))
    if not all(
        re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?", item)
        for item in origins
    ):
        raise ValueError("origins like https://tw.example.com, separated by commas; never *")
    return origins


_PARSERS: dict[str, Callable[[str], object]] = {
    "int": _integer,
    "float": _duration,
    "str": str,
    "Path": _path,
    "networks": _networks,
    "origins": _origins,
}


def _variables() -> dict[str, tuple[str, str]]:
    """Variable name → (field name, kind of its type)."""
    table = {}
    for item in fields(Settings):
        if item.name != "plugin_values":
            kind = str(getattr(item.type, "__name__", item.type)).split(" ")[0].rsplit(".", 1)[-1]
            variable = item.metadata.get("env", PREFIX + item.name.upper())
            table[variable] = (item.name, item.metadata.get("kind", kind))
    return table


def load(environment: Mapping[str, str], **flags: object) -> Settings:
    """Build Settings from the environment; flags (None = not given) win. Raises ConfigError."""
    table = _variables()
    values: dict[str, object] = {}
    plugin_values: dict[str, str] = {}
    for name, text in environment.items():
        if name in table and text != "":
            key, kind = table[name]
            try:
                values[key] = _PARSERS[kind](text)
            except ValueError as error:
                raise ConfigError(f"{name} must be {error}") from None
        elif name not in table and name.startswith(PREFIX):
            plugin_values[name] = text
    values |= {key: value for key, value in flags.items() if value is not None}
    settings = Settings(**values, plugin_values=plugin_values)  # type: ignore[arg-type]
    _check(settings)
    return settings


_CHOICES = {
    "TW_LOG_FORMAT": ("log_format", ("json", "console")),
    "TW_LOG_LEVEL": ("log_level", ("debug", "info", "warning", "error")),
    "TW_TRIAL": ("trial", ("on", "off")),
    "TW_SIGN_IN_TENANT": ("sign_in_tenant", ("recent", "ask")),
    "DEPLOYMENT_MODE": ("deployment_mode", ("dedicated", "saas")),
}
_LEAST = {
    "TW_PROCESSES": ("processes", 1),
    "TW_POOL_SIZE": ("pool_size", 2),
    "TW_BODY_MAX_BYTES": ("body_max_bytes", 1 << 10),
    "TW_QUARANTINE_MAX_BYTES": ("quarantine_max_bytes", 64 << 10),  # what is kept of larger ones
}


def _check(settings: Settings) -> None:
    if not 0 <= settings.port <= 65535:
        raise ConfigError("TW_PORT must be between 0 and 65535")
    for variable, (name, known) in _CHOICES.items():
        if getattr(settings, name) not in known:
            raise ConfigError(f"{variable} must be {', '.join(known[:-1])} or {known[-1]}")
    for variable, (name, least) in _LEAST.items():
        if getattr(settings, name) < least:
            raise ConfigError(f"{variable} must be at least {least}")
    _check_outbound(settings)
    if min(settings.jwt_expires_in, settings.jwt_refresh_expires_in, settings.statement_timeout) < 1:
        raise ConfigError(
            "JWT_EXPIRES_IN, JWT_REFRESH_EXPIRES_IN and TW_STATEMENT_TIMEOUT must be at least a second"
        )
    _check_addresses(settings)


def _check_addresses(settings: Settings) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ConfigError("TW_TLS_CERT and TW_TLS_KEY go together")
    if settings.license_revocations_url is not None:
        asked = urlsplit(settings.license_revocations_url)
        if asked.scheme not in {"http", "https"} or not asked.hostname or asked.username:
            raise ConfigError(
                "TW_LICENSE_REVOCATIONS_URL must be like https://licenses.example.com/revocations.jwt"
            )
    public = urlsplit(settings.public_url)
    if public.scheme not in {"http", "https"} or not public.hostname or public.query or public.fragment:
        raise ConfigError("TW_PUBLIC_URL must be like https://threatweaver.example.com")
    try:
        if settings.smtp_url is not None:
            SmtpServer.parse(settings.smtp_url)
    except ValueError as error:
        raise ConfigError(f"TW_SMTP_URL must be {error}") from None
    if not parseaddr(settings.mail_from)[1] or not settings.mail_from.isprintable():
        raise ConfigError("TW_MAIL_FROM must be an address, like ThreatWeaver <security@example.com>")


def _check_outbound(settings: Settings) -> None:
    try:
        addresses.parse(settings.outbound_allow, settings.outbound_ports)
    except ValueError as error:
        raise ConfigError(f"TW_OUTBOUND_ALLOW or TW_OUTBOUND_PORTS: {error}") from None


def refuse_unknown(settings: Settings, plugin_names: set[str]) -> None:
    """Raise ConfigError for a TW_ variable that neither the kernel nor an installed plugin owns."""
    owned = tuple(f"{PREFIX}{name.upper()}_" for name in plugin_names)
    known = [name for name in _variables() if name.startswith(PREFIX)]
    for name in sorted(settings.plugin_values):
        if not name.startswith(owned):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ConfigError(f"unknown setting {name}{hint}")
