"""GraphQL: asks a schema what it has, and makes one lead of each field of Query and Mutation."""

import json
import re
from collections.abc import Mapping
from typing import Any

from threatweaver_appsec.engine.discover.forms import Field, fill_in
from threatweaver_appsec.engine.discover.leads import Lead
from threatweaver_appsec.engine.discover.plain import mapping, objects, text
from threatweaver_appsec.engine.messages import Request

PATHS = ("/graphql", "/api/graphql", "/graphql/", "/v1/graphql", "/query", "/gql")
MOST_FIELDS = 500
MOST_DEPTH = 3  # of what is selected
MOST_SELECTED = 20  # fields of one object
_JSON = (("Content-Type", "application/json"), ("Accept", "application/json"))
_NAME = re.compile(r"[_A-Za-z]\w{0,100}")
_TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"
QUERY = (
    "query IntrospectionQuery { __schema { queryType { name } mutationType { name } types { kind name "
    "fields(includeDeprecated: true) { name "
    f"args {{ name defaultValue type {{ {_TYPE} }} }} type {{ {_TYPE} }} }} "
    f"inputFields {{ name defaultValue type {{ {_TYPE} }} }} enumValues {{ name }} }} }} }}"
)
_SCALARS: Mapping[str, Any] = {"Int": 1, "Float": 1.5, "Boolean": True, "ID": "1"}


def introspection(url: str) -> Request:
    """Return the request that asks for the schema."""
    return Request("POST", url, _JSON, json.dumps({"query": QUERY}).encode())


def is_schema(document: Any) -> bool:
    """Return whether it is the answer to an introspection."""
    return bool(mapping(_schema(document)).get("types"))


def answers(document: Any) -> bool:
    """Return whether something speaks GraphQL, be it that introspection is switched off."""
    said = mapping(document)
    if mapping(said.get("data")).get("__schema") or mapping(said.get("data")).get("__typename"):
        return True
    words = " ".join(text(one.get("message")) for one in objects(said.get("errors"), 5)).lower()
    return any(
        word in words for word in ("introspection", "graphql", "must provide query", "cannot query field")
    )


def leads(document: Any, url: str) -> list[Lead]:
    """Return one lead for each query and mutation of the schema that is at a URL."""
    schema = mapping(_schema(document))
    types = {text(one.get("name")): one for one in objects(schema.get("types"), 5_000)}
    found: list[Lead] = []
    for kind in ("query", "mutation"):
        root = types.get(text(mapping(schema.get(f"{kind}Type")).get("name")), {})
        for field in objects(root.get("fields"), MOST_FIELDS):
            name = text(field.get("name"))
            if _NAME.fullmatch(name):
                body = json.dumps(_operation(kind, name, field, types)).encode()
                request = Request("POST", url, _JSON, body)
                found.append(Lead(request, "graphql", url, 1, kind == "mutation"))
    return found


def _schema(document: Any) -> Any:
    said = mapping(document)
    return mapping(said.get("data", said)).get("__schema")


def _operation(kind: str, name: str, field: Mapping[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    declared, passed, variables = [], [], {}
    for argument in objects(field.get("args"), 30):
        own = text(argument.get("name"))
        written = _written(argument.get("type"))
        if _NAME.fullmatch(own) and written:
            declared.append(f"${own}: {written}")
            passed.append(f"{own}: ${own}")
            variables[own] = _value(argument, types, 0)
    head = f"({', '.join(declared)})" if declared else ""
    call = f"{name}({', '.join(passed)})" if passed else name
    query = f"{kind} {name[:1].upper()}{name[1:]}{head} {{ {call}{_selected(field.get('type'), types, 0)} }}"
    return {"query": query, "variables": variables}


def _written(kind: Any) -> str:
    """A type as it is declared: [ID!]!."""
    before, after = "", ""
    for _ in range(8):
        kind = mapping(kind)
        if kind.get("kind") == "NON_NULL":
            after = f"!{after}"
        elif kind.get("kind") == "LIST":
            before, after = f"{before}[", f"]{after}"
        else:
            name = text(kind.get("name"))
            return f"{before}{name}{after}" if _NAME.fullmatch(name) else ""
        kind = kind.get("ofType")
    return ""


def _named(kind: Any) -> tuple[str, bool]:
    """Name of the innermost type, and whether it is a list of it."""
    many = False
    for _ in range(8):
        kind = mapping(kind)
        many = many or kind.get("kind") == "LIST"
        if kind.get("kind") not in {"NON_NULL", "LIST"}:
            break
        kind = kind.get("ofType")
    return text(mapping(kind).get("name")), many


def _value(argument: Mapping[str, Any], types: Mapping[str, Any], depth: int) -> Any:
    name, many = _named(argument.get("type"))
    kind = mapping(types.get(name))
    if kind.get("kind") == "ENUM":
        value: Any = next((text(one.get("name")) for one in objects(kind.get("enumValues"), 1)), "")
    elif kind.get("kind") == "INPUT_OBJECT":
        fields = [one for one in objects(kind.get("inputFields"), MOST_SELECTED) if _fits(one, depth)]
        value = {text(one.get("name")): _value(one, types, depth + 1) for one in fields}
    else:
        value = _SCALARS.get(name, fill_in(Field(text(argument.get("name")))))
    return [value] if many else value


def _fits(field: Mapping[str, Any], depth: int) -> bool:
    return depth < MOST_DEPTH and bool(_NAME.fullmatch(text(field.get("name"))))


def _selected(kind: Any, types: Mapping[str, Any], depth: int) -> str:
    """What is asked of an object: its plain fields, and those of objects in it that need no arguments."""
    name, _ = _named(kind)
    outer = mapping(types.get(name))
    if outer.get("kind") not in {"OBJECT", "INTERFACE", "UNION"}:
        return ""
    parts = []
    for field in objects(outer.get("fields"), MOST_SELECTED * 3):
        own = text(field.get("name"))
        if not _NAME.fullmatch(own) or any(_required(one) for one in objects(field.get("args"), 30)):
            continue
        inner = mapping(types.get(_named(field.get("type"))[0])).get("kind")
        if inner not in {"OBJECT", "INTERFACE", "UNION"}:
            parts.append(own)
        elif depth + 1 < MOST_DEPTH:
            parts.append(own + _selected(field.get("type"), types, depth + 1))
        if len(parts) >= (MOST_SELECTED if depth == 0 else 6):
            break
    return f" {{ {' '.join(parts) or '__typename'} }}"


def _required(argument: Mapping[str, Any]) -> bool:
    return mapping(argument.get("type")).get("kind") == "NON_NULL" and argument.get("defaultValue") is None
