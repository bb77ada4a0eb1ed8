"""What a list can be asked and what it shows, read from its declaration, so that it cannot say otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import CommaSeparated, Listing, Schema

Field = fields.Field[Any]
# The first that fits: UUIDs are strings, and dates are times, to marshmallow.
_TYPES: tuple[tuple[type[Field], str, str], ...] = (
    (fields.UUID, "uuid", "018f3a2e-7b1c-7d4e-9a5f-0123456789ab"),
    (fields.Boolean, "boolean", "true"),
    (fields.Integer, "integer", "1"),
    (fields.Float, "number", "1.5"),
    (fields.Date, "date", "2024-05-31"),
    (fields.DateTime, "dateTime", "2024-05-31T12:00:00Z"),
    (fields.String, "text", "text"),
)
_ENUMERATION = "enumeration"


def described(listing: Listing, row: type[Schema]) -> dict[str, Any]:
    """Return filters, sort orders and columns of a list whose rows go out by a schema.

    Raises LookupError for a filter or column whose kind is not known here.
    """
    asked, shown = listing.filters().fields, _shown(row)
    return {
        "filters": [_filter(str(item.data_key), item) for item in asked.values()],
        "sort": [{"name": name, "ascending": name, "descending": f"-{name}"} for name in listing.sort],
        "defaultSort": listing.default_sort,
        "columns": [_column(listing, name, asked, *shown[name]) for name in listing.columns],
    }


def _filter(name: str, item: Field) -> dict[str, Any]:
    several = isinstance(item, CommaSeparated)
    inner = item.inner if isinstance(item, CommaSeparated) else item
    words = _words(inner)
    kind, usual = (_ENUMERATION, words[0]) if words else _type(inner)
    example = str(getattr(inner, "sample", usual))
    if several and len(words) > 1:
        example = ",".join(words[:2])
    # Some words say it all, as `all` does: they stand alone.
    values = [*words, *getattr(item, "alone", ())] if words else None
    return {"name": name, "type": kind, "values": values, "several": several, "example": example}


def _column(
    listing: Listing, name: str, asked: Mapping[str, Field], path: str, item: Field
) -> dict[str, Any]:
    inner = item.inner if isinstance(item, fields.List) else item
    words = _words_of_column(listing, name, asked)
    return {
        "name": path,
        "type": _ENUMERATION if words else _type(inner)[0],
        "values": list(words) or None,
        "several": isinstance(item, fields.List),
        "canBeNull": item.allow_none,
        "sortable": name in listing.sort,
    }


def _type(item: Field) -> tuple[str, str]:
    """Return the name of a field's type and a value of it. Raises LookupError."""
    for kind, name, example in _TYPES:
        if isinstance(item, kind):
            return name, example
    raise LookupError(f"no word for a {type(item).__name__}")


def _words(item: Field) -> Sequence[str]:
    limits = (rule.choices for rule in item.validators if isinstance(rule, validate.OneOf))
    return [str(word) for word in next(limits, getattr(item, "choices", ()))]


def _words_of_column(listing: Listing, name: str, asked: Mapping[str, Field]) -> Sequence[str]:
    """Return the words of the filter that has the column's name, or compares what it is made of."""
    for where in listing.where:
        item = asked.get(where.name)
        inner = item.inner if isinstance(item, CommaSeparated) else item
        words = _words(inner) if inner else ()
        compared = where.sql.partition(" = ")[0]
        if words and (where.name == name or compared in listing.columns[name]):
            return words
    return ()


def _shown(row: type[Schema]) -> dict[str, tuple[str, Field]]:
    """Return the last part of the path of each member of a row → its path, and its field."""
    return {path.rpartition(".")[2]: (path, item) for path, item in _members(row(), "")}


def _members(schema: Any, above: str) -> Iterator[tuple[str, Field]]:
    for item in schema.fields.values():
        if isinstance(item, fields.Nested):
            yield from _members(item.schema, f"{above}{item.data_key}.")
        else:
            yield f"{above}{item.data_key}", item
