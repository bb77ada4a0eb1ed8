"""Sensible values for JSON schemas: what the document gives, else by format, bounds and name."""

from collections.abc import Mapping
from typing import Any

from threatweaver_appsec.engine.discover.forms import Field, fill_in
from threatweaver_appsec.engine.discover.plain import mapping, sequence

MOST_DEPTH = 5
MOST_PROPERTIES = 60
MOST_REFERENCES = 20  # one leading to the next
_FORMATS = {
    "date": "2024-05-17",
    "date-time": "2024-05-17T10:30:00Z",
    "time": "10:30:00Z",
    "email": "alex@example.com",
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "byte": "dGhyZWF0",
    "binary": "threatweaver",
    "password": "Aa1!threatweaver",
}


class Examples:
    """Makes examples out of the schemas of one document. It makes no more than `room` values in all."""

    def __init__(self, document: Mapping[str, Any], room: int = 50_000) -> None:
        self.document = document
        self.room = room

    def resolve(self, value: Any) -> Mapping[str, Any]:
        """Follow references within the document; one that leads nowhere or in circles is an empty object."""
        for _ in range(MOST_REFERENCES):
            node = mapping(value)
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            value = self._at(reference)
        return {}

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            return None  # another document is not fetched
        node: Any = self.document
        for part in reference[2:].split("/")[:MOST_REFERENCES]:
            key = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            if isinstance(node, list) and key.isascii() and key.isdigit():
                node = node[int(key)] if len(key) < 6 and int(key) < len(node) else None
            else:
                node = mapping(node).get(key)
        return node

    def of(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """Return a value that fits a schema."""
        self.room -= 1
        schema = self.resolve(schema)
        given = _given(schema)
        if given is not None:
            return given
        if depth > MOST_DEPTH or self.room < 0:
            return {} if schema.get("type") == "object" else None
        for key in ("allOf", "oneOf", "anyOf"):
            if sequence(schema.get(key)):
                return self._combined(key, schema, name, depth)
        return self._typed(schema, name, depth)

    def _combined(self, key: str, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        parts = [self.resolve(part) for part in sequence(schema.get(key), 20)]
        own = {word: value for word, value in schema.items() if word != key}
        if key != "allOf":
            parts = [next((part for part in parts if part.get("type") != "null"), {})]
        values = [self.of(part, name, depth + 1) for part in (*parts, own) if part]
        whole: dict[str, Any] = {}
        for value in values:
            whole |= value if isinstance(value, dict) else {}
        plain = [value for value in values if value not in (None, {}, "threatweaver")]
        return whole or (plain[0] if plain else None)

    def _typed(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):  # of 3.1: ["string", "null"]
            kind = next((item for item in kind if item != "null"), "null")
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema, depth)
        if kind == "array":
            return [self.of(schema.get("items"), name, depth + 1)]
        if kind in ("integer", "number"):  # a list: what stands there may not be hashable
            return _number(schema, whole=kind == "integer")
        if kind in ("boolean", "null"):
            return True if kind == "boolean" else None
        return _string(schema, name)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        found = {}
        for key, inner in list(mapping(schema.get("properties")).items())[:MOST_PROPERTIES]:
            resolved = self.resolve(inner)
            if resolved.get("readOnly") is not True:
                found[str(key)] = self.of(resolved, str(key), depth + 1)
        extra = schema.get("additionalProperties")
        if not found and isinstance(extra, dict):
            found["key"] = self.of(extra, "key", depth + 1)
        return found


def _given(schema: Mapping[str, Any]) -> Any:
    for key in ("example", "default", "const", "x-example"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("examples", "enum"):
        values = schema.get(key)
        if isinstance(values, list) and values:
            return next((value for value in values if value is not None), None)
    return None


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    low, high = schema.get("minimum"), schema.get("maximum")
    exclusive = schema.get("exclusiveMinimum")
    if isinstance(exclusive, int | float) and not isinstance(exclusive, bool):
        low = exclusive + 1
    elif exclusive is True and isinstance(low, int | float):
        low += 1
    value: int | float = 1
    if isinstance(low, int | float) and abs(low) < 1e15:
        value = max(value, low)
    if isinstance(high, int | float) and abs(high) < 1e15:
        value = min(value, high)
    return int(value) if whole else value


def _string(schema: Mapping[str, Any], name: str) -> str:
    kind = schema.get("format")
    value = _FORMATS.get(kind) if isinstance(kind, str) else None
    if value is None:
        value = fill_in(Field(name))
        least, most = schema.get("minLength"), schema.get("maxLength")
        if isinstance(least, int) and len(value) < least <= 1_000:
            value = value.ljust(least, "a")
        if isinstance(most, int) and most >= 0:
            value = value[:most]
    return value
