"""Packages and what is known of their flaws, as scanners of dependencies and bills of materials say it."""

from typing import Any
from urllib.parse import unquote

from threatweaver_exposure.engine.reading.words import cves, cvss, first, number, purl, score

_TYPES = {
    **dict.fromkeys("pip pipenv poetry python python-pkg uv".split(), "pypi"),
    **dict.fromkeys("yarn pnpm node node-pkg javascript".split(), "npm"),
    **dict.fromkeys("jar pom gradle sbt java java-archive".split(), "maven"),
    **dict.fromkeys("gobinary gomod gomodules go go-module".split(), "golang"),
    **dict.fromkeys("bundler gemspec rubygems ruby".split(), "gem"),
    **dict.fromkeys("rust rustbinary rust-binary rust-crate".split(), "cargo"),
    **dict.fromkeys("dotnet dotnet-core packages-props".split(), "nuget"),
    **dict.fromkeys("php php-composer composer-vendor".split(), "composer"),
}
_SYSTEMS = {
    **dict.fromkeys("debian ubuntu".split(), "deb"),
    **dict.fromkeys("alpine wolfi chainguard".split(), "apk"),
    **dict.fromkeys("redhat centos rocky alma fedora amazon oracle photon cbl-mariner suse opensuse".split(), "rpm"),
}


def package(kind: object, name: str) -> str:
    """Return the package URL without a version for a scanner's word for where a package comes from.

    That is a tool (`pip`, `gobinary`), a type, or an operating system (`debian:11`).
    """
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
    """Return a package URL without version, qualifiers and subpath; "" for what is none.

    Qualifiers go because they name a release of the operating system.
    """
    said = first(text).partition("?")[0].partition("#")[0]
    if not said.lower().startswith("pkg:") or "/" not in said:
        return ""
    kind, _, rest = said[4:].strip("/").partition("/")
    path, slash, name = rest.rpartition("/")
    return purl(kind, unquote(path + slash + (name[:1] + name[1:].partition("@")[0])))


def elsewhere(path: object, version: object) -> str:
    """Return a path in which the version of its package is left open, since it changes while a flaw stays."""
    said, release = first(path), first(version)
    return said.replace(release, "*") if len(release) > 2 else said


def scores(*rated: tuple[object, object]) -> dict[str, Any]:
    """Return the members of a Definition for (vector, stated score), of each CVSS version the first.

    A stated score wins over the one that its vector makes.
    """
    found: dict[str, Any] = {}
    for vector, stated in reversed(rated):
        made, said = cvss(vector), score(stated)
        found |= made if said is None else {key: said if key.endswith("score") else made[key] for key in made}
    return found


def probability(value: object) -> float | None:
    """Return a number of 0 to 1, else None."""
    made = number(value)
    return made if made is not None and 0 <= made <= 1 else None


def others(check: str, *ids: object) -> tuple[str, ...]:
    """Return the ids of a flaw that are neither CVEs nor its own, each once."""
    found = dict.fromkeys(str(item).strip() for item in ids if isinstance(item, str | int) and item)
    return tuple(item for item in found if item and item != check and not cves(item))
