"""OpenAPI 3.0 from the routes, through aiohttp-apispec; the only file that knows that library.

The library emits Swagger 2.0 and writes into the handlers it documents, so its emitter is replaced and
every operation's description is made here from the Route (docs/dependencies.md).
"""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp_apispec.aiohttp_apispec import AiohttpApiSpec, resolver
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import INCLUDE, Schema, fields

from threatweaver.http import errors, etags
from threatweaver.http import openapi_headers as headers
from threatweaver.http.errors import ApiError
from threatweaver.http.openapi_fields import ATTRIBUTES
from threatweaver.http.route import PUBLIC, SESSION, Access, Route, Shape
from threatweaver.idempotency import errors as repeating

TITLE = "ThreatWeaver API"
_ALWAYS: tuple[type[ApiError], ...] = (
    errors.TooManyRequests,
    errors.InternalError,
    errors.ServiceUnavailable,
)


class ErrorDetail(Schema):
    """One thing that is wrong with the input."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class Error(Schema):
    """The body of every error; a code may bring members of its own beside these, as RFC 9457 allows."""

    class Meta:
        unknown = INCLUDE

    error = fields.String(required=True)
    message = fields.String(required=True)
    code = fields.String(required=True)
    details = fields.List(fields.Nested(ErrorDetail))
    reason = fields.String(metadata={"description": "Which case of the code it is."})
    moduleId = fields.String(metadata={"description": "MODULE_DISABLED: the module."})  # noqa: N815
    permission = fields.String(metadata={"description": "FORBIDDEN: what the caller lacks."})
    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    requestId = fields.String(required=True)  # noqa: N815 - a wire name


class PageMeta(Schema):
    """Where a page stands in its list."""

    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    totalPages = fields.Integer(required=True)  # noqa: N815 - a wire name
    nextCursor = fields.String(required=True, allow_none=True)  # noqa: N815 - a wire name
    totalIsAtLeast = fields.Boolean(  # noqa: N815 - a wire name
        metadata={
            "description": "There, and true, where more rows match than were counted: `total` are some."
        }
    )


class _Emitter(AiohttpApiSpec):  # type: ignore[misc]
    """The library's converter with an OpenAPI 3.0 document behind it."""

    def __init__(self, version: str) -> None:
        super().__init__(title=TITLE, version=version, schema_name_resolver=resolver)
        self.plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
        self.spec = APISpec(
            TITLE,
            version,
            "3.0.3",
            plugins=(self.plugin,),
            info={"description": "Self-hosted vulnerability management: find, rank, fix."},
            servers=[{"url": "/"}],
        )
        assert self.plugin.converter is not None  # noqa: S101 - set by APISpec just above
        self.converter: Any = self.plugin.converter
        for function in ATTRIBUTES:
            self.converter.add_attribute_function(function)  # type: ignore[no-untyped-call]

    def register(self, app: web.Application, in_place: bool = False) -> None:  # noqa: FBT001, FBT002
        """Do nothing: routes are given one by one."""


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    module = kind.__module__.removeprefix("threatweaver_").removesuffix(".schemas").split(".")
    plugin = "" if module[0] == "threatweaver" else module[0].title()
    return plugin + kind.__name__.removesuffix("Out")


def document(routes: Sequence[Route], *, version: str) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    emitter = _Emitter(version)
    for name, scheme in _SECURITY.items():
        emitter.spec.components.security_scheme(name, scheme)
    emitter.spec.components.schema("Error", schema=Error)
    emitter.spec.components.schema("PageMeta", schema=PageMeta)
    for tag in sorted({route.tag for route in routes}):
        emitter.spec.tag({"name": tag})
    readable = {route.path for route in routes if etags.tagged(route)}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operations = paths.setdefault(f"/api{route.path}", {})
        operations[route.method.lower()] = _operation(emitter, route, readable=route.path in readable)
    for path, operations in sorted(paths.items()):
        emitter.spec.path(path=path, operations=operations)
    result: dict[str, Any] = emitter.spec.to_dict()
    return result


_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "token"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def _operation(emitter: _Emitter, route: Route, *, readable: bool) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(emitter, route, readable=readable),
        "responses": _responses(emitter, route),
        "security": _security(route),
    }
    if route.description:
        operation["description"] = route.description
    if not isinstance(route.permission, Access):
        operation["x-permission"] = str(route.permission)
    if route.module_id:
        operation["x-module"] = route.module_id
    if route.body is not None:
        schema = emitter.converter.resolve_nested_schema(route.body)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if route.form is not None:
        schema = emitter.converter.resolve_nested_schema(route.form)
        content = {"application/x-www-form-urlencoded": {"schema": schema}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.upload is not None:
        content = {media: {"schema": schema} for media, schema in route.upload.content.items()}
        operation["requestBody"] = {
            "required": True,
            "description": route.upload.description,
            "content": content,
        }
    return operation


def _security(route: Route) -> list[dict[str, list[str]]]:
    ways = () if route.permission is PUBLIC else ("bearer", "cookie")
    return [{name: []} for name in (*ways, *(("apiKey",) if route.takes_tokens else ()))]


def _parameters(emitter: _Emitter, route: Route, *, readable: bool) -> list[dict[str, Any]]:
    def of(name: str, field: Any, location: str) -> dict[str, Any]:
        return {
            "name": name,
            "in": location,
            "required": location == "path",
            "schema": emitter.converter.field2property(field),
        }

    parameters = [of(name, field, "path") for name, field in route.params.items()]
    if route.query is not None:
        parameters += emitter.converter.schema2parameters(route.query(), location="query")
    parameters += [of(name, field, "header") for name, field in route.headers.items()]
    if route.returns.shape is Shape.JOB:
        parameters.append(of("Prefer", fields.String(metadata={"example": "wait=10"}), "header"))
    return parameters + headers.parameters(route, readable=readable)


def _responses(emitter: _Emitter, route: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {str(route.status): _success(emitter, route), **headers.responses(route)}
    kinds: dict[int, list[type[ApiError]]] = {}
    for kind in dict.fromkeys((*route.errors, *implied(route))):
        kinds.setdefault(kind.status, []).append(kind)
    for status, group in sorted(kinds.items()):
        responses[str(status)] = {
            "description": " · ".join(f"{kind.code}: {kind.default_message()}" for kind in group),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    return responses


def implied(route: Route) -> tuple[type[ApiError], ...]:
    """Return the errors a route can answer with because of what it declares."""
    guarded = route.permission is not PUBLIC
    body = bool(route.body or route.form or route.upload)
    table: tuple[tuple[bool, tuple[type[ApiError], ...]], ...] = (
        (True, (errors.ValidationFailed, *_ALWAYS)),
        (guarded, (errors.NoToken, errors.TokenInvalid, errors.TokenExpired)),
        (guarded and route.writes, (errors.ForeignOrigin,)),
        (route.takes_tokens, (errors.TokenAddressRefused,)),
        (route.permission is SESSION, (errors.SessionRequired,)),
        (not isinstance(route.permission, Access), (errors.Forbidden,)),
        (route.module_id is not None, (errors.ModuleDisabled,)),
        (not route.always, (errors.LicenseLocked,)),
        (not route.always and route.writes, (errors.LicenseReadOnly,)),
        (bool(route.params), (errors.NotFound,)),
        (body, (errors.PayloadTooLarge, errors.UnsupportedMediaType, errors.MalformedBody)),
        (route.upload is not None, (errors.StorageFull,)),
        (headers.repeatable(route), repeating.ALL),
        (route.replaces, (errors.PreconditionFailed,)),
    )
    return tuple(kind for holds, kinds in table if holds for kind in kinds)


def _success(emitter: _Emitter, route: Route) -> dict[str, Any]:
    shape = route.returns.shape
    if shape is Shape.EMPTY:
        return {"description": "Done; no body."}
    if shape is Shape.RAW:
        kind = "object" if "json" in route.returns.content_type else "string"
        return {
            "description": route.summary,
            "content": {route.returns.content_type: {"schema": {"type": kind}}},
        }
    if shape is Shape.JOB:
        reference = {"$ref": "#/components/schemas/Job"}
        return {
            "description": "Accepted: the work goes on in a job.",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "The job's status."}},
            "content": {"application/json": {"schema": reference}},
        }
    inner = emitter.converter.resolve_nested_schema(route.returns.schema)
    content = {"application/json": {"schema": _enveloped(shape, inner)}}
    if route.rendition is not None:
        content[route.rendition.content_type] = {"schema": {"type": "string"}}
    return {"description": route.summary, "content": content}


def _enveloped(shape: Shape, inner: Any) -> dict[str, Any]:
    if shape is Shape.BARE:
        return dict(inner)
    if shape is Shape.DATA:
        return {"type": "object", "required": ["data"], "properties": {"data": inner}}
    if shape is Shape.ROWS:
        rows = {"type": "array", "items": inner}
        return {"type": "object", "required": ["data"], "properties": {"data": rows}}
    return {
        "type": "object",
        "required": ["data", "meta"],
        "properties": {
            "data": {"type": "array", "items": inner},
            "meta": {"$ref": "#/components/schemas/PageMeta"},
        },
    }
