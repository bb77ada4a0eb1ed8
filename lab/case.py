"""What a case is: one vulnerability at one path, and the same page done right."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Where = Literal[
    "query", "form", "multipart", "json", "path", "header", "cookie", "fragment", "graphql", "xml"
]
Needs = Literal["none", "login", "two identities", "callback"]


@dataclass(frozen=True)
class Parameter:
    """What carries the attack."""

    name: str
    where: Where


@dataclass(frozen=True, kw_only=True)
class Route:
    """A page that a case needs beside its own; the twin is the same where none is given."""

    method: str
    path: str
    vulnerable: Handler
    safe: Handler | None = None
    sample: Mapping[str, Any] | None = None
    """Values that /openapi.json shows; None: it does not describe the route."""
    needs: Needs = "none"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One vulnerability. Both twins answer at the same path: nothing but behavior tells them apart."""

    name: str
    kind: str
    """Class of the ground truth: the vocabulary of the shared targets (sqli, xss-stored, bola, ...)."""
    cwe: int
    owasp: str
    """Category of OWASP Top 10:2021 or API Security Top 10:2023, as A03:2021 or API1:2023."""
    title: str
    method: str
    path: str
    description: str
    vulnerable: Handler
    safe: Handler
    parameter: Parameter | None = None
    sample: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Ordinary values of all parameters, those in the path included: links, forms and OpenAPI show them."""
    needs: Needs = "none"
    login: str = "/api/login"
    """Where its bearer tokens come from: a POST of {"username", "password"} that answers {"token"}."""
    api: bool = False
    """Described by /openapi.json; the others are linked from / (from /account when they need a login)."""
    listed: bool = True
    """False: nothing mentions the path, a scanner has to guess it."""
    more: tuple[Route, ...] = ()
