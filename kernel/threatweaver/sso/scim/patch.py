"""What a PATCH of RFC 7644 asks for, in the dialects of Okta and Entra ID."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from threatweaver.sso.scim.errors import ScimInvalidValue

_MEMBER = re.compile(r'members\[value eq "([^"]+)"\]', re.IGNORECASE)
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
_USER = {
    "active": "active",
    "username": "user_name",
    "displayname": "display_name",
    "name.formatted": "display_name",
    "externalid": "external_id",
}


def user_changes(operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `active`, `user_name`, `display_name`, `external_id` as far as they are to change.

    Attributes that we do not keep are passed over. Raises ScimInvalidValue.
    """
    changes: dict[str, Any] = {}
    for operation in operations:
        removes = operation["op"].lower() == "remove"
        for path, value in _pairs(operation):
            name = _USER.get(path.lower())
            if name is not None:
                changes[name] = None if removes else value
    if "active" in changes:
        changes["active"] = truth(changes["active"])
    if any(not isinstance(changes[name], str | None) for name in changes.keys() - {"active"}):
        raise ScimInvalidValue("A name or an id is text.")
    return changes


def truth(value: Any) -> bool:
    """Return a boolean, which Entra ID sends as text. Raises ScimInvalidValue."""
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ScimInvalidValue("`active` is true or false.")
    return text in _TRUE


def _pairs(operation: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return path and value; without a path the value names several."""
    path, value = operation.get("path"), operation.get("value")
    if path:
        return [(path, value)]
    if not isinstance(value, dict):
        raise ScimInvalidValue("Without a path the value is an object.")
    return list(value.items())


@dataclass(slots=True, kw_only=True)
class GroupChanges:
    """The changes of a group, in the order they apply: members as (verb, ids); ids None means all."""

    display_name: str | None = None
    external_id: str | None = None
    members: list[tuple[str, list[UUID] | None]] = field(default_factory=list)


def group_changes(operations: Sequence[Mapping[str, Any]]) -> GroupChanges:
    """Read the operations on a group. Raises ScimInvalidValue."""
    changes = GroupChanges()
    for operation in operations:
        verb = operation["op"].lower()
        for path, value in _pairs(operation):
            _apply(changes, verb, path, value)
    return changes


def _apply(changes: GroupChanges, verb: str, path: str, value: Any) -> None:
    one = _MEMBER.fullmatch(path)
    if one is not None:
        changes.members.append((verb, _ids([{"value": one[1]}])))
    elif path.lower() == "members":
        everybody = verb == "remove" and not value
        changes.members.append((verb, None if everybody else _ids(value)))
    elif path.lower() == "displayname":
        if not isinstance(value, str) or not 0 < len(value) <= 255:
            raise ScimInvalidValue("A group has a name of 1 to 255 characters.")
        changes.display_name = value
    elif path.lower() == "externalid" and isinstance(value, str):
        changes.external_id = value[:255]


def _ids(value: Any) -> list[UUID]:
    items = value if isinstance(value, list) else [value]
    try:
        return [UUID(str(item["value"])) for item in items]
    except (TypeError, KeyError, ValueError):
        raise ScimInvalidValue('Members are like {"value": "<id>"}.') from None
