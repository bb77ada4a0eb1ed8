"""The advisories of npm's registry, which npm 6, pnpm and Yarn 1 write down as they get them."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Definition, Finding, Record
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.packages import check_id, ghsa, rated, refuse_others, scored, urls
from threatweaver_exposure.engine.reading.words import cves, cwes, first, mapping, place, purl, sequence

_MOST_PATHS = 50
_NO_PATCH = "<0.0.0"
# pnpm begins the path of a dependency with the project that has it: `.` or the folder, with `__` for `/`,
# which names such as @types/babel__core have, too.
_PROJECT = re.compile(r"\.\s*>|(?!@)[^>]*__[^>]*>")
_NPM_ONLY = {"actions", "muted", "runId"}


def read_audit(stream: BinaryIO, detects: Callable[[bytes, str], int]) -> Iterator[Record]:
    """Yield the records of a report that has its advisories by their ids."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose packages they are
    yield Coverage(None)  # every advisory is looked up for every package
    known = set[str]()
    for _, advisory in items(stream, "advisories.*"):
        if isinstance(advisory, dict):
            yield from records(advisory, known)
    if not known:
        refuse_others(stream, detects)


def records(advisory: Mapping[str, Any], known: set[str], path: str = "") -> Iterator[Record]:
    """Yield what an advisory says, and its finding: on one path of dependencies, or on all."""
    check = check_id(
        first(advisory.get("github_advisory_id")), *ghsa(advisory.get("url")), advisory.get("id")
    )
    scores = _scores(advisory)
    if check not in known:
        known.add(check)
        yield _definition(check, advisory, scores)
    yield Finding(
        0,
        check,
        rated(scores, advisory.get("severity")),
        output="\n".join(islice(_paths(advisory, path), _MOST_PATHS)) or None,
        location=place(purl("npm", advisory.get("module_name"))),
    )


def _scores(advisory: Mapping[str, Any]) -> dict[str, Any]:
    said = mapping(advisory.get("cvss"))
    return scored(said.get("vectorString"), said.get("score"))


def _definition(check: str, advisory: Mapping[str, Any], scores: dict[str, Any]) -> Definition:
    module = first(advisory.get("module_name"))
    return Definition(
        check,
        first(advisory.get("title"), check),
        family="npm",
        synopsis=f"Affects {module} {first(advisory.get('vulnerable_versions'))}".strip(),
        description=first(advisory.get("overview")),
        solution=_solution(module, advisory),
        see_also=urls(advisory.get("url"), advisory.get("references")),
        cves=cves(advisory.get("cves")),
        cwes=cwes(advisory.get("cwe")),
        published_on=read_day(first(advisory.get("created"))),
        modified_on=read_day(first(advisory.get("updated"))),
        references=ghsa(check, advisory.get("url")),
        **scores,
    )


def _solution(module: str, advisory: Mapping[str, Any]) -> str:
    said, patched = first(advisory.get("recommendation")), first(advisory.get("patched_versions"))
    if said and said != "None":
        return said
    return f"Update {module} to {patched}." if patched and patched != _NO_PATCH else ""


def _paths(advisory: Mapping[str, Any], only: str) -> Iterator[str]:
    for found in map(mapping, sequence(advisory.get("findings"))):
        label = f"{first(advisory.get('module_name'))} {first(found.get('version'))}"
        note = " (development)" if found.get("dev") is True else ""
        for path in sequence(found.get("paths")):
            if not only or path == only:
                yield f"{label}: {path}{note}"


def audit_of(head: bytes) -> str:
    """Return which tool wrote the beginning of an audit, `npm` or `pnpm`; "" when it is none."""
    seen = peek(head)
    if not (seen.has("advisories", "metadata") or seen.has("actions.[].resolves.[].path")):
        return ""
    paths = [value for key, value in seen.values.items() if key.endswith((".paths.[]", ".resolves.[].path"))]
    written = any(_PROJECT.match(str(path)) for path in paths) or not seen.keys & _NPM_ONLY
    return "pnpm" if written else "npm"


def told(head: bytes, tool: str) -> int:
    """Return how surely a file is an audit by this tool."""
    return CERTAIN if audit_of(head) == tool else 0
