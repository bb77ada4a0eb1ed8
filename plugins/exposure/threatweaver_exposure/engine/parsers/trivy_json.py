"""Trivy's JSON: flawed packages, misconfigurations, secrets and licenses of an image, a folder, a cluster."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.components import folder
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.trivy import SECTIONS, SYSTEM, check_of, defined, placed
from threatweaver_exposure.engine.reading.words import first, mapping, sequence, severity

_OF_RESULT = ("Target", "Type")  # these come before the sections, each of which may be large
_ABOUT = ("CreatedAt", "ArtifactName", "ArtifactType", "Metadata.OS", "Metadata.RepoTags", "Metadata.RepoURL")
_CLUSTER = "ClusterName"
# A cluster's report lists its resources under one of these, each with the results of one scan.
_RESOURCES = ("Resources.[]", "Vulnerabilities.[]", "Misconfigurations.[]")
_PATHS = (
    *(f"{results}.{member}" for results in ("Results.[]", "[]") for member in _OF_RESULT),
    *(f"{results}.{section}.[]" for results in ("Results.[]", "[]") for section in SECTIONS),
    *_ABOUT,
    _CLUSTER,
    *_RESOURCES,
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report: of one artifact, of a cluster, or of old, a list of results."""
    report = _Report()
    yield report.asset()
    for path, value in items(stream, *_PATHS):
        yield from report.take(path, value)
    if report.fits:  # and not `null`, which older versions wrote
        yield Coverage(None)  # every check ran


class _Report:
    def __init__(self) -> None:
        self.fits = False
        self.about: dict[str, Any] = {}
        self._result: dict[str, Any] = {}
        self._known: set[str] = set()

    def take(self, path: str, value: Any) -> Iterator[Record]:
        self.fits = True
        parts = path.split(".")
        if path in _RESOURCES:
            yield from self._resource(mapping(value))
        elif parts[-1] == "Target":
            self._result = {"Target": value}
            yield from self._named_by(first(value))
        elif parts[-1] == "Type":
            self._result["Type"] = value
        elif parts[-1] == "[]":
            yield from self._entry(parts[-2], mapping(value), self._result, "")
        else:
            self.about[path] = value
            yield self.asset()

    def _named_by(self, target: str) -> Iterator[Record]:
        """Take name and system of an image from its first target when nothing else says them."""
        found = SYSTEM.fullmatch(target)
        if found and not first(self.about.get("ArtifactName"), self.about.get("image")):
            self.about["image"], self.about["system"] = found.groups()
            yield self.asset()

    def asset(self) -> Asset:
        """Return what is known so far of what was scanned."""
        name, identifiers = self._identity()
        system = mapping(self.about.get("Metadata.OS"))
        failed = self.about.get("failed")
        return Asset(
            0,
            name,
            identifiers=identifiers if name else (),
            operating_system=" ".join(filter(None, (first(system.get("Family")), first(system.get("Name")))))
            or self.about.get("system"),
            finished_at=None if failed else read_time(first(self.about.get("CreatedAt"))) or UNDATED,
        )

    def _identity(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        kind, name = first(self.about.get("ArtifactType")), first(self.about.get("ArtifactName"))
        if cluster := first(self.about.get(_CLUSTER)):
            return cluster, (("cloud_resource" if cluster.startswith("arn:") else "application", cluster),)
        if repository := first(self.about.get("Metadata.RepoURL")):
            return repository, (("repository", repository),)
        if kind == "container_image" or self.about.get("image"):
            tags = [first(tag) for tag in sequence(self.about.get("Metadata.RepoTags"))]
            # the name may be that of a file, or have no tag
            image = name if name and name in tags else first(*tags, name, self.about.get("image"))
            return image, (("image", image),)
        if kind == "repository" and "://" in name:
            return name, (("repository", name),)
        # a bill of materials is named by its file, which says nothing of what it is about
        named = "" if kind in {"cyclonedx", "spdx"} else folder(name)
        return named, (("application", named),)

    def _resource(self, resource: Mapping[str, Any]) -> Iterator[Record]:
        where = "/".join(filter(None, (first(resource.get(key)) for key in ("Namespace", "Kind", "Name"))))
        for result in map(mapping, sequence(resource.get("Results"))):
            for section in SECTIONS:
                for entry in sequence(result.get(section)):
                    yield from self._entry(section, mapping(entry), result, where)
        if first(resource.get("Error")) and not self.about.get("failed"):
            self.about["failed"] = True
            yield self.asset()

    def _entry(
        self, section: str, entry: Mapping[str, Any], result: Mapping[str, Any], where: str
    ) -> Iterator[Record]:
        if first(entry.get("Status")).upper() in {"PASS", "EXCEPTION"}:
            return
        check = check_of(section, entry)
        if check not in self._known:
            self._known.add(check)
            yield defined(section, check, entry)
        location, lines = placed(section, entry, result, where)
        yield Finding(
            0,
            check,
            severity(entry.get("Severity")),
            output="\n".join(filter(None, (where, *lines))) or None,
            location=location,
        )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: of an artifact, of a cluster, a list of results, or `null` for none."""
    seen = peek(head)
    artifact = seen.has("SchemaVersion", "ArtifactName") or seen.has("ArtifactName", "Results")
    cluster = seen.has(_CLUSTER) and any(seen.has(path.removesuffix(".[]")) for path in _RESOURCES)
    listed = seen.has("[].Target") and ("[].Vulnerabilities" in seen.keys or "[].Class" in seen.keys)
    if artifact or cluster or listed:
        return CERTAIN
    return 10 if head.strip() == b"null" else 0


PARSER = ImportParser(name="trivy_json", title="Trivy JSON", detects=detects, parse=parse)
