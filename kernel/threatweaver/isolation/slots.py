"""Every place of a call that takes an id: in its path, its query, its body."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from marshmallow import Schema, fields

from threatweaver.http.route import Route
from threatweaver.http.schema import CommaSeparated
from threatweaver.testing.contract.answers import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place; `name` is the parameter, or the members that lead to a place in the body."""

    route: Route
    where: Literal["path", "query", "body"]
    name: str
    many: bool = False

    def fill(self, call: Call, identifier: str) -> Call:
        """Return the call with another id in this place."""
        if self.where == "path":
            return replace(call, path=self._path(call.path, identifier))
        if self.where == "query":
            sign = "&" if "?" in call.path else "?"
            return replace(call, path=f"{call.path}{sign}{urlencode({self.name: identifier})}")
        return replace(call, json=self._body(call.json, identifier))

    def _path(self, path: str, identifier: str) -> str:
        plain, question, query = path.partition("?")
        own = self.route.path.split("/")
        parts = [
            identifier if mine == f"{{{self.name}}}" else part
            for mine, part in zip(own, plain.split("/"), strict=True)
        ]
        return "/".join(parts) + question + query

    def _body(self, body: Any, identifier: str) -> Any:
        *outer, last = self.name.split(".")
        filled = inner = copy.deepcopy(body or {})
        for name in outer:
            inner = inner.setdefault(name, {})
            inner = inner[0] if isinstance(inner, list) else inner
        inner[last] = [identifier] if self.many else identifier
        return filled


def of(route: Route) -> Iterator[Slot]:
    """Yield the places of a route."""
    for name, kind in route.params.items():
        if isinstance(kind, fields.UUID):
            yield Slot(route=route, where="path", name=name)
    for name, kind in (route.query().fields if route.query else {}).items():
        single = kind.inner if isinstance(kind, CommaSeparated) else kind
        if _takes_id(single):
            yield Slot(route=route, where="query", name=kind.data_key or name)
    if route.body is not None:
        for path, many in _members(route.body()):
            yield Slot(route=route, where="body", name=path, many=many)


def _takes_id(kind: fields.Field[Any]) -> bool:
    return isinstance(kind, fields.UUID) or "refers" in kind.metadata


def _members(schema: Schema) -> Iterator[tuple[str, bool]]:
    for attribute, kind in schema.fields.items():
        name = kind.data_key or attribute
        many = isinstance(kind, fields.List)
        single: fields.Field[Any] = kind.inner if isinstance(kind, fields.List) else kind
        if isinstance(single, fields.Nested) and not many:
            yield from ((f"{name}.{path}", inner) for path, inner in _members(single.schema))
        elif _takes_id(single):
            yield name, many
