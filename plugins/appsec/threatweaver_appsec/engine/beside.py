"""What is kept of a target with a prober's finding, so that looking again knows what the agent knew."""

from collections.abc import Iterable, Sequence
from itertools import islice, takewhile

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.credentials import signs_in
from threatweaver_appsec.engine.site import place_of

MOST_BESIDE = 12  # operations
NEAR = 2  # segments of a path that are the same, the empty one in front counted


def beside_of(operations: Sequence[Operation], asked: set[str], before: set[str]) -> tuple[Operation, ...]:
    """Return what was asked to confirm a finding, then of what was asked before as much as fits.

    First how to register and to sign in, then what writes and what lies near, the nearest first. Places are
    as `place_of` names them.
    """
    first = list(_among(operations, asked))
    known = {id(one) for one in first}
    paths = [one.request.parts.path.split("/") for one in first]

    def far(one: Operation) -> tuple[bool, bool, int]:
        own = one.request.parts.path.split("/")
        near = max((_common(own, path) for path in paths), default=0)
        return not signs_in(one.request), not one.writes and near < NEAR, -near

    rest = [one for one in _among(operations, before - asked) if id(one) not in known]
    return tuple(islice((*first, *sorted(rest, key=far)), MOST_BESIDE))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many segments two paths have in common, from the first on."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _among(operations: Iterable[Operation], places: set[str]) -> Iterable[Operation]:
    """Yield the operations at some places, whatever stands for the parameters of their templates."""
    sizes: dict[int, list[list[str]]] = {}
    for place in places:
        sizes.setdefault(place.count("/"), []).append(place.split("/"))
    for one in operations:
        own = place_of(one.request)
        if own in places or (one.template and _fits(one, own.split("/"), sizes.get(own.count("/"), ()))):
            yield one


def _fits(operation: Operation, own: Sequence[str], places: Iterable[Sequence[str]]) -> bool:
    named = operation.template.rstrip("/").split("/")[1:]  # it may leave out where the API begins
    free = {len(own) - len(named) + at for at, part in enumerate(named) if part.startswith("{")}
    fixed = [at for at in range(len(own)) if at not in free]
    return any(all(own[at] == place[at] for at in fixed) for place in places)
