"""Documents in memory and queries with operators, as MongoDB has them."""

import re
from collections.abc import Mapping
from typing import Any

USERS: tuple[dict[str, Any], ...] = (
    {"username": "alice", "password": "correct-horse-1", "plan": "basic"},
    {"username": "bob", "password": "battery-staple-2", "plan": "gold"},
)


def find(query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the users that match; raises ValueError for an operator that does not exist."""
    return [user for user in USERS if all(_matches(user.get(key), wanted) for key, wanted in query.items())]


def _matches(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict) or not any(key.startswith("$") for key in wanted):
        return bool(value == wanted)
    return all(_operator(name, value, operand) for name, operand in wanted.items())


def _operator(name: str, value: Any, operand: Any) -> bool:
    match name:
        case "$eq":
            return bool(value == operand)
        case "$ne":
            return bool(value != operand)
        case "$in" | "$nin":
            inside = isinstance(operand, list) and value in operand
            return inside is (name == "$in")
        case "$exists":
            return (value is not None) is bool(operand)
        case "$gt" | "$gte" | "$lt" | "$lte":
            return _ordered(name, value, operand)
        case "$regex":
            try:
                return bool(re.search(str(operand)[:50], str(value)))
            except re.error as error:
                raise ValueError(f"MongoServerError: Regular expression is invalid: {error}") from None
    raise ValueError(f"MongoServerError: unknown operator: {name}")


def _ordered(name: str, value: Any, operand: Any) -> bool:
    if type(value) is not type(operand) or not isinstance(value, str | int | float):
        return False
    after, before = value > operand, value < operand
    return bool({"$gt": after, "$gte": not before, "$lt": before, "$lte": not after}[name])
