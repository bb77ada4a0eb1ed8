"""What the converter of fields leaves out or says wrongly; each function adds to a field's description."""

import re
from typing import Any

from marshmallow import fields, validate

from threatweaver.http.schema import CommaSeparated

_LETTER = re.compile(r"(?<!\\)[A-Za-z]")  # not after a backslash; our patterns have no letters in classes


def _comma_separated(_: Any, field: Any, **__: Any) -> dict[str, Any]:
    if not isinstance(field, CommaSeparated):
        return {}
    described = {"type": "string", "description": "One value, or several separated by commas."}
    limits = (item.choices for item in field.inner.validators if isinstance(item, validate.OneOf))
    words = [str(word) for word in next(limits, getattr(field.inner, "choices", ()))]
    if not words:
        return described | {"minLength": 1}
    one = f"({'|'.join(words)})"
    described["description"] += f" For instance {','.join(words[:2])}."  # an `example` would be filled in
    return described | {"pattern": f"^{one}(,{one})*$"}


def _portable_pattern(_: Any, __: Any, ret: dict[str, Any] | None = None, **___: Any) -> dict[str, Any]:
    """Say a pattern in the regular expressions of ECMA 262, which JSON Schema uses, not in Python's."""
    pattern = (ret or {}).get("pattern")
    if pattern is None:
        return {}
    pattern = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    if pattern.startswith("(?i)"):
        pattern = _LETTER.sub(
            lambda found: f"[{found[0].upper()}{found[0].lower()}]", pattern.removeprefix("(?i)")
        )
    return {"pattern": pattern}


def _nullable_member(_: Any, field: Any, ret: dict[str, Any] | None = None, **__: Any) -> dict[str, Any]:
    """Say that a member is null or its schema; the library would also let any other object through."""
    if ret is None or "anyOf" not in ret or not isinstance(field, fields.Nested):
        return {}
    return {"nullable": True, "allOf": [one for one in ret.pop("anyOf") if "$ref" in one]}


def _size_of_dict(_: Any, field: Any, ret: dict[str, Any] | None = None, **__: Any) -> dict[str, Any]:
    """Count the members of an object; the library would say how long a text it is."""
    if ret is None or not isinstance(field, fields.Dict):
        return {}
    sizes = {"minLength": "minProperties", "maxLength": "maxProperties"}
    return {sizes[name]: ret.pop(name) for name in sizes if name in ret}


ATTRIBUTES = (_comma_separated, _portable_pattern, _nullable_member, _size_of_dict)
