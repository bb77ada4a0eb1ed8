"""From a marshmallow field to a value it accepts: its example, or the first of a list of usual ones."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from threatweaver.ids import uuid7

PASSWORD = "correct horse battery staple 7"  # noqa: S105 - that of every person a test makes
Refer = Callable[[str], Awaitable[str | None]]
"""From `asset_id`, or the path of a list, to the id of a row; None where no list of that name is."""

_TEXTS = (
    "#607d8b",
    "192.0.2.7",
    "192.0.2.0/24",
    "UTC",
    "en",
    "CVE-2024-12345",
    "1.0.0",
    "0 4 * * *",
    "a:b:c",
)
_TIMES = ("2999-01-01T00:00:00Z", "2999-01-01", "12:00:00")
_NUMBERS = (1, 10, 60, 100, 1000, 0)


class NoValue(Exception):
    """A field takes none of the usual values; give it `metadata={"example": …}`."""


async def body(schema: type[Schema], refer: Refer) -> dict[str, Any]:
    """Return a body with what is required, or one optional member. Raises NoValue."""
    members = list(schema().fields.items())
    asked = [item for item in members if not item[1].dump_only]
    chosen = [item for item in asked if item[1].required] or asked[:1]
    return {item.data_key or name: await value(item, name, refer) for name, item in chosen}


async def value(item: fields.Field[Any], name: str, refer: Refer) -> Any:
    """Return a JSON value that the field accepts. Raises NoValue."""
    if "example" in item.metadata:
        return item.metadata["example"]
    if isinstance(item, fields.Nested):
        inner = await body(type(item.schema), refer)
        return [inner] if item.many else inner
    if isinstance(item, fields.List):
        return [await value(item.inner, name, refer)]
    if isinstance(item, fields.UUID) or "refers" in item.metadata:
        return await refer(item.metadata.get("refers", name)) or str(uuid7())
    return plain(item, name)


def plain(item: fields.Field[Any], name: str) -> Any:
    """Return the first usual value that the field accepts. Raises NoValue."""
    if "example" in item.metadata:
        return item.metadata["example"]
    for candidate in _candidates(item, name):
        try:
            item.deserialize(candidate)
        except ValidationError:
            continue
        return candidate
    raise NoValue(f"{name}: {type(item).__name__}")


def _candidates(item: fields.Field[Any], name: str) -> Iterator[Any]:
    for rule in item.validators:
        if isinstance(rule, validate.OneOf):
            yield from rule.choices
    if isinstance(item, fields.Enum):
        yield from (choice.value if item.by_value else choice.name for choice in item.enum)
    if isinstance(item, fields.Boolean):
        yield True
    if isinstance(item, fields.Integer | fields.Float | fields.Decimal):
        yield from _NUMBERS
    if "password" in name:
        yield PASSWORD
    if not isinstance(item, fields.Dict):
        token = uuid7().hex
        yield from (
            (f"{token[-12:]}@example.com", f"https://example.com/{token[-12:]}") if _formal(item) else ()
        )
        yield from (_of_length(item, token), *_TEXTS, *_TIMES, *map(str, _NUMBERS), str(uuid7()))
    yield {}


def _formal(item: fields.Field[Any]) -> bool:
    kinds = (validate.Email, validate.URL)
    return isinstance(item, fields.Email | fields.URL) or any(isinstance(r, kinds) for r in item.validators)


def _of_length(item: fields.Field[Any], token: str) -> str:
    """Return text that nothing else has, as long as the field asks."""
    least, most = 1, 32
    for rule in item.validators:
        if isinstance(rule, validate.Length):
            least = rule.equal or rule.min or least
            most = min(most, rule.equal or rule.max or most)
    return (token * (least // len(token) + 1))[-max(least, most) :]
