"""From a handler's value to a response: rows go to orjson as they are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from aiohttp import web
from marshmallow import Schema
from tortoise.models import Model

from threatweaver.http.route import Output, Shape

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list; `rows` carry wire names already, or are models.

    `total` counts all rows, at least those that are said where it is not the `whole`; `page` is 1 or more,
    `next_cursor` None at the end.
    """

    rows: Sequence[Any]
    total: int
    page: int
    limit: int
    next_cursor: str | None = None
    whole: bool = True

    def meta(self) -> dict[str, Any]:
        """Return the documented `meta` object."""
        return {
            "total": self.total,
            "page": self.page,
            "limit": self.limit,
            "totalPages": math.ceil(self.total / self.limit),
            "nextCursor": self.next_cursor,
            **({} if self.whole else {"totalIsAtLeast": True}),
        }


def dumps(value: Any) -> bytes:
    """Return JSON bytes; times in RFC 3339 UTC."""
    return orjson.dumps(value, default=_plain_type, option=_OPTIONS)


def _plain_type(value: Any) -> Any:
    if isinstance(value, UUID):  # asyncpg's UUIDs are of a subclass, which orjson does not take
        return str(value)
    if isinstance(value, asyncpg.Record):
        return dict(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(type(value).__name__)


def render(output: Output, value: Any, status: int) -> web.StreamResponse:
    """Build the response for a handler's return value."""
    if isinstance(value, web.StreamResponse):
        return value
    if output.shape is Shape.EMPTY:
        return web.Response(status=status)
    if output.shape is Shape.RAW:
        return web.Response(body=value, status=status, content_type=output.content_type)
    return web.Response(body=dumps(_wrap(output, value)), status=status, content_type="application/json")


def _wrap(output: Output, value: Any) -> Any:
    if output.shape is Shape.PAGE:
        return {"data": [plain(row, output.schema) for row in value.rows], "meta": value.meta()}
    if output.shape is Shape.ROWS:
        return {"data": [plain(row, output.schema) for row in value]}
    if output.shape is Shape.DATA:
        return {"data": plain(value, output.schema)}
    return plain(value, output.schema)


def plain(value: Any, schema: type[Schema] | None) -> Any:
    """Return what orjson can write: records and dicts as they are, models and dataclasses by the schema."""
    if isinstance(value, dict) or schema is None:
        return value
    if isinstance(value, Model) or is_dataclass(value):
        return {wire: getattr(value, name) for name, wire in _names(schema)}
    return value


@cache
def _names(schema: type[Schema]) -> tuple[tuple[str, str], ...]:
    """(attribute, wire name) of every field of a schema."""
    return tuple((name, field.data_key or name) for name, field in schema().fields.items())


def error_response(body: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> web.Response:
    """Build an error response."""
    return web.Response(body=dumps(body), status=status, headers=headers, content_type="application/json")
