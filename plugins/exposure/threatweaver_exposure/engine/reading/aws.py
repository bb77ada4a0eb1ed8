"""What Security Hub and Inspector say of resources, packages and scores, in nearly the same words."""

import re
from collections.abc import Mapping
from typing import Any

from threatweaver.reports import UNDATED, Asset
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.words import (
    cves,
    cvss,
    first,
    links,
    mapping,
    place,
    purl,
    score,
    sequence,
)

_INSTANCE = re.compile(r"[:/](i-\w+)\Z", re.ASCII)
_ACCOUNT = "AWS::::Account:"
_KINDS = {
    "JAR": "maven",
    "POM": "maven",
    "NPM": "npm",
    "YARN": "npm",
    "NODEPKG": "npm",
    "PIP": "pypi",
    "PIPENV": "pypi",
    "POETRY": "pypi",
    "PYTHONPKG": "pypi",
    "BUNDLER": "gem",
    "GEMSPEC": "gem",
    "GOBINARY": "golang",
    "GOMOD": "golang",
    "CARGO": "cargo",
    "COMPOSER": "composer",
    "NUGET": "nuget",
    "DOTNET": "nuget",
}
_VERSIONS = ("2", "3", "4")
_NONE = ("NotAvailable", "None Provided")


def lowered(value: Any) -> Any:
    """Return a JSON value with members that begin in lower case, as Inspector's do and Security Hub's do not.

    Tags stay as they are, for their names are people's own.
    """
    if isinstance(value, dict):
        return {
            name[:1].lower() + name[1:]: member if name == "Tags" else lowered(member)
            for name, member in value.items()
        }
    return [lowered(item) for item in value] if isinstance(value, list) else value


class Resources:
    """The resources of a report, each an asset with a number of its own."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def asset(self, found: Mapping[str, Any]) -> tuple[int, Asset | None]:
        """Return the number of the first resource of a finding, and the asset if it is a new one."""
        resource = mapping(next(iter(sequence(found.get("resources"))), None))
        name = first(resource.get("id"), found.get("awsAccountId")).removeprefix(_ACCOUNT)
        if name in self._numbers:
            return self._numbers[name], None
        made = self._numbers[name] = len(self._numbers)
        return made, _asset(made, name, resource)


def _asset(key: int, name: str, resource: Mapping[str, Any]) -> Asset:
    details = mapping(resource.get("details"))
    image = mapping(details.get("awsEcrContainerImage"))
    instance = mapping(details.get("awsEc2Instance"))
    if first(image.get("repositoryName")):
        name = _image(image, first(resource.get("region")))
        identifiers = [("image", name)]  # its ARN is another one after each push
    else:
        identifiers = [("cloud_resource", value) for value in (name, *_INSTANCE.findall(name)) if value]
        addresses = (*sequence(instance.get("ipV4Addresses")), *sequence(instance.get("ipV6Addresses")))
        identifiers += [("ip", first(address)) for address in addresses]
    return Asset(
        key,
        first(mapping(resource.get("tags")).get("Name"), name)[:1000],
        identifiers=tuple(identifiers),
        operating_system=first(instance.get("platform"), image.get("platform")) or None,
        finished_at=UNDATED,  # when a flaw was last seen does not say when the report was made
    )


def _image(image: Mapping[str, Any], region: str) -> str:
    """Return the name of an image as other scanners write it."""
    registry = first(image.get("registry"), image.get("registryId"))
    host = f"{registry}.dkr.ecr.{region}.amazonaws.com/" if registry.isdecimal() and region else ""
    tags = [f":{tag}" for tag in sequence(image.get("imageTags"))]
    return f"{host}{first(image.get('repositoryName'))}{next(iter(tags), '')}"


def packages(found: object) -> tuple[str, list[str]]:
    """Return the location that packages make, and a line of evidence on each."""
    listed = [package for package in map(mapping, sequence(found)) if first(package.get("name"))]
    return place(*sorted({_purl(package) for package in listed})), [_installed(package) for package in listed]


def _purl(package: Mapping[str, Any]) -> str:
    kind = _KINDS.get(first(package.get("packageManager")).upper(), "generic")
    return purl(kind, first(package.get("name")).replace(":", "/"))


def _installed(package: Mapping[str, Any]) -> str:
    release = first(package.get("release"))
    version = first(package.get("version")) + (f"-{release}" if release else "")
    path, fixed, advice = (said(package.get(name)) for name in ("filePath", "fixedInVersion", "remediation"))
    parts = (f"{first(package.get('name'))} {version}", path, f"fixed in {fixed}" if fixed else "", advice)
    return ", ".join(filter(None, parts))


def said(value: object) -> str:
    """Return a text, "" for those that stand for none."""
    text = first(value)
    return "" if text in _NONE else text


def flaw(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a Definition that both say of a vulnerability of packages, but its EPSS."""
    vendor = mapping(details.get("vendor"))
    related = [first(text) for text in sequence(details.get("relatedVulnerabilities"))]
    return {
        "see_also": links(details.get("sourceUrl"), vendor.get("url"), details.get("referenceUrls")),
        "cves": cves(details.get("id"), details.get("vulnerabilityId"), *related),
        "references": tuple(text for text in related if text and not cves(text)),
        "published_on": read_day(first(details.get("vendorCreatedAt"), vendor.get("vendorCreatedAt"))),
        "modified_on": read_day(first(details.get("vendorUpdatedAt"), vendor.get("vendorUpdatedAt"))),
        **scores(details.get("cvss")),
    }


def scores(found: object) -> dict[str, Any]:
    """Return the members cvss*_score and cvss*_vector of a Definition; the first of a version holds."""
    made: dict[str, Any] = {}
    for entry in map(mapping, sequence(found)):
        one = cvss(first(entry.get("baseVector"), entry.get("scoringVector")))
        version, stated = str(entry.get("version"))[:1], score(entry.get("baseScore", entry.get("score")))
        if version in _VERSIONS and stated is not None:
            one[f"cvss{version}_score"] = stated
        made = one | made
    return made


def exploited(word: object) -> bool | None:
    """Return what YES and NO mean, None for anything else."""
    return {"YES": True, "NO": False}.get(first(word))


def advice(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return how to remedy a finding, and a link."""
    recommended = mapping(mapping(found.get("remediation")).get("recommendation"))
    return said(recommended.get("text")), first(recommended.get("url"))
