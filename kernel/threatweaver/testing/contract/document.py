"""Whether answers fit the OpenAPI document, to the letter: a member that it does not name is a fault."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from jsonschema_rs import Draft202012, Draft202012Validator, Registry

from threatweaver import __version__
from threatweaver.http import openapi
from threatweaver.testing.contract.answers import Answer, Api

_COMPONENTS = "urn:threatweaver:components"
"""Where the document's components are known to the validators, which are made one a schema."""
ERROR_MEMBERS = {"error", "message", "code", "type", "title", "status", "detail", "instance", "requestId"}


class Undocumented(AssertionError):
    """An answer is not what the document says."""


class DocumentedApi(Api):
    """An Api that compares every answer with the document."""

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document of the routes."""
        return openapi.document(self.routes, version=__version__)

    @cached_property
    def _registry(self) -> Registry:
        components = {"components": _exact(self.document["components"])}
        return Registry([(_COMPONENTS, components)], draft=Draft202012)

    def on(self, client: Any) -> "DocumentedApi":
        """Return the same for another client of the same routes; the document is made once."""
        other = DocumentedApi(client, self.routes)
        for name in ("document", "_registry", "_validators"):
            other.__dict__[name] = getattr(self, name)
        return other

    @cached_property
    def _validators(self) -> dict[tuple[str, str, int], Draft202012Validator]:
        return {}

    def check(self, answer: Answer) -> None:
        """Compare an answer with the document. Raises Undocumented."""
        route = answer.route
        known = self.document["paths"][f"/api{route.path}"][route.method.lower()]["responses"]
        if str(answer.status) not in known:
            raise Undocumented(f"{answer} is not in the document: {answer.body}")
        content = known[str(answer.status)].get("content", {}).get("application/json")
        drawn = route.rendition is not None and answer.headers.get("Content-Type", "").startswith(
            route.rendition.content_type
        )
        if content is None or drawn:
            return
        key = (route.method, route.path, answer.status)
        if key not in self._validators:
            schema = _exact(content["schema"])
            self._validators[key] = Draft202012Validator(
                schema, validate_formats=True, registry=self._registry
            )
        if isinstance(answer.body, bytes):
            raise Undocumented(f"{answer} is no JSON")
        for fault in self._validators[key].iter_errors(answer.body):
            raise Undocumented(f"{answer}: {fault.instance_path}: {fault.message[:300]}")
        if answer.status >= 400:
            _check_error(answer)


def _check_error(answer: Answer) -> None:
    missing = ERROR_MEMBERS - set(answer.body)
    if missing or answer.body["status"] != answer.status:
        raise Undocumented(f"{answer} lacks {missing or 'its status'}")
    if answer.body["requestId"] != answer.headers["X-Request-Id"]:
        raise Undocumented(f"{answer}: two request ids")


def _exact(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema that refuses members it does not name."""
    if isinstance(schema, list):
        return [_exact(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    exact = {name: _exact(item) for name, item in schema.items()}
    if isinstance(exact.get("$ref"), str):
        exact["$ref"] = _COMPONENTS + exact["$ref"]
    if isinstance(exact.get("properties"), dict) and "type" in exact and "properties" in schema:
        exact.setdefault("additionalProperties", False)
    if exact.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, exact]}
    return exact
