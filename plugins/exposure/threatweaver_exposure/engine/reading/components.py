"""Components and what is known of their flaws, as scanners of images and bills of materials say it."""

from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import unquote

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine.reading.json_items import items
from threatweaver_exposure.engine.reading.words import cves, cvss, first, purl, score

_WORDS = {  # what scanners call the types of package URLs
    "pypi": "pip pipenv poetry python python-pkg uv",
    "npm": "yarn pnpm node node-pkg javascript",
    "maven": "jar pom gradle sbt java java-archive",
    "golang": "gobinary gomod gomodules go go-module",
    "gem": "bundler gemspec rubygems ruby",
    "cargo": "rust rustbinary rust-binary rust-crate",
    "nuget": "dotnet dotnet-core packages-props",
    "composer": "php php-composer composer-vendor",
}
_DISTRIBUTIONS = {
    "deb": "debian ubuntu",
    "apk": "alpine wolfi chainguard",
    "rpm": "redhat centos rocky alma fedora amazon oracle photon cbl-mariner azurelinux suse opensuse",
}
_TYPES = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_SYSTEMS = {word: kind for kind, words in _DISTRIBUTIONS.items() for word in words.split()}


def sections(stream: BinaryIO, *paths: str) -> Iterator[tuple[str, Any]]:
    """Yield what `items` does, and refuse a file that has nothing at any of these paths."""
    fits = False
    for pair in items(stream, *paths):
        fits = True
        yield pair
    if not fits:
        raise ReportError(
            ReportFault.UNSUPPORTED, "the file has no section of the format that it seemed to have"
        )


def package(kind: object, name: str) -> str:
    """Return the package URL without a version, "" without a name.

    `kind` is a scanner's word for where it comes from: a tool (`pip`, `gobinary`), a type of package URLs,
    or an operating system (`debian:11`).
    """
    if not name:
        return ""
    word = str(kind or "generic").lower().partition(":")[0]
    if word in _SYSTEMS:
        return purl(_SYSTEMS[word], name, word)
    made = _TYPES.get(word, word)
    if made == "maven":
        name = name.replace(":", "/")
    elif made == "pypi":
        name = name.lower().replace("_", "-")
    return purl(made, name)


def unversioned(text: object) -> str:
    """Return a package URL in one spelling, without version, qualifiers and subpath; "" for what is none.

    Qualifiers go because they name a release of the operating system.
    """
    said = first(text).partition("?")[0].partition("#")[0]
    kind, _, rest = said[4:].strip("/").partition("/")
    if not said.lower().startswith("pkg:") or not rest:
        return ""
    path, slash, name = rest.rpartition("/")
    return purl(kind, unquote(path + slash + name[:1] + name[1:].partition("@")[0]))


def elsewhere(path: object, version: object) -> str:
    """Return a path in which the version of its package is left open, since it changes while a flaw stays."""
    said, release = first(path), first(version)
    return said.replace(release, "*") if len(release) > 2 else said


def folder(path: object) -> str:
    """Return the name of a folder that was scanned; "" for that where the scanner ran: it names nothing."""
    said = first(path).strip("\"' ")
    return said if said.strip("./\\") else ""


def scores(*rated: tuple[object, object]) -> dict[str, Any]:
    """Return the members of a Definition for (vector, stated score), of each CVSS version the first.

    A stated score wins over the one that its vector makes.
    """
    found: dict[str, Any] = {}
    for vector, stated in reversed(rated):
        made, said = cvss(vector), score(stated)
        found |= made if said is None else {key: said if key.endswith("score") else made[key] for key in made}
    return found


def others(check: str, *ids: object) -> tuple[str, ...]:
    """Return the ids of a flaw that are neither CVEs nor its own, each once."""
    found = dict.fromkeys(str(item).strip() for item in ids if isinstance(item, str | int) and item)
    return tuple(item for item in found if item and item != check and not cves(item))
