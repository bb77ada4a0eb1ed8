"""A list, declared: source, columns, filters, sort orders; compiled to one SELECT with bound values.

`Resource` builds its lists from it, and queries.py of a plugin declares one where a list joins. The same
declaration gives the page, the count and whatever else must agree with them.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import orjson
from marshmallow import fields, validate

from threatweaver import running
from threatweaver.db.transaction import connection, current
from threatweaver.http.errors import ValidationFailed
from threatweaver.http.output import Page
from threatweaver.http.route import Depends
from threatweaver.http.schema import CommaSeparated, Schema
from threatweaver.resource import cursor as cursors

MAX_LIMIT = 500
MAX_PAGE = 1_000_000
MOST_COUNTED = 50_000
_ANY = "ANY({})"
_RESERVED = frozenset({"page", "limit", "cursor", "sort", "expand", "within"})


@dataclass(frozen=True, slots=True)
class Where:
    """A filter: the parameter's name, how its value is validated, and the condition; {} is the value.

    Without a field it is no parameter: the handler must give the value, or the list is refused.
    """

    name: str
    field: fields.Field[Any] | None
    sql: str


def given(name: str, sql: str) -> Where:
    """Return a condition on a value that the handler gives, never the caller; a tenant, for instance."""
    return Where(name, None, sql)


def eq(name: str, kind: fields.Field[Any], *, column: str | None = None) -> Where:
    """Equality of a column (the name, if none is given) with one value."""
    return Where(name, kind, f"{column or name} = {{}}")


def any_of(name: str, kind: fields.Field[Any], *, column: str | None = None, upper: bool = False) -> Where:
    """A column (the name, if none is given) is one of several values, separated by commas."""
    return Where(name, CommaSeparated(kind, upper=upper), f"{column or name} = ANY({{}})")


def search(*columns: str) -> Where:
    """Text contained in one of the columns, whatever its case; % and _ have no meaning."""
    conditions = " OR ".join(f"{column} ILIKE {{}}" for column in columns)
    return Where("search", SearchText(), f"({conditions})")


def either_way(where: Where) -> tuple[Where, Where]:
    """Return a filter and its opposite, `not_` and its name: all that the filter does not choose."""
    return where, Where(f"not_{where.name}", deepcopy(where.field), f"({where.sql}) IS NOT TRUE")


class SearchText(fields.String):
    """Text to look for, turned into an ILIKE pattern."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.Length(1, 200), **options)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Make the pattern once the text itself is validated."""
        text = super().deserialize(value, attr, data, **kwargs)
        if not isinstance(text, str):
            return text
        return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


Total = Callable[[Mapping[str, Any]], Awaitable[int | None]]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list, as SQL: `columns` (wire name → expression) of `source` (FROM without the word).

    `sort` (wire name → NOT NULL column, or several) is what callers may sort by; `id` breaks ties, so that
    no row is seen twice or missed. Values are always bound. Raises ValueError where filters clash or the
    default is no sort.
    """

    source: str
    columns: Mapping[str, str]
    where: tuple[Where, ...] = ()
    sort: Mapping[str, str | tuple[str, ...]]
    default_sort: str
    id: str = "id"
    always: str = "true"
    within: str | None = None  # condition for callers limited to some asset groups and tags; {} is their ids
    total: Total | None = None  # an exact count without counting, where a rollup knows it; None = count
    narrow: Callable[[Mapping[str, Any]], str] = field(default=lambda _: "true")
    halves: Callable[[Mapping[str, Any]], tuple[str, ...]] = field(default=lambda _: ())
    """Conditions that split what is asked for, each with indexes of its own: a page is merged of theirs."""
    ahead: Callable[[Mapping[str, Any]], str | None] = field(default=lambda _: None)
    """Another `source` for a page, with all rows it may have and few others, where one is found faster.

    {order}, {behind} (the cursor's place) and {limit} are put in. None keeps `source`; so does page=2 and on.
    """
    depends: Depends | None = None
    """What a page's total depends on besides the filters: it is kept until that changes (http/answers.py)."""
    expand: Mapping[str, str] = field(default_factory=dict)
    """Name → SQL of a JSON object, as text or null, that rows have when the parameter `expand` names it."""
    objects: frozenset[str] = frozenset()
    """Columns that are JSON: they go out as they are."""
    spare: Mapping[str, str] = field(default_factory=dict)
    """Alias → JOIN in `source` of a table with one row for each; counts leave out what no filter asks."""

    def __post_init__(self) -> None:
        names = [item.name for item in self.where]
        if clash := _RESERVED & set(names) or len(names) != len(set(names)):
            raise ValueError(f"filter names clash: {clash}")
        if self.default_sort.lstrip("-") not in self.sort:
            raise ValueError(f"default sort {self.default_sort} is not in sort")

    @cached_property
    def filters(self) -> type[Schema]:
        """The schema of the list's filters alone, for what counts instead of paging."""
        return type("ListFilters", (Schema,), {item.name: item.field for item in self.where if item.field})

    @cached_property
    def query(self) -> type[Schema]:
        """The schema of the list's query parameters: filters, paging and order."""
        orders = [sign + name for name in self.sort for sign in ("", "-")]
        paging: dict[str, Any] = {
            "page": fields.Integer(load_default=1, validate=validate.Range(1, MAX_PAGE)),
            "limit": fields.Integer(load_default=50, validate=validate.Range(1, MAX_LIMIT)),
            "cursor": fields.String(validate=validate.Length(1, 2000)),
            "sort": fields.String(load_default=self.default_sort, validate=validate.OneOf(orders)),
        }
        if self.expand:
            paging["expand"] = CommaSeparated(fields.String(validate=validate.OneOf([*self.expand])))
        return type("ListQuery", (self.filters,), paging)

    def conditions(self, query: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return the WHERE text and its values for these filters."""
        texts, values = [self.always, self.narrow(query)], []
        for item in self.where:
            value, sql = query.get(item.name) if item.field else query[item.name], item.sql
            if value is None or "{}" not in sql:
                continue
            if sql.endswith(_ANY) and len(value) == 1:  # equality lets an index give the order, too
                value, sql = value[0], sql.removesuffix(_ANY) + "{}"
            values.append(value)
            texts.append(sql.replace("{}", f"${len(values)}"))
        if "within" in query:
            if self.within is None:
                raise ValueError(f"the list of {self.source} cannot be limited to some rows")
            values.append(query["within"])
            texts.append(self.within.replace("{}", f"${len(values)}"))
        return " AND ".join(text for text in texts if text != "true") or "true", values

    def order(self, sort: str) -> tuple[list[str], Literal["ASC", "DESC"]]:
        """Return the columns that a list in this order is sorted by, all of them in one direction."""
        columns = self.sort[sort.lstrip("-")]
        named = [columns] if isinstance(columns, str) else list(columns)
        return [*named, self.id], "DESC" if sort.startswith("-") else "ASC"

    async def count(self, query: Mapping[str, Any]) -> int:
        """Return how many rows match, from the rollup where it knows."""
        if self.total is not None and (known := await self.total(query)) is not None:
            return known
        where, values = self.conditions(query)
        return int(await connection().fetchval(f"SELECT count(*) {self._counted(where)}", *values))

    async def total_of(self, query: Mapping[str, Any]) -> tuple[int, bool]:
        """Return how many rows match, and whether these are all: at most 50,000 are counted one by one."""
        if self.depends is None:
            return await self._total_of(query)
        kept = running.kernel().answers
        asked = (current().schema, self.source, repr(self.conditions(query)))
        state = await self.depends()
        if (text := kept.get(asked, state)) is not None:
            total, whole = orjson.loads(text)
        else:
            total, whole = await self._total_of(query)
            kept.keep(asked, state, orjson.dumps([total, whole]))
        return total, whole

    async def _total_of(self, query: Mapping[str, Any]) -> tuple[int, bool]:
        if self.total is not None and (known := await self.total(query)) is not None:
            return known, True
        where, values = self.conditions(query)
        found = f"SELECT 1 {self._counted(where)} LIMIT {MOST_COUNTED + 1}"
        count = int(await connection().fetchval(f"SELECT count(*) FROM ({found}) found", *values))
        return min(count, MOST_COUNTED), count <= MOST_COUNTED

    def _counted(self, where: str) -> str:
        source = self.source
        for alias, join in self.spare.items():
            if not re.search(rf"\b{alias}\.", where):
                source = source.replace(join, "")
        return f"FROM {source} WHERE {where}"

    async def one(self, row_id: Any, **fixed: Any) -> dict[str, Any] | None:
        """Return the row with this id as the list shows it; None when the list has no such row."""
        where, values = self.conditions(fixed)
        columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in self.columns.items())
        row = await connection().fetchrow(
            f"SELECT {columns} FROM {self.source} WHERE {where} AND {self.id} = ${len(values) + 1}",
            *values,
            row_id,
        )
        return self._wire(self.columns, [row])[0] if row else None

    async def page(self, query: Mapping[str, Any], key: bytes) -> Page:
        """Return one page, by number or behind a cursor."""
        rows = await self._rows(query, key)
        limit, order = query["limit"], query["sort"]
        columns, following = self._shown(query), None
        if len(rows) > limit:
            *place, row_id = rows[limit - 1][len(columns) :]
            following = cursors.seal(key, order=order, values=place, row_id=row_id)
        total, whole = await self.total_of(query)
        return Page(
            rows=self._wire(columns, rows[:limit]),
            total=total,
            whole=whole,
            page=query["page"],
            limit=limit,
            next_cursor=following,
        )

    def _shown(self, query: Mapping[str, Any]) -> Mapping[str, str]:
        return {**self.columns, **{name: self.expand[name] for name in query.get("expand", ())}}

    def _wire(self, columns: Mapping[str, str], rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return rows by wire name; what they have behind these columns is left out."""
        found = [dict(zip(columns, row, strict=False)) for row in rows]
        for name in (name for name in columns if name in self.expand or name in self.objects):
            for row in found:
                row[name] = None if row[name] is None else orjson.Fragment(row[name])
        return found

    async def _rows(self, query: Mapping[str, Any], key: bytes) -> Sequence[Any]:
        where, values = self.conditions(query)
        order: str = query["sort"]
        behind = "true"
        by, direction = self.order(order)
        compare = "<" if direction == "DESC" else ">"
        offset = (query["page"] - 1) * query["limit"]
        if query.get("cursor"):
            if offset:
                raise ValidationFailed(
                    "Invalid query parameters",
                    [{"field": "page", "message": "Give page or cursor, not both."}],
                )
            place = cursors.open_(key, query["cursor"], order=order, count=len(by))
            values += place
            bound = ", ".join(f"${len(values) - len(place) + number}" for number in range(1, len(place) + 1))
            behind = f"({', '.join(by)}) {compare} ({bound})"
            where += f" AND {behind}"
        ordered = ", ".join(f"{column} {direction}" for column in by)
        places = ", ".join(f"_{number} {direction}" for number in range(len(by)))
        columns = ", ".join(
            [
                *(f'{sql} AS "{wire}"' for wire, sql in self._shown(query).items()),
                *(f"{column} AS _{number}" for number, column in enumerate(by)),
            ]
        )
        limit = query["limit"] + 1
        source = self.source
        if not offset and (ahead := self.ahead(query)):
            for name, text in (("order", ordered), ("behind", behind), ("limit", str(limit))):
                ahead = ahead.replace(f"{{{name}}}", text)
            source = ahead
        found = f"SELECT {columns} FROM {source} WHERE {where}"
        statement = f"{found} ORDER BY {ordered} LIMIT {limit} OFFSET {offset}"
        if halves := self.halves(query):
            each = (f"({found} AND {half} ORDER BY {ordered} LIMIT {offset + limit})" for half in halves)
            statement = " UNION ALL ".join(each) + f" ORDER BY {places} LIMIT {limit} OFFSET {offset}"
        rows: Sequence[Any] = await connection().fetch(statement, *values)
        return rows
