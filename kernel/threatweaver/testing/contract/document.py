"""Whether answers fit the OpenAPI document, to the letter: a member that it does not name is a fault."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from threatweaver import __version__
from threatweaver.http import openapi
from threatweaver.testing.contract.answers import Answer, Api

# Named, so that it does not depend on which other libraries are installed what is checked.
_FORMATS = FormatChecker(["date", "date-time", "email", "ipv4", "ipv6", "uuid"])
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
    def _components(self) -> Any:
        return _exact(self.document["components"])

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
            schema = {**_exact(content["schema"]), "components": self._components}
            self._validators[key] = Draft202012Validator(schema, format_checker=_FORMATS)
        for fault in self._validators[key].iter_errors(answer.body):
            raise Undocumented(f"{answer}: {fault.json_path}: {fault.message[:300]}")
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
    if isinstance(exact.get("properties"), dict) and "type" in exact and "properties" in schema:
        exact.setdefault("additionalProperties", False)
    if exact.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, exact]}
    return exact
