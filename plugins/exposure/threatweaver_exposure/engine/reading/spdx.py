"""What an SPDX document says of packages, in the words of its JSON, whether it came as JSON or as tags."""

from collections.abc import Iterator, Mapping
from typing import Any

from threatweaver.reports import UNDATED, Asset, Coverage, Definition, Finding, Record
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.components import others, unversioned
from threatweaver_exposure.engine.reading.packages import ghsa
from threatweaver_exposure.engine.reading.words import (
    INFO,
    MEDIUM,
    cves,
    first,
    links,
    mapping,
    mark,
    place,
    purl,
    sequence,
)

NAME, CREATED = "name", "creationInfo.created"
_PACKAGE = Definition(
    "package", "Package", family="Inventory", synopsis="The bill of materials lists a package."
)
_NOTHING = {"", "NOASSERTION", "NONE"}


class Document:
    """Makes records of the parts of a document."""

    def __init__(self) -> None:
        self._name = self._created = self._image = ""
        self._known: set[str] = set()

    def begins(self) -> Iterator[Record]:
        """Yield what is known before anything has been read."""
        yield self._asset()
        yield Coverage(None)  # a package that the next document does not list has gone
        yield _PACKAGE

    def learns(self, what: str, value: object) -> Asset:
        """Take what the document says of itself."""
        if what == NAME:
            self._name = first(value)
        else:
            self._created = first(value)
        return self._asset()

    def _asset(self) -> Asset:
        name = self._image or self._name
        return Asset(
            0,
            name,
            identifiers=(("image" if self._image else "application", name),) if name else (),
            finished_at=read_time(self._created) or UNDATED,
        )

    def package(self, package: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the records of a package: of its advisories, or that it is there."""
        name, version = first(package.get("name")), first(package.get("versionInfo"))
        if first(package.get("primaryPackagePurpose")) == "CONTAINER" and name and not self._image:
            self._image = f"{name}:{version}" if version and ":" not in version else name
            yield self._asset()
        references = [mapping(item) for item in sequence(package.get("externalRefs"))]
        advisories = [first(item.get("referenceLocator")) for item in references if _is_advisory(item)]
        check = _check(advisories)
        if advisories and check not in self._known:
            self._known.add(check)
            yield _definition(check, advisories)
        said = next((item for item in references if _kind(item) == "purl"), {}).get("referenceLocator")
        yield Finding(
            0,
            check,
            MEDIUM if advisories else INFO,  # a document does not say how severe its advisories are
            output="\n".join(filter(None, (f"{name} {version}".strip(), first(said), *_lines(package))))
            or None,
            location=place(unversioned(said) or (purl("generic", name) if name else "")),
        )


def _kind(reference: Mapping[str, Any]) -> str:
    return first(reference.get("referenceType")).rpartition("/")[2]


def _is_advisory(reference: Mapping[str, Any]) -> bool:
    security = first(reference.get("referenceCategory")).upper() == "SECURITY"
    named = bool(first(reference.get("referenceLocator")))
    return security and named and not _kind(reference).startswith(("cpe", "swid"))


def _check(advisories: list[str]) -> str:
    """Return the ids that the advisories name, or where they are: together they are what to look for."""
    if not advisories:
        return _PACKAGE.check
    ids = {found for text in advisories for found in (cves(text) or ghsa(text) or (text,))}
    said = " ".join(sorted(ids))
    return said if len(said) <= 200 else f"{said[:180]} {mark(said)}"


def _definition(check: str, advisories: list[str]) -> Definition:
    return Definition(
        check,
        check,
        family="Advisory",
        synopsis="The bill of materials names these advisories for a package.",
        see_also=links(*advisories),
        cves=cves(*advisories),
        references=others(check, *ghsa(*advisories)),
    )


def _lines(package: Mapping[str, Any]) -> Iterator[str]:
    for title, key in (("license", "licenseDeclared"), ("supplier", "supplier")):
        if (said := first(package.get(key))) not in _NOTHING:
            yield f"{title}: {said}"
    for item in map(mapping, sequence(package.get("externalRefs"))):
        if _is_advisory(item):
            yield f"{_kind(item)}: {item['referenceLocator']} {first(item.get('comment'))}".strip()
