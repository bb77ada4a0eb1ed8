"""Which operations and points are tested: what is alike once, so that a generated site stays finite."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.agents.cookies import cookies_in
from threatweaver_appsec.engine.credentials import repeated
from threatweaver_appsec.engine.messages import Exchange, Response
from threatweaver_appsec.engine.places import key_of, name_of, shape, template
from threatweaver_appsec.engine.points import Point, Where, points_of
from threatweaver_appsec.engine.ports import Skipped

ALIKE = 3  # operations of one shape that are known: probers compare them; points of one are attacked
MOST_OF_TEMPLATE = 60  # operations of one method and path, whatever their parameters are called
MOST_COMBINED = 4  # sets of other parameters that one of a place is attacked beside: lists filter by any set
MOST_GIVEN, LONGEST_GIVEN = 20, 400  # cookies of a target, and characters of one; longer ones are sealed
MOST_WITH_HEADERS = 40  # operations whose headers are attacked: applications read those in one place
WHOLE, SHORT = (
    16_384,
    1_024,
)  # bytes of an answer that are remembered, of the first operations and of the others
MOST_BYTES = 16_000_000
MOST_SENT = 24_000_000  # bytes of the requests of all operations
ENOUGH = "tested beside other sets of parameters"
MOST_PLACES = 100_000
ENDS_SESSION = re.compile(r"(?:log|sign)[-_]?(?:out|off)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A point of an operation that stands for all that are like it."""

    operation: Operation
    point: Point
    mark: str
    """The same at each run, whatever its values are."""


@dataclass
class Intake:
    """Takes operations as discovery finds them, and says of which it has enough."""

    most: int
    count: int = 0
    shapes: Counter[int] = field(default_factory=Counter)
    templates: Counter[int] = field(default_factory=Counter)
    """By hashes: a target makes up names as long as it likes."""
    bytes: int = 0
    sent: int = 0
    seen: set[int] = field(default_factory=set)

    def take(self, operation: Operation) -> Operation | Skipped | None:
        """Return the operation as it is remembered, why it is not, or None where it is known."""
        if (key := hash(key_of(operation))) in self.seen:
            return None
        place = f"{operation.request.method} {template(operation)}"[:2_000]
        if ENDS_SESSION.search(operation.request.parts.path):
            return Skipped(place, "ends the session")
        form = shape(operation)
        mark, many = hash(form), hash(" ".join(form.split(" ", 2)[:2]))
        if self.shapes[mark] >= ALIKE or self.templates[many] >= MOST_OF_TEMPLATE:
            return Skipped(place, "like others that are tested")
        if self.count >= self.most:
            return Skipped("further operations", f"more than {self.most}")
        size = len(operation.request.url) + len(operation.request.body)
        if self.sent + size > MOST_SENT:
            return Skipped("further operations", f"requests of more than {MOST_SENT} bytes")
        self.seen.add(key)
        self.sent += size
        self.count += 1
        self.shapes[mark] += 1
        self.templates[many] += 1
        return self._short(operation)

    def _short(self, operation: Operation) -> Operation:
        answer = operation.baseline.response
        if answer is None:
            return operation
        kept = WHOLE if self.bytes < MOST_BYTES else SHORT
        self.bytes += min(kept, len(answer.body))
        cut = Response(
            answer.status,
            answer.headers[:60],
            answer.body[:kept],
            answer.seconds,
            answer.truncated or len(answer.body) > kept,
            answer.length,
        )
        base = operation.baseline
        return replace(
            operation, baseline=Exchange(base.request, cut, base.fault, base.identity, base.number)
        )


def places(operations: Iterable[Operation], *, safe: bool) -> tuple[list[Place], list[Skipped]]:
    """Return the points to attack in their order, and the operations that a safe scan does not write with."""
    found: dict[str, Place] = {}
    left: list[Skipped] = []
    with_headers: set[str] = set()
    combined: Counter[int] = Counter()
    given = Given()
    for operation in operations:
        name = template(operation)
        if safe and operation.writes:
            left.append(Skipped(f"{operation.request.method} {name}", "writes, and the scan is in safe mode"))
            continue
        headers = name not in with_headers and len(with_headers) < MOST_WITH_HEADERS
        with_headers |= {name} if headers else set()
        common = shape(operation)
        for point in (*_points(operation, headers=headers), *given.at(operation)):
            mark = _mark(operation, point, common)
            if mark not in found and not _is_new(combined, operation, point):
                left.append(Skipped(f"{name_of(point)} of {operation.request.method} {name}"[:300], ENOUGH))
                continue
            if len(found) < MOST_PLACES or mark in found:
                found.setdefault(mark, Place(operation, point, mark))
            else:
                left.append(Skipped(f"further points of {operation.request.method} {name}"[:300], "too many"))
                break
    return list(found.values()), left


@dataclass
class Given:
    """Cookies that answers set whoever asks: attacked where they are set, and at the next few places."""

    values: dict[tuple[str, str], str] = field(default_factory=dict)
    """By origin and name."""
    places: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def at(self, operation: Operation) -> Iterator[Point]:
        """Yield those to attack at an operation that does not send them anyway."""
        request, place = operation.request, template(operation)
        for cookie in cookies_in(operation.baseline.response):
            if len(self.values) < MOST_GIVEN and len(cookie.value) <= LONGEST_GIVEN:
                self.values.setdefault((request.origin, cookie.name), cookie.value)
        sent = (*points_of(request), *points_of(operation.baseline.request))
        own = {point.name for point in sent if point.where is Where.COOKIE}
        for (origin, name), value in self.values.items():
            places = self.places[origin, name]
            if origin == request.origin and name not in own and (place in places or len(places) < ALIKE):
                places.add(place)
                yield Point(Where.COOKIE, name, value)


def _is_new(combined: Counter[int], operation: Operation, point: Point) -> bool:
    """Whether a point was not attacked beside enough other sets of parameters yet."""
    if point.where not in (Where.PATH, Where.QUERY, Where.FORM):
        return True
    request = operation.request
    place = hash((request.method, request.origin, template(operation), name_of(point)))
    combined[place] += 1
    return combined[place] <= MOST_COMBINED


def _points(operation: Operation, *, headers: bool) -> Iterator[Point]:
    """Those of the request, and the cookies that its identity had when it was found."""
    again = repeated(operation.request)
    yield from (point for point in points_of(operation.request, headers=headers) if point not in again)
    own = {point.name for point in points_of(operation.request) if point.where is Where.COOKIE}
    for point in points_of(operation.baseline.request):
        if point.where is Where.COOKIE and point.name not in own:
            yield point


def _mark(operation: Operation, point: Point, common: str) -> str:
    """A digest, for the names of a hostile form are long, and each of its points would have them all."""
    if point.where is Where.COOKIE:  # read by the whole application; by this method
        common = f"{operation.request.method} {operation.request.origin} {template(operation)}"
    return sha256(f"{common} {name_of(point)}".encode("utf-8", "replace")).hexdigest()[:24]
