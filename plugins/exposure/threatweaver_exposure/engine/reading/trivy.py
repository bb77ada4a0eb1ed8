"""What Trivy says of one flaw: of a package, a misconfiguration, a secret or a license."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from threatweaver.reports import Definition
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.components import elsewhere, others, package, scores, unversioned
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    links,
    mapping,
    mark,
    place,
    sequence,
)

SECTIONS = ("Vulnerabilities", "Misconfigurations", "Secrets", "Licenses")
SYSTEM = re.compile(r"(\S+) \(([^()]+)\)")
"""The target of a system's packages, as "alpine:3.11 (alpine 3.11.5)"."""

_Said = Mapping[str, Any]
_Placed = tuple[str, tuple[str, ...]]


def check_of(section: str, entry: _Said) -> str:
    """Return the id of its check."""
    if section == "Licenses":
        return f"license:{first(entry.get('Name'), 'unknown')}"[:200]
    return first(*(entry.get(key) for key in ("VulnerabilityID", "ID", "AVDID", "RuleID")), "unknown")[:200]


def defined(section: str, check: str, entry: _Said) -> Definition:
    """Return what its check means."""
    return _DEFINE.get(section, _rule)(check, entry)


def placed(section: str, entry: _Said, result: _Said, where: str) -> _Placed:
    """Return where it is, and lines of evidence; `where` is the resource of a cluster that it is in."""
    return _PLACE[section](entry, result, where)


def _flaw(check: str, entry: _Said) -> Definition:
    fixed = first(entry.get("FixedVersion"))
    return Definition(
        check,
        first(entry.get("Title"), check),
        family=first(mapping(entry.get("DataSource")).get("Name"), "Packages"),
        description=first(entry.get("Description")),
        solution=f"Update {first(entry.get('PkgName'))} to {fixed}." if fixed else "",
        see_also=links(entry.get("PrimaryURL"), entry.get("References")),
        cves=cves(check),
        cwes=cwes(*sequence(entry.get("CweIDs"))),
        published_on=read_day(first(entry.get("PublishedDate"))),
        modified_on=read_day(first(entry.get("LastModifiedDate"))),
        references=others(check, *sequence(entry.get("VendorIDs"))),
        **scores(*_ratings(entry)),
    )


def _ratings(entry: _Said) -> Iterator[tuple[object, object]]:
    """Yield the vectors and scores, of the vendor whose severity it is first, then of the NVD."""
    rated = mapping(entry.get("CVSS"))
    for vendor in dict.fromkeys((first(entry.get("SeveritySource")), "nvd", *rated)):
        said = mapping(rated.get(vendor))
        for version in ("V2", "V3", "V40"):
            yield said.get(f"{version}Vector"), said.get(f"{version}Score")


def _license(check: str, entry: _Said) -> Definition:
    name = first(entry.get("Name"), "unknown")
    return Definition(check, f"License {name}", family="License", see_also=links(entry.get("Link")))


def _rule(check: str, entry: _Said) -> Definition:
    return Definition(
        check,
        first(entry.get("Title"), check),
        family=first(entry.get("Type"), entry.get("Category")),
        description=first(entry.get("Description")),
        solution=first(entry.get("Resolution")),
        see_also=links(entry.get("PrimaryURL"), entry.get("References")),
        references=others(check, entry.get("AVDID")),
    )


def _flaw_at(entry: _Said, result: _Said, where: str) -> _Placed:
    name, version = first(entry.get("PkgName")), first(entry.get("InstalledVersion"))
    target = first(result.get("Target"))
    # the target of a system's packages is the image with its tag
    path = first(entry.get("PkgPath")) or ("" if SYSTEM.fullmatch(target) else target)
    found = unversioned(mapping(entry.get("PkgIdentifier")).get("PURL")) or package(result.get("Type"), name)
    fix = first(entry.get("FixedVersion"), entry.get("Status"))
    lines = (target, first(entry.get("PkgPath")), f"{name} {version}".strip(), f"fix: {fix}" if fix else "")
    return place(where, found, elsewhere(path, version)), lines


def _misconfiguration_at(entry: _Said, result: _Said, where: str) -> _Placed:
    target, message = first(result.get("Target")), first(entry.get("Message"))
    cause = mapping(entry.get("CauseMetadata"))
    resource = first(cause.get("Resource"))
    lines = (_lines_of(target, cause), resource, message, _code(cause))
    # within one file or resource the message names the container, port or block that is meant
    return place(where or target, resource, mark(message)), lines


def _secret_at(entry: _Said, result: _Said, where: str) -> _Placed:
    target, match = first(result.get("Target")), first(entry.get("Match"))
    return place(where, target, mark(match)), (_lines_of(target, entry), match)


def _license_at(entry: _Said, result: _Said, where: str) -> _Placed:
    name, path = first(entry.get("PkgName")), first(entry.get("FilePath"), result.get("Target"))
    return place(where, name, path), (f"{name} {path}".strip(), first(entry.get("Category")))


def _lines_of(target: str, cause: _Said) -> str:
    numbers = [cause[key] for key in ("StartLine", "EndLine") if isinstance(cause.get(key), int)]
    return ":".join((target, "-".join(map(str, numbers)))) if numbers else target


def _code(cause: _Said) -> str:
    shown = map(mapping, sequence(mapping(cause.get("Code")).get("Lines")))
    return "\n".join(str(line.get("Content") or "") for line in shown)


_DEFINE = {"Vulnerabilities": _flaw, "Licenses": _license}
_PLACE = {
    "Vulnerabilities": _flaw_at,
    "Misconfigurations": _misconfiguration_at,
    "Secrets": _secret_at,
    "Licenses": _license_at,
}
