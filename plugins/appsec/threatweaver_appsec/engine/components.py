"""Components with known vulnerabilities: OSV advisories in memory, asked by package and version."""

import gzip
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import total_ordering
from itertools import zip_longest
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Component:
    """A package as OSV names it: ecosystem npm, PyPI and so on."""

    ecosystem: str
    name: str
    version: str


@dataclass(frozen=True)
class Advisory:
    """A known vulnerability of a version. `fixed` is the first without it, or empty."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    fixed: str


Lookup = Callable[[Component], Sequence[Advisory]]
"""Which advisories are about a component; what a product keeps them in is its own business."""


@total_ordering
class Version:
    """A version by its numbers; with a suffix it stands before the release (1.0.0-rc1 < 1.0.0)."""

    def __init__(self, text: str) -> None:
        release, _, self.before = re.sub(
            r"(\d)\.?(?=(a|b|rc|alpha|beta|dev)\d*)", r"\1-", text.lstrip("v=")
        ).partition("-")
        self.numbers = tuple(int(part) for part in re.findall(r"\d{1,9}", release.partition("+")[0]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._compare(other) == 0

    def __lt__(self, other: "Version") -> bool:
        return self._compare(other) < 0

    def __hash__(self) -> int:
        return hash((self.numbers, self.before))

    def _compare(self, other: "Version") -> int:
        for mine, theirs in zip_longest(self.numbers, other.numbers, fillvalue=0):
            if mine != theirs:
                return -1 if mine < theirs else 1
        one, two = (self.before == "", self.before), (other.before == "", other.before)
        return (one > two) - (one < two)


def advisories_in(path: Path, packages: Container[tuple[str, str]]) -> Lookup:
    """Return what to ask, of a file of OSV documents, one JSON a line, plain or gzip; of some packages only.

    Raises OSError and ValueError for a file that cannot be read.
    """
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        try:
            return advisories_of(gzip.open(raw) if packed else raw, packages)
        except (EOFError, zlib.error) as error:
            raise ValueError(f"{path} is no whole gzip file") from error


def advisories_of(lines: Iterable[str | bytes], packages: Container[tuple[str, str]] | None = None) -> Lookup:
    """Return what to ask, of OSV documents, one JSON a line; withdrawn ones and broken lines are left out.

    `packages` are ecosystems and names in lower case, where not all are wanted.
    """
    kept: dict[tuple[str, str], list[tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    for line in lines:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict) and not document.get("withdrawn"):
            for affected in document.get("affected") or ():
                package = affected.get("package") or {}
                key = str(package.get("ecosystem")), str(package.get("name")).lower()
                if packages is None or key in packages:
                    kept[key].append((document, affected))
    return lambda component: _about(component, kept)


def _about(
    component: Component, kept: Mapping[tuple[str, str], list[tuple[dict[str, Any], dict[str, Any]]]]
) -> list[Advisory]:
    found = []
    for document, affected in kept.get((component.ecosystem, component.name.lower()), ()):
        fixed = _fixed_in(component.version, affected)
        if fixed is not None:
            aliases = tuple(str(alias) for alias in document.get("aliases") or ())
            found.append(
                Advisory(str(document.get("id")), aliases, str(document.get("summary") or ""), fixed)
            )
    return found


def _fixed_in(version: str, affected: Mapping[str, Any]) -> str | None:
    """Return the version that fixes it, empty where none is said; None where this version is not affected."""
    wanted = Version(version)
    for range_ in affected.get("ranges") or ():
        if range_.get("type") in ("SEMVER", "ECOSYSTEM"):
            fixed = _fixed_by(wanted, range_.get("events") or ())
            if fixed is not None:
                return fixed
    return "" if version in (affected.get("versions") or ()) else None


def _fixed_by(wanted: Version, events: Iterable[Mapping[str, Any]]) -> str | None:
    """Go through a range's events in their order: introduced opens it, fixed and last_affected close it."""
    begun = False
    for event in events:
        if "introduced" in event:
            begun = str(event["introduced"]) == "0" or Version(str(event["introduced"])) <= wanted
        elif begun and "fixed" in event and wanted < Version(str(event["fixed"])):
            return str(event["fixed"])
        elif begun and "last_affected" in event and wanted <= Version(str(event["last_affected"])):
            return ""
        elif "fixed" in event or "last_affected" in event:
            begun = False
    return "" if begun else None
