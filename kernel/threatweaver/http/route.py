"""What a route is: a value that says everything about an endpoint, and the table that collects them."""

import inspect
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from marshmallow import Schema, fields

from threatweaver.http.errors import ApiError
from threatweaver.http.example import ExampleOf
from threatweaver.http.renditions import Rendition

if TYPE_CHECKING:
    from threatweaver.http.context import Context

Handler = Callable[["Context"], Awaitable[Any]]
Depends = Callable[[], Awaitable[Hashable]]
"""What an answer depends on besides the request; asked in its transaction."""
_Handler = TypeVar("_Handler", bound=Handler)

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
SAFE = frozenset({"GET"})


class Access(Enum):
    """Routes that ask for less than a permission; each must be chosen, none is a default."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    SESSION = "session"  # signed in as a person; an API token is refused


PUBLIC = Access.PUBLIC
SIGNED_IN = Access.SIGNED_IN
SESSION = Access.SESSION


class Scope(Enum):
    """Which transaction the handler runs in."""

    TENANT = "tenant"
    CONTROL = "control"
    NONE = "none"


class Shape(Enum):
    """How a success body is wrapped."""

    DATA = "data"  # {"data": {...}}
    ROWS = "rows"  # {"data": [...]}, a short list without pages
    PAGE = "page"  # {"data": [...], "meta": {...}}
    BARE = "bare"  # the object itself
    JOB = "job"  # 202 and a Location
    EMPTY = "empty"  # 204
    RAW = "raw"  # the handler's own bytes or file


JSON_SHAPES = frozenset({Shape.DATA, Shape.ROWS, Shape.PAGE, Shape.BARE})


@dataclass(frozen=True, slots=True)
class Output:
    """The documented success: schema and shape."""

    shape: Shape
    schema: type[Schema] | None = None
    content_type: str = "application/json"


def page(schema: type[Schema]) -> Output:
    """Rows in `data`, and `meta` with total, page, limit, totalPages and nextCursor; return a `Page`."""
    return Output(Shape.PAGE, schema)


def rows(schema: type[Schema]) -> Output:
    """A short list in `data`, always whole; return any sequence of models, records or dicts."""
    return Output(Shape.ROWS, schema)


def bare(schema: type[Schema]) -> Output:
    """The object itself, without an envelope; return a model, a record or a dict with wire names."""
    return Output(Shape.BARE, schema)


def raw(content_type: str) -> Output:
    """A body the handler makes itself, of this content type; return bytes or an aiohttp response."""
    return Output(Shape.RAW, None, content_type)


JOB = Output(Shape.JOB)
"""202 with the job's body and its Location: the handler calls `ctx.submit` and returns nothing."""

EMPTY = Output(Shape.EMPTY)
"""204 without a body: the handler returns nothing."""

_STATUS = {Shape.JOB: 202, Shape.EMPTY: 204}


Limit = Callable[[Mapping[str, Mapping[str, int | str]]], int]
"""From the plugins' settings to a number of bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The body is a file of at most `max_bytes` decompressed bytes, spooled to disk as `ctx.upload`.

    `content` is media type → OpenAPI schema.
    """

    max_bytes: Limit
    description: str
    content: Mapping[str, Mapping[str, Any]]  # media type → OpenAPI schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint, as `RouteTable.route` declares it. `path` starts below /api; `permission` has no default.

    `query`, `headers`, `body` and `form` are what is taken, and anything else is a 400. `errors` are
    documented beside those of every route. `scope` is the handler's transaction: read-only for a GET.
    `rendition` is a media type that its JSON is answered in, too. An answer is kept, and given again to
    whoever asks the same in the same tenant, for as long as what it `depends` on stays.
    """

    method: str
    path: str
    handler: Handler
    permission: str | Access
    returns: Output
    tag: str
    params: Mapping[str, fields.Field[Any]]
    query: type[Schema] | None = None
    headers: Mapping[str, fields.Field[Any]] = field(default_factory=dict)
    body: type[Schema] | None = None
    media: str = "application/json"  # the type of a body that is taken beside plain JSON's own
    form: type[Schema] | None = None  # a body as the forms of other sites' pages send it
    upload: Upload | None = None
    rendition: Rendition | None = None
    depends: Depends | None = None
    errors: tuple[type[ApiError], ...] = ()
    scope: Scope = Scope.TENANT
    scoped: bool = False  # the handler shows callers with a grant for some rows those rows only
    status: int = 200
    restricted: bool = False  # answers sessions too that must set MFA up or change their password first
    always: bool = False  # answers in every license state: every route of the kernel, set at mount
    example: ExampleOf | None = None  # a call that succeeds, where the schemas cannot say one
    module_id: str | None = None  # set at mount: the module that owns the route

    @property
    def name(self) -> str:
        """Return the operation's stable name, unique in the document."""
        words = [part for part in self.path.replace("-", "_").split("/") if part and part[0] != "{"]
        verb = self.handler.__name__.removeprefix("_")
        return "_".join([*words, verb]) if verb not in words[-1:] else "_".join([*words, self.method.lower()])

    @property
    def summary(self) -> str:
        """Return the first line of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").split("\n")[0]

    @property
    def description(self) -> str:
        """Return the rest of the handler's docstring."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[2].strip()

    @property
    def writes(self) -> bool:
        """Say whether the route may change something: every method but GET, and a GET that submits a job."""
        return self.method not in SAFE or self.returns.shape is Shape.JOB

    @property
    def replaces(self) -> bool:
        """Say whether it changes or removes what a GET of its path shows."""
        return self.method not in SAFE and self.method != "POST"

    @property
    def takes_tokens(self) -> bool:
        """Say whether an API token may call the route."""
        return self.permission not in (PUBLIC, SESSION)


class RouteError(Exception):
    """A route is declared wrongly; start-up stops."""


_UUID_NAMES = frozenset({"id", "uuid"})


class RouteTable:
    """The routes of one resource folder; `path` starts below /api, with one of the manifest's prefixes.

    What answers `depends` on, if that is said, holds for each of its JSON that is the same for everybody.
    """

    def __init__(self, *, path: str, tag: str, depends: Depends | None = None) -> None:
        self.path = path
        self.tag = tag
        self.depends = depends
        self.routes: list[Route] = []

    def route(
        self,
        method: str,
        path: str = "",
        *,
        permission: str | Access,
        returns: Output | type[Schema],
        params: Mapping[str, fields.Field[Any]] | None = None,
        **options: Any,
    ) -> Callable[[_Handler], _Handler]:
        """Declare the decorated handler as an endpoint; options are Route's fields. Raises RouteError."""

        def declare(handler: _Handler) -> _Handler:
            self.add(handler, method, path, permission=permission, returns=returns, params=params, **options)
            return handler

        return declare

    def add(
        self,
        handler: Handler,
        method: str,
        path: str = "",
        *,
        permission: str | Access,
        returns: Output | type[Schema],
        params: Mapping[str, fields.Field[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Declare a handler as an endpoint. Raises RouteError."""
        output = returns if isinstance(returns, Output) else Output(Shape.DATA, returns)
        full = self.path + path
        options.setdefault("status", _STATUS.get(output.shape, 200))
        if method == "GET" and output.shape in JSON_SHAPES and not options.get("scoped"):
            options.setdefault("depends", self.depends)
        options["query"] = _asked(options.get("query"), options.get("rendition"))
        route = Route(
            method=method,
            path=full,
            handler=handler,
            permission=permission,
            returns=output,
            tag=self.tag,
            params=_path_params(full, params or {}),
            **options,
        )
        _check(route)
        self.routes.append(route)


def _asked(query: type[Schema] | None, rendition: Rendition | None) -> type[Schema] | None:
    """Return the parameters of a route with those of its rendition."""
    more = rendition.query if rendition else None
    return type(query.__name__, (query, more), {}) if query and more else query or more


def _path_params(path: str, given: Mapping[str, fields.Field[Any]]) -> dict[str, fields.Field[Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    table: dict[str, fields.Field[Any]] = {}
    for name in names:
        if name in given:
            table[name] = given[name]
        elif name in _UUID_NAMES or name.endswith("Id"):
            table[name] = fields.UUID()
        else:
            raise RouteError(f"{path}: say what {{{name}}} is in `params`")
    if unused := set(given) - set(names):
        raise RouteError(f"{path}: no such path parameter: {', '.join(sorted(unused))}")
    return table


def _kept(route: Route) -> bool:
    """Say whether an answer of this route can be another one's."""
    shared = route.scope is Scope.TENANT and not route.scoped
    return shared and route.method == "GET" and route.returns.shape in JSON_SHAPES


def _check(route: Route) -> None:
    where = f"{route.method} {route.path}"
    if route.method not in METHODS:
        raise RouteError(f"{where}: unknown method")
    if not route.summary.endswith("."):
        raise RouteError(f"{where}: the handler's docstring must begin with a sentence")
    if route.scoped and isinstance(route.permission, Access):
        raise RouteError(f"{where}: only a permission can be granted for some rows")
    if (route.body or route.form) and not route.writes:
        raise RouteError(f"{where}: a GET has no body")
    if route.rendition and (route.method != "GET" or route.returns.shape not in JSON_SHAPES):
        raise RouteError(f"{where}: only JSON that is read has another rendition")
    if route.depends and not _kept(route):
        raise RouteError(f"{where}: only JSON that is read in a tenant, the same for everybody, is kept")
    if bool(route.body) + bool(route.form) + bool(route.upload) > 1:
        raise RouteError(f"{where}: a body is either described or streamed")
