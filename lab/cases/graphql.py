"""A GraphQL endpoint that tells its schema, answers at any depth and in batches; the twin does none of it."""

import json
import secrets
from typing import Any

from aiohttp import web
from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
)
from graphql.language import FieldNode, FragmentSpreadNode, Node, SelectionSetNode

from lab.case import Case, Handler, Parameter
from lab.pages import answer

_SCHEMA = build_schema("""
    type Query { person(id: ID): Person  people: [Person] }
    type Person { id: ID  name: String  city: String  friend: Person }
""")
_PEOPLE: dict[str, dict[str, Any]] = {
    "1": {"id": "1", "name": "Ada", "city": "Ulm"},
    "2": {"id": "2", "name": "Ben", "city": "Jena"},
}
_PEOPLE["1"]["friend"], _PEOPLE["2"]["friend"] = _PEOPLE["2"], _PEOPLE["1"]
_DEEPEST = 6
_TOKENS = 20_000  # of a document; the parser is recursive


class _Root:
    """What the schema's queries answer."""

    def person(self, _info: Any, id: str = "1") -> Any:  # noqa: A002 - the argument's name in the schema
        return _PEOPLE.get(id)

    def people(self, _info: Any) -> list[Any]:
        return list(_PEOPLE.values())


def _depth(node: Node) -> int:
    """Return how deep fields are nested; a fragment counts as too deep, for it may hide anything."""
    if isinstance(node, FragmentSpreadNode):
        return _DEEPEST + 1
    inner = getattr(node, "selection_set", None)
    below = max(map(_depth, inner.selections), default=0) if isinstance(inner, SelectionSetNode) else 0
    return below + isinstance(node, FieldNode)


def _checked(document: DocumentNode, *, strict: bool) -> list[GraphQLError]:
    rules = [*specified_rules, NoSchemaIntrospectionCustomRule] if strict else list(specified_rules)
    errors = validate(_SCHEMA, document, rules)
    if strict and max(map(_depth, document.definitions)) > _DEEPEST:
        errors.append(GraphQLError(f"Query is deeper than {_DEEPEST}."))
    return errors


def _execute(operation: Any, *, strict: bool) -> dict[str, Any]:
    if not isinstance(operation, dict) or not isinstance(operation.get("query"), str):
        return {"errors": [{"message": "Must provide query string."}]}
    variables = operation.get("variables")
    try:
        document = parse(operation["query"], max_tokens=_TOKENS)
        errors = _checked(document, strict=strict)
        if errors:
            return {"errors": [error.formatted for error in errors]}
        values = variables if isinstance(variables, dict) else {}
        result = execute_sync(_SCHEMA, document, root_value=_Root(), variable_values=values)
    except GraphQLError as error:
        return {"errors": [error.formatted]}
    except RecursionError:
        return {"errors": [{"message": "Query is too deep for this server."}]}
    return dict(result.formatted)


def _endpoint(*, strict: bool) -> Handler:
    async def endpoint(request: web.Request) -> web.Response:
        try:
            content = json.loads(await request.text())
        except (ValueError, RecursionError):
            return answer({"errors": [{"message": "POST body sent invalid JSON."}]}, 400)
        if isinstance(content, list):
            if strict:
                return answer({"errors": [{"message": "Batching is not supported."}]}, 400)
            return answer([_execute(operation, strict=strict) for operation in content])
        result = _execute(content, strict=strict)
        return answer({**result, "extensions": {"trace": secrets.token_hex(8)}})

    return endpoint


_TWINS = (_endpoint(strict=False), _endpoint(strict=True))
_SAMPLE = {"query": "query($id: ID) { person(id: $id) { name city } }", "variables": {"id": "1"}}


def _case(name: str, title: str, cwe: int, owasp: str) -> Case:
    """Return a case; the three share an endpoint."""
    return Case(
        name=name,
        kind=name,
        cwe=cwe,
        owasp=owasp,
        title=title,
        method="POST",
        path="/graphql",
        parameter=Parameter("query", "graphql"),
        sample=_SAMPLE,
        api=True,
        description=title,
        vulnerable=_TWINS[0],
        safe=_TWINS[1],
    )


CASES: tuple[Case, ...] = (
    _case("graphql-introspection", "The schema is told to everybody", 200, "API8:2023"),
    _case("graphql-depth", "Queries of any depth are answered", 770, "API4:2023"),
    _case("graphql-batching", "Any number of queries comes in one request", 770, "API4:2023"),
)
