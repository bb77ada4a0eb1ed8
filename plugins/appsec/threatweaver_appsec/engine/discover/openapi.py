"""OpenAPI 2.0 (Swagger), 3.0 and 3.1: one lead for each operation, with values that fit its schemas."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from threatweaver_appsec.engine.discover.example import Examples
from threatweaver_appsec.engine.discover.leads import Lead, harms
from threatweaver_appsec.engine.discover.plain import line, mapping, objects, sequence, text
from threatweaver_appsec.engine.discover.urls import canonical, origin
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import FORM

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
READS = frozenset({"get", "head", "options"})
MOST_OPERATIONS = 2_000
_UNSENT = frozenset({"content-type", "accept", "authorization", "host", "content-length", "cookie"})


def is_openapi(document: Any) -> bool:
    """Return whether it says that it is one."""
    said = mapping(document)
    return bool(("openapi" in said or "swagger" in said) and mapping(said.get("paths")))


@dataclass(frozen=True)
class Scheme:
    """A way to sign in that a document names."""

    name: str
    kind: str
    """http, apiKey, oauth2, openIdConnect, basic."""
    where: str = ""
    """Of an apiKey: header, query or cookie; of http: bearer or basic."""
    parameter: str = ""
    token_url: str = ""


def schemes(document: Mapping[str, Any]) -> list[Scheme]:
    """Return the security schemes of a document."""
    examples = Examples(document)
    named = mapping(document.get("securityDefinitions")) or mapping(
        mapping(document.get("components")).get("securitySchemes")
    )
    found = []
    for name, raw in list(named.items())[:50]:
        scheme = examples.resolve(raw)
        flows = [mapping(flow) for flow in mapping(scheme.get("flows")).values()]
        token = next((text(flow.get("tokenUrl")) for flow in flows if flow.get("tokenUrl")), "")
        where = text(scheme.get("in")) or text(scheme.get("scheme"))
        found.append(
            Scheme(
                str(name),
                text(scheme.get("type")),
                where.lower(),
                text(scheme.get("name")),
                token or text(scheme.get("tokenUrl")),
            )
        )
    return found


def leads(document: Any, url: str, base: str = "") -> list[Lead]:
    """Return what a document says that can be asked, in its order.

    `url` is where the document was found, `base` the target where it was supplied. Of the servers that it
    names only the path is believed: it may name the production system.
    """
    if not is_openapi(document):
        return []
    reader = _Reader(mapping(document), url, base)
    found: list[Lead] = []
    for lead in reader.read():
        found.append(lead)
        if len(found) >= MOST_OPERATIONS:
            break
    return found


class _Reader:
    def __init__(self, document: Mapping[str, Any], url: str, base: str) -> None:
        self.document = document
        self.url = url
        self.examples = Examples(document)
        self.server = self._server(base)
        self.locked = self._locked(document.get("security"))

    def _server(self, base: str) -> str:
        prefix = text(self.document.get("basePath"))
        host, kinds = (
            text(self.document.get("host")),
            [text(kind) for kind in sequence(self.document.get("schemes"))],
        )
        said = f"{(kinds or ['http'])[0]}://{host}{prefix}" if host else prefix
        for server in objects(self.document.get("servers"), 1):
            said = text(server.get("url"))
            for name, variable in list(mapping(server.get("variables")).items())[:20]:
                said = said.replace(f"{{{name}}}", text(mapping(variable).get("default")) or "1")
        server_url = canonical(said or "/", self.url) or canonical("/", self.url) or self.url
        return (origin(base or self.url) + urlsplit(server_url).path).rstrip("/")

    def read(self) -> Iterator[Lead]:
        for path, raw in mapping(self.document.get("paths")).items():
            item = self.examples.resolve(raw)
            shared = [self.examples.resolve(one) for one in sequence(item.get("parameters"), 100)]
            for method in METHODS:
                operation = item.get(method)
                if isinstance(operation, dict) and str(path).startswith("/"):
                    lead = self._lead(str(path), method, operation, shared)
                    if lead:
                        yield lead

    def _lead(
        self, path: str, method: str, operation: Mapping[str, Any], shared: list[Mapping[str, Any]]
    ) -> Lead | None:
        own = [self.examples.resolve(one) for one in sequence(operation.get("parameters"), 100)]
        parameters = {(text(one.get("in")), text(one.get("name"))): one for one in (*shared, *own)}
        placed = self._placed(path, parameters)
        if placed is None:
            return None
        target, headers = placed
        kind, body = "", b""
        if method not in {"get", "head"}:
            kind, body = self._body(operation, list(parameters.values()))
        headers += [("Content-Type", kind)] if kind else []
        return self._described(Request(method.upper(), target, tuple(headers), body), path, operation)

    def _placed(
        self, path: str, parameters: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> tuple[str, list[tuple[str, str]]] | None:
        """Return the URL and the headers, with a value for each parameter."""
        query, headers, cookies = [], [], []
        for (where, name), parameter in parameters.items():
            value = self._value(parameter, name) if where in {"path", "query", "header", "cookie"} else None
            if where == "path":
                path = path.replace(f"{{{name}}}", quote(_first(value) or "1", safe=""))
            elif where == "query":
                query += _pairs(name, value)
            elif where == "header" and name.lower() not in _UNSENT and re.fullmatch(r"[\w-]{1,80}", name):
                headers.append((name, line(_first(value))))
            elif where == "cookie" and re.fullmatch(r"[\w.-]{1,80}", name):
                cookies.append(f"{name}={quote(_first(value))}")
        path = re.sub(r"\{[^{}]{1,100}\}", "1", path)
        target = canonical(self.server + path + (f"?{urlencode(query)}" if query else ""))
        headers += [("Cookie", "; ".join(cookies))] if cookies else []
        return (target, headers) if target else None

    def _described(self, request: Request, path: str, operation: Mapping[str, Any]) -> Lead:
        about = f"{text(operation.get('operationId'))} {text(operation.get('summary'), 200)} {path}"
        writes = request.method.lower() not in READS or harms(about) is not None
        needs = self._locked(operation["security"]) if "security" in operation else self.locked
        template = urlsplit(self.server).path + path
        return Lead(request, "openapi", self.url, 1, writes, template, needs)

    def _locked(self, security: Any) -> bool | None:
        """Whether signing in is needed; an empty requirement among them makes it optional."""
        if not isinstance(security, list):
            return None
        return bool(security) and all(bool(mapping(one)) for one in security)

    def _value(self, parameter: Mapping[str, Any], name: str) -> Any:
        if parameter.get("example") is not None:
            return parameter["example"]
        for one in list(mapping(parameter.get("examples")).values())[:1]:
            value = self.examples.resolve(one).get("value")
            if value is not None:
                return value
        content = next(iter(mapping(parameter.get("content")).values()), None)
        schema = parameter.get("schema") or mapping(content).get("schema") or parameter
        return self.examples.of(
            {key: value for key, value in self.examples.resolve(schema).items() if key != "in"}, name
        )

    def _body(self, operation: Mapping[str, Any], parameters: list[Mapping[str, Any]]) -> tuple[str, bytes]:
        content = mapping(self.examples.resolve(operation.get("requestBody")).get("content"))
        for kind in sorted(content, key=_preference)[:1]:
            media = mapping(content[kind])
            given = media.get("example")
            for one in list(mapping(media.get("examples")).values())[:1]:
                given = self.examples.resolve(one).get("value") if given is None else given
            value = self.examples.of(media.get("schema")) if given is None else given
            return _encoded(str(kind), value)
        for parameter in parameters:  # of 2.0
            if parameter.get("in") == "body":
                return _encoded("application/json", self.examples.of(parameter.get("schema")))
        fields = {
            text(one.get("name")): self._value(one, text(one.get("name")))
            for one in parameters
            if one.get("in") == "formData"
        }
        return _encoded(FORM, fields) if fields else ("", b"")


def _preference(kind: Any) -> int:
    """JSON first: each of its values can be put by itself; then forms."""
    kind = str(kind).lower()
    return 0 if "json" in kind else 1 if kind == FORM else 2 if "multipart" in kind else 3


def _encoded(kind: str, value: Any) -> tuple[str, bytes]:
    bare = kind.partition(";")[0].strip().lower()
    if bare in {FORM, "multipart/form-data"}:
        pairs = [pair for name, item in mapping(value).items() for pair in _pairs(str(name), item)]
        return FORM, urlencode(pairs).encode()
    if "json" in bare or bare in {"", "*/*"}:
        body = json.dumps(value, default=str).encode()
        return (bare if re.fullmatch(r"[\w.+/-]{1,80}", bare) else "application/json"), body
    written = value if isinstance(value, str) else json.dumps(value, default=str)
    return (bare if re.fullmatch(r"[\w.+/-]{1,80}", bare) else "text/plain"), written.encode(
        "utf-8", "replace"
    )


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    values = value if isinstance(value, list) else [value]
    return [(name, _first(item)) for item in values[:5]]


def _first(value: Any) -> str:
    while isinstance(value, list):
        value = value[0] if value else ""
    return json.dumps(value, default=str) if isinstance(value, dict) else text(value)
