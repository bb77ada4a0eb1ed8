"""Decides which hosts of a report are which assets: host after host, strongest identifier first."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from uuid import UUID

Known = tuple[UUID, str, str]
Stated = tuple[int, str, str]
"""(strength, kind, value) of a host; 0 is the strongest."""

# Kinds that tell machines apart: with other values of one of these, a weaker match is no match.
# An address moves from machine to machine, so a name contradicts it too.
_TELL_APART = frozenset({"agent_uuid", "tenable_uuid", "bios_uuid"})
_CONTRADICT_ADDRESS = _TELL_APART | {"fqdn", "netbios", "hostname"}


def pair(
    hosts: Mapping[int, Iterable[Stated]], known: Iterable[Known], new_id: Callable[[], UUID]
) -> dict[int, tuple[UUID, bool]]:
    """The asset of every host, and whether it is new.

    The hosts with the strongest identifiers come first, and each leaves its identifiers to its asset before
    the next is looked at, as if every host had come in a report of its own.
    """
    assets = _Assets()
    for asset, kind, value in known:
        assets.learn(asset, kind, value)
    ordered = sorted(((sorted(stated), number) for number, stated in hosts.items()), key=_rank)
    paired: dict[int, tuple[UUID, bool]] = {}
    new: set[UUID] = set()
    for stated, number in ordered:
        found = assets.find(stated)
        asset = found or new_id()
        if found is None:
            new.add(asset)
        for _, kind, value in stated:
            assets.learn(asset, kind, value)
        paired[number] = asset, asset in new
    return paired


def _rank(entry: tuple[list[Stated], int]) -> tuple[int, int]:
    stated, number = entry
    return stated[0][0], number


class _Assets:
    """What assets are known by."""

    def __init__(self) -> None:
        # Of each identifier its assets, in the order in which they came to have it.
        self._by_identifier: defaultdict[tuple[str, str], dict[UUID, int]] = defaultdict(dict)
        self._learned = 0
        self._by_kind: defaultdict[str, set[UUID]] = defaultdict(set)

    def learn(self, asset: UUID, kind: str, value: str) -> None:
        self._learned += 1
        self._by_identifier[kind, value].setdefault(asset, self._learned)
        self._by_kind[kind].add(asset)

    def find(self, stated: Iterable[Stated]) -> UUID | None:
        """The asset that shares the strongest identifier and is not contradicted by a stronger one."""
        contradicting: list[tuple[str, set[UUID]]] = []
        for (_, kind), group in groupby(stated, key=lambda entry: entry[:2]):
            same = set[UUID]().union(*(self._by_identifier.get((kind, value), ()) for _, _, value in group))
            telling = _CONTRADICT_ADDRESS if kind == "ip" else _TELL_APART
            possible = same
            for other, agreeing in contradicting:
                if possible and other in telling:
                    having = self._by_kind[other]
                    possible = {asset for asset in possible if asset in agreeing or asset not in having}
            if possible:
                return self._closest(possible, stated)
            contradicting.append((kind, same))
        return None

    def _closest(self, possible: set[UUID], stated: Iterable[Stated]) -> UUID:
        """The one that shares most, of those the one that did so first.

        A host leaves all that it states to its asset: nobody shares more the next time, but others, to whom
        further hosts left the same, may share as much.
        """
        if len(possible) == 1:
            return next(iter(possible))
        places = [self._by_identifier.get((kind, value), {}) for _, kind, value in stated]

        def rank(asset: UUID) -> tuple[int, int]:
            shared = [place[asset] for place in places if asset in place]
            return -len(shared), max(shared)

        return min(possible, key=rank)
