"""Bills of materials: what a distribution brings along, from the lock file alone, in CycloneDX.

The lock file names versions, hashes and environments, and in its comments who asked for each: a graph. So
a bill is the same on every machine, whatever is installed there.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ENTRY = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? ?\\?")
_HASH = re.compile(r" +--hash=sha256:(?P<hash>[0-9a-f]{64})")
_SWAGGER_UI = re.compile(rb'PACKAGE_VERSION:"([^"]+)"')
_VIA = re.compile(r" +#(?: via)? +(?P<parent>[a-z0-9][a-z0-9.-]*)")


@dataclass(slots=True)
class Pin:
    """One line of the lock file: a version, the files it may be, where it is needed, and who asked for it."""

    name: str
    version: str
    marker: str | None
    hashes: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """Somebody else's file inside one of our wheels."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One of ours: what it is called, what it says it needs, and what of others is inside."""

    name: str
    version: str
    dependencies: Sequence[str]
    bundled: Sequence[Bundled] = ()

    def needs(self) -> set[str]:
        """Return the names of what it needs."""
        return {canonicalize_name(Requirement(text).name) for text in self.dependencies}


def bundled(files: Mapping[str, bytes]) -> list[Bundled]:
    """Return what a wheel has of others inside: the playground's script."""
    scripts = [data for name, data in files.items() if name.endswith("/swagger-ui-bundle.js")]
    return [
        Bundled(
            name="swagger-ui-dist",
            version=_SWAGGER_UI.search(data)[1].decode(),
            sha256=hashlib.sha256(data).hexdigest(),
        )
        for data in scripts
    ]


def pins(lock: str) -> list[Pin]:
    """Return the entries of a lock file. Raises ValueError for a line that it should not have."""
    found: list[Pin] = []
    for line in lock.splitlines():
        if entry := _ENTRY.fullmatch(line):
            found.append(Pin(entry["name"], entry["version"], entry["marker"]))
        elif digest := _HASH.match(line):
            found[-1].hashes.append(digest["hash"])
        elif parent := _VIA.fullmatch(line):
            found[-1].parents.append(parent["parent"])
        elif line.strip() != "# via":
            raise ValueError(f"unknown line in the lock file: {line!r}")
    return found


def closure(wanted: Iterable[str], known: Sequence[Pin]) -> list[Pin]:
    """Return the pins of what is wanted, and of what that needs."""
    names, asked = set(), list(wanted)
    while asked:
        name = asked.pop()
        if name not in names:
            names.add(name)
            asked += [pin.name for pin in known if name in pin.parents]
    return [pin for pin in known if pin.name in names]


def bill(own: Distribution, family: Mapping[str, Distribution], known: Sequence[Pin], made: datetime) -> str:
    """Return the bill of materials of a distribution, the same text for the same input."""
    relatives = [item for name, item in sorted(family.items()) if name in _ancestors(own, family)]
    wanted = {name for item in (own, *relatives) for name in item.needs()} - set(family)
    taken = closure(wanted, known)
    if missing := wanted - {pin.name for pin in taken}:
        raise ValueError(f"{own.name} needs {', '.join(sorted(missing))}, which is not locked: make lock")
    root = _own(own)
    ours = {own.name: root, **{item.name: _own(item) for item in relatives}}
    theirs = {id(pin): _component(pin) for pin in taken}
    inside = {item.name: [_inside(found) for found in item.bundled] for item in (own, *relatives)}
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{root.purl}#{made.isoformat()}"),
        metadata=BomMetaData(component=root, timestamp=made),
        components=[
            *(item for name, item in ours.items() if name != own.name),
            *theirs.values(),
            *(item for found in inside.values() for item in found),
        ],
    )
    for item in (own, *relatives):
        needs = item.needs()
        found = [ours[name] for name in needs if name in ours] + inside[item.name]
        found += [theirs[id(pin)] for pin in taken if pin.name in needs]
        bom.register_dependency(ours[item.name], found)
    for pin in taken:
        bom.register_dependency(
            theirs[id(pin)], [theirs[id(child)] for child in taken if pin.name in child.parents]
        )
    return JsonV1Dot6(bom).output_as_string(indent=1)


def _ancestors(own: Distribution, family: Mapping[str, Distribution]) -> set[str]:
    names, asked = set(), [*own.needs() & set(family)]
    while asked:
        name = asked.pop()
        if name not in names:
            names.add(name)
            asked += family[name].needs() & set(family)
    return names


def _own(item: Distribution) -> Component:
    return Component(
        name=item.name,
        version=item.version,
        type=ComponentType.APPLICATION,
        licenses=[LicenseExpression("Apache-2.0")],
        purl=PackageURL("pypi", name=item.name, version=item.version),
        bom_ref=f"{item.name}=={item.version}",
    )


def _inside(item: Bundled) -> Component:
    return Component(
        name=item.name,
        version=item.version,
        type=ComponentType.LIBRARY,
        licenses=[LicenseExpression("Apache-2.0")],
        purl=PackageURL("npm", name=item.name, version=item.version),
        bom_ref=f"npm:{item.name}@{item.version}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=item.sha256)],
    )


def _component(pin: Pin) -> Component:
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/simple/{pin.name}/"),
        comment="any one of these files is installed",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in pin.hashes],
    )
    marker = [Property(name="threatweaver:marker", value=pin.marker)] if pin.marker else []
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", name=pin.name, version=pin.version),
        bom_ref=f"{pin.name}=={pin.version}",
        external_references=[files],
        properties=marker,
    )
