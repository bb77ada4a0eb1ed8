"""When findings of different tools are one flaw of an asset: recipes, which are data, and the keys they make.

Recipe 1 tells by source, check and place alone. Recipe 2 tries what the kinds of flaws are known by, in
this order, and falls back to recipe 1 where a finding lacks a field: it never guesses.

- package: class of aliases (CVE, GHSA, OSV) and package
- server: a known equivalent of a check of TLS or headers, and port
- network: the one CVE of a definition, port and protocol
- code: file, line and weakness
- web: port, method, path, parameter and weakness
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from threatweaver_exposure.engine.equivalents import (
    CODE_CHECKS,
    HEADER_CHECKS,
    HEADERS,
    SAME_CHECK,
    VENDORS,
    WEAKNESSES,
    WEB_CHECKS,
)


class Seen(NamedTuple):
    """What a finding is told by."""

    source: str
    """The format of the report."""
    check: str
    port: int = 0
    protocol: str = ""
    location: str = ""
    cves: tuple[str, ...] = ()
    cwes: tuple[int, ...] = ()
    references: tuple[str, ...] = ()
    """Other ids, of which GHSA and OSV ones count."""
    output: str = ""
    """Of source code, it begins with `file:line`."""


class Identity(NamedTuple):
    """Which flaw of an asset a finding is of, and why."""

    recipe: int
    kind: str
    fields: tuple[tuple[str, str], ...]
    """Names and values."""

    @property
    def key(self) -> str:
        """One text for one flaw; comparable within an asset and a version of the recipe."""
        return "\n".join((self.kind, *(f"{name}={value}" for name, value in self.fields)))


class Alias(NamedTuple):
    """Two ids of one flaw, and who says so."""

    one: str
    other: str
    source: str


Fields = tuple[tuple[str, str], ...] | None
Classes = Mapping[str, str]


class Recipe(NamedTuple):
    """A version of how findings are told apart: kinds, tried in this order."""

    version: int
    name: str
    kinds: tuple[str, ...]


RECIPES: Mapping[int, Recipe] = {
    1: Recipe(1, "By source and check", ("check",)),
    2: Recipe(2, "By flaw", ("package", "server", "network", "code", "web", "check")),
}

ADVISORY = re.compile(r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|(?:RUSTSEC|PYSEC|GO|MAL)-\d{4}-\d+)\b")
_PURL = re.compile(r"pkg:([a-z]+)/([^\s@?#]+)")
_DISTRIBUTED = frozenset({"deb", "rpm", "apk", "generic"})
_LINE = re.compile(r"(.+):(\d+)")
_REQUEST = re.compile(
    r"(?:(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) )?(/[^\s\[]*)(?: \[?([\w.-]+)(?: (?:parameter|cookie)\])?)?"
)
_NETWORK = frozenset(
    {"tenable", "greenbone", "qualys", "nexpose_xml", "nuclei_json", "sslyze", "testssl_csv"}
)
_CODE = frozenset(
    {"bandit_json", "semgrep_json", "gosec_json", "sarif", "brakeman_json", "gitlab_json", "spotbugs_xml"}
)
_WEB = frozenset(
    {"zap", "burp", "arachni_json", "acunetix_xml", "acunetix360_json", "netsparker_json", "wapiti_xml"}
)


def alias_classes(aliases: Iterable[Alias], split: Collection[frozenset[str]] = ()) -> dict[str, str]:
    """Return the name of the class of every id: its CVE, else the first by name.

    Pairs in `split` are said by a person to be no aliases. Two CVEs never become one class,
    for they are two flaws: of aliases that would join them, the first said holds.
    """
    members: dict[str, set[str]] = {}
    for one, other, _ in aliases:
        if frozenset((one, other)) in split:
            continue
        joined = members.get(one, {one}) | members.get(other, {other})
        if sum(name.startswith("CVE-") for name in joined) <= 1:
            members.update(dict.fromkeys(joined, joined))
    return {name: min(joined, key=_rank) for name, joined in members.items()}


def identity(seen: Seen, version: int = 2, classes: Classes | None = None) -> Identity:
    """Return which flaw a finding is of by a recipe; KeyError for a version that is none."""
    for kind in RECIPES[version].kinds:
        fields = _KINDS[kind](seen, classes or {})
        if fields is not None:
            return Identity(version, kind, fields)
    raise AssertionError("every recipe ends with a kind that takes all")


def differences(one: Identity, other: Identity) -> dict[str, tuple[str, str]]:
    """Return each field that differs and both its values, "" where one has none."""
    left, right = (dict(each.fields, kind=each.kind) for each in (one, other))
    names = dict.fromkeys((*left, *right))
    return {
        name: (left.get(name, ""), right.get(name, "")) for name in names if left.get(name) != right.get(name)
    }


def _rank(name: str) -> tuple[bool, bool, str]:
    return not name.startswith("CVE-"), not name.startswith("GHSA-"), name


def _package(seen: Seen, classes: Classes) -> Fields:
    found = _PURL.match(seen.location)
    advisory = _advisory(seen, classes)
    if not found or not advisory:
        return None
    ecosystem, name = found[1], unquote(found[2]).lower()
    if ecosystem in _DISTRIBUTED:  # a bill without a package URL does not know which distribution it is of
        ecosystem, name = "", name.rpartition("/")[2]
    if ecosystem == "pypi":
        name = re.sub(r"[-_.]+", "-", name)
    return ("advisory", advisory), ("ecosystem", ecosystem), ("package", name)


def _advisory(seen: Seen, classes: Classes) -> str:
    """The class of the advisory: its CVEs, else the check if it is an advisory's id, else one other id."""
    if seen.cves:
        return " ".join(sorted({classes.get(cve, cve) for cve in seen.cves}))
    own = ADVISORY.findall(seen.check) or ADVISORY.findall(" ".join(seen.references))
    named = {classes.get(name, name) for name in own}
    return named.pop() if len(named) == 1 else ""


def _server(seen: Seen, _: Classes) -> Fields:
    check = (_vendor(seen), seen.check)
    if check in HEADER_CHECKS:
        said = {flaw for header, flaw in HEADERS.items() if header in seen.location.lower()}
        flaw = said.pop() if len(said) == 1 else None
    else:
        flaw = SAME_CHECK.get(check)
    return (("flaw", flaw), ("port", str(seen.port))) if flaw else None


def _network(seen: Seen, _: Classes) -> Fields:
    if _vendor(seen) not in _NETWORK or len(set(seen.cves)) != 1:
        return None
    return ("cve", seen.cves[0]), ("port", str(seen.port)), ("protocol", seen.protocol)


def _code(seen: Seen, _: Classes) -> Fields:
    found = _LINE.fullmatch(seen.output.partition("\n")[0])
    if seen.source not in _CODE or not found:
        return None
    check = seen.check.rpartition(":")[2]
    weakness = CODE_CHECKS.get(check) or CODE_CHECKS.get(check.rpartition(".")[2]) or _weakness(seen)
    if not weakness:
        return None
    file = found[1].replace("\\", "/").removeprefix("./")
    return ("file", file), ("line", found[2]), ("weakness", weakness)


def _web(seen: Seen, _: Classes) -> Fields:
    vendor, found = _vendor(seen), _REQUEST.fullmatch(seen.location)
    weakness = WEB_CHECKS.get((vendor, seen.check)) or _weakness(seen)
    if vendor not in _WEB or not found or not found[3] or not weakness:
        return None
    method, path, parameter = found.groups()
    return (
        ("port", str(seen.port)),
        ("method", method or "GET"),
        ("path", unquote(path)),
        ("parameter", parameter),
        ("weakness", weakness),
    )


def _check(seen: Seen, _: Classes) -> Fields:
    return (
        ("source", seen.source),
        ("check", seen.check),
        ("port", str(seen.port)),
        ("protocol", seen.protocol),
        ("location", seen.location),
    )


def _weakness(seen: Seen) -> str:
    named = {WEAKNESSES[cwe] for cwe in seen.cwes if cwe in WEAKNESSES}
    return named.pop() if len(named) == 1 else ""


def _vendor(seen: Seen) -> str:
    return VENDORS.get(seen.source, seen.source)


_KINDS: Mapping[str, Callable[[Seen, Classes], Fields]] = {
    "package": _package,
    "server": _server,
    "network": _network,
    "code": _code,
    "web": _web,
    "check": _check,
}
