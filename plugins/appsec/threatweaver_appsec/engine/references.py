"""References to objects: which operation reads one by which of its points, and whose listings name it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from lxml import html

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.answers import document_of, objects
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.points import Point, Where, points_of, put

ID_VALUE = re.compile(
    r"\d{1,18}|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{16,64}|[a-z]{1,10}[-_]?\d+", re.IGNORECASE
)
ID_NAME = re.compile(r"(^|[_-])(id|uid|uuid|ref|number|no|key)$|[a-z]Id$|^(user|account|order|doc)(name)?$")
MOST_ITEMS = 30
MAINTENANCE = re.compile(
    r"/(create|init(ialize)?|reset|drop|seed|populate|wipe|purge|truncate|migrate|rebuild|restore|import|export"
    r"|backup|dump|shut-?down|restart|reboot)[-_/]?(the[-_])?"
    r"(db|data(base)?s?|tables?|schema|system|server|app(lication)?|users|all|everything|now)/?$",
    re.IGNORECASE,
)
ACTS = re.compile(r"(log|sign)[-_]?(out|off)\b|/(delete|remove|destroy)(/|$)", re.IGNORECASE)


def reads(op: Operation) -> bool:
    """Return whether an operation only reads: GET that neither its document nor its name says to do more."""
    path = op.request.parts.path
    return (
        op.request.method == "GET"
        and not op.writes
        and not MAINTENANCE.search(path)
        and not ACTS.search(path)
    )


@dataclass(frozen=True)
class Item:
    """An operation that reads one object, and the point that says which."""

    operation: Operation
    point: Point

    def of(self, value: Any) -> Request:
        """Return the request that reads another object."""
        return put(self.operation.request, self.point, value)

    @property
    def parent(self) -> str:
        """Path of the collection that the object is in, empty where the point is none of the path."""
        if self.point.where is not Where.PATH:
            return ""
        return "/".join(self.operation.request.parts.path.split("/")[: int(self.point.name)])

    def is_at(self, path: str) -> bool:
        """Return whether a path is the item's, whichever object it names."""
        if self.point.where is not Where.PATH:
            return path == self.operation.request.parts.path
        return _value_at(self, path, "") is not None

    @property
    def parameter(self) -> str:
        """What the target calls the point, empty where that is not known."""
        if self.point.where is not Where.PATH:
            return self.point.name
        return parameter_of(self.operation, int(self.point.name))


def parameter_of(op: Operation, index: int) -> str:
    """Return the name in braces of a path's segment, empty where the template has none there."""
    if not op.template:
        return ""
    segments, template = op.request.parts.path.split("/"), op.template.rstrip("/").split("/")
    at = index - (len(segments) - len(template))  # a template may leave out where the API begins
    segment = template[at] if 0 <= at < len(template) else ""
    return segment[1:-1] if segment.startswith("{") and segment.endswith("}") else ""


def items(operations: Sequence[Operation]) -> Iterator[Item]:
    """Yield the operations that read one object, each place once."""
    collections = {op.request.parts.path.rstrip("/") for op in operations if op.request.method == "GET"}
    seen: set[tuple[str, str]] = set()
    for op in operations:
        if not reads(op):
            continue
        for point in points_of(op.request):
            item = Item(op, point)
            if not _refers(item, collections):
                continue
            shape = re.sub(r"\?.*", "", item.of("{}").url)
            if (shape, point.name) not in seen and len(seen) < MOST_ITEMS:
                seen.add((shape, point.name))
                yield item


def _refers(item: Item, collections: set[str]) -> bool:
    value = str(item.point.value)
    if item.point.where is Where.QUERY:
        return bool(ID_NAME.search(item.point.name)) and bool(value)
    if item.point.where is not Where.PATH:
        return False
    last = int(item.point.name) == len(item.operation.request.parts.path.rstrip("/").split("/")) - 1
    if item.operation.template:
        return bool(item.parameter)
    if re.fullmatch(r"v\d+", value):
        return False
    return bool(ID_VALUE.fullmatch(value)) or (
        last and bool(item.parent) and item.parent in collections and "." not in value
    )


@dataclass(frozen=True)
class Mention:
    """A value that a listing gives for an item, and the object that it stands in."""

    value: Any
    among: dict[str, Any]
    collection: bool
    """Whether the listing is the item's own collection."""


def mentions(item: Item, listing: Exchange) -> Iterator[Mention]:
    """Yield what a listing gives for an item's point, the likeliest first."""
    collection = bool(item.parent) and listing.request.parts.path.rstrip("/") == item.parent
    document = document_of(listing)
    if document is None:
        yield from _links(item, listing, collection=collection)
        return
    for found in objects(document):
        keys = sorted(
            (key for key, value in found.items() if _is_reference(value)),
            key=lambda key: _distance(key, item),
        )
        for key in keys:
            if collection or _distance(key, item) == 0:
                yield Mention(found[key], found, collection)


def _is_reference(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, str) and 0 < len(value) <= 64 and "\n" not in value
    )


def _distance(key: str, item: Item) -> int:
    """Return how far a key of an object is from the name of the point: 0 is the same."""
    lowered, wanted = key.lower(), item.parameter.lower()
    if wanted and lowered == wanted:
        return 0
    if wanted and (lowered in wanted or wanted in lowered):
        return 1
    return 2 if lowered in ("id", "_id", "uuid") else 3


def _links(item: Item, page: Exchange, *, collection: bool) -> Iterator[Mention]:
    try:
        tree = html.fromstring(page.text)
    except (ValueError, AssertionError, html.etree.LxmlError):
        return
    for anchor in tree.iter("a"):
        try:
            target = urlsplit(urljoin(page.request.url, anchor.get("href") or ""))
        except ValueError:
            continue
        if (value := _value_at(item, target.path, target.query)) is not None:
            yield Mention(value, {}, collection)


def _value_at(item: Item, path: str, query: str) -> str | None:
    own = item.operation.request.parts
    if item.point.where is Where.QUERY:
        return dict(parse_qsl(query)).get(item.point.name) if path == own.path else None
    index = int(item.point.name)
    mine, theirs = own.path.split("/"), path.split("/")
    if len(mine) != len(theirs) or mine[:index] != theirs[:index] or mine[index + 1 :] != theirs[index + 1 :]:
        return None
    return unquote(theirs[index]) or None
