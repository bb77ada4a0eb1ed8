"""Changes to objects of others: tried between the scan's own identities, and read back by the owner."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, permutations
from typing import Any

from threatweaver_appsec.engine.accounts import fresh, key_of, marked, session_as, texts, writings
from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Operation,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.agents.access import (
    MOST_TRIES,
    PRIVATE_PLACE,
    Candidate,
    candidates,
    listings,
)
from threatweaver_appsec.engine.answers import around, bare, failed, granted
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import put
from threatweaver_appsec.engine.references import Item, items

NO_TEXT = re.compile(r"(^|_)(id|uuid|date|time|at|status|type|state)$|Id$", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """An operation that changes an object, and the item that reads it at the same place."""

    operation: Operation
    item: Item
    writer: str
    owner: str

    def of(self, request: Request, value: Any, mark: str) -> Request:
        """Return the request about another object, with a mark in its texts."""
        request = put(request, self.item.point, value)
        for point in texts(request):
            if not NO_TEXT.search(key_of(point)):
                request = put(request, point, marked(point, mark))
        return request


def _changing(site: Site) -> Iterator[tuple[Operation, Item]]:
    """Yield the operations that change what another one reads."""
    found = list(items(site.operations))
    for op in writings(site):
        item = next((item for item in found if item.is_at(op.request.parts.path)), None)
        if item:
            yield op, item


async def _writes(
    site: Site, change: Change, value: Any, nonce: Nonce, *, exists: bool = True
) -> Proof | None:
    """Change an object as another, and have its owner read the mark; of no object for the control."""
    mark = nonce.word(12)
    session = await session_as(site, change.writer)
    target = value if exists else nonce.number(10**8, 10**9) if str(value).isdigit() else nonce.word(12)
    answer = await site.send(change.of(await fresh(site, change.operation, session), target, mark))
    if failed(answer):
        return None
    own = await site.send(bare(change.item.of(value)), identity=change.owner)
    if not granted(own) or mark not in own.text:
        return None
    request = change.operation.request
    return Proof(
        says=f"{request.method} {answer.request.parts.path}, sent by {change.writer}, changes what is "
        f"{change.owner}'s.",
        excerpt=around(own.text, mark),
        exchanges=(replace(answer, identity=change.writer), own),
        point=change.item.point,
    )


async def _object_changes(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    names = list(site.identities)[:2]
    found = list(_changing(site))
    seen = {name: await listings(site, name) for name in names} if found else {}
    for op, item in found:
        for writer, owner in permutations(names, 2):
            views = [(seen[writer][url], view) for url, view in seen[owner].items() if url in seen[writer]]
            owned = candidates(item, views, site.identities[owner].username)
            change = Change(op, item, writer, owner)
            value = await _first(site, change, owned, nonce)
            if value is not None:
                yield Suspicion(
                    shows=partial(_writes, site, change, value),
                    control=partial(_writes, site, change, value, exists=False),
                    operation=op,
                )
                break


async def _first(site: Site, change: Change, owned: Iterator[Candidate], nonce: Nonce) -> Any:
    for candidate in islice(owned, MOST_TRIES):
        if await _is_own(site, change, candidate) and await _writes(site, change, candidate.value, nonce):
            return candidate.value
    return None


async def _is_own(site: Site, change: Change, candidate: Candidate) -> bool:
    """Return whether an object is its owner's alone, and none that all write together."""
    if candidate.alone or PRIVATE_PLACE.search(change.operation.request.parts.path):
        return True
    return not granted(await site.send(bare(change.item.of(candidate.value)), identity=change.writer))


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="bola-object-write",
            title="Objects of other users can be changed",
            cwe=639,
            owasp="API1:2023",
            severity=Severity.HIGH,
            safety=Safety.INTRUSIVE,
            description="An operation changes the object that the request names, and does not ask whether it "
            "belongs to who asks.",
            remedy="Look the object up among those of the signed-in user, and answer 404 for all others.",
        ),
        _object_changes,
        needs=frozenset({"two_identities"}),
    ),
)
