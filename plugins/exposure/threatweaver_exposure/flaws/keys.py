"""From rows to flaws: what the engine's recipes make of vulnerabilities and their definitions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from threatweaver_exposure.engine.recipes import ADVISORY, Alias, Identity, Seen, alias_classes, identity

TOLD = """d.cves AS all_cves, d.cwes, d."references",
    split_part(left(e.output, 2000), E'\\n', 1) AS first_line"""
"""What a recipe looks at beside recipe 1, of definitions d and evidence e."""
COLUMNS = f"""d.source, coalesce(d.check_id, d.plugin_id::text) AS "check", v.port, v.protocol, v.location,
    {TOLD}"""
"""All that a recipe looks at, also of vulnerabilities v."""


def identity_of(row: Mapping[str, Any], recipe: int, classes: Mapping[str, str]) -> Identity:
    """Return which flaw a row with the columns above is of."""
    return identity(
        Seen(
            source=row["source"],
            check=row["check"],
            port=int(row["port"]),
            protocol=row["protocol"],
            location=row["location"],
            cves=tuple(row["all_cves"]),
            cwes=tuple(row["cwes"]),
            references=tuple(row["references"]),
            output=row["first_line"] or "",
        ),
        recipe,
        classes,
    )


def flaw_of(row: Mapping[str, Any], recipe: int, classes: Mapping[str, str]) -> tuple[UUID | None, str]:
    """Return the id of the flaw within its asset, None where only its check tells it; and its kind."""
    found = identity_of(row, recipe, classes)
    return None if found.kind == "check" else uuid5(NAMESPACE_OID, found.key), found.kind


def aliases(
    definitions: Iterable[Mapping[str, Any]], published: Iterable[tuple[str, str]] = ()
) -> dict[str, str]:
    """Return the class of each advisory: its CVE, by advisories, then by what definitions name together.

    `published` are pairs of an advisory and an id that it says to be the same. A definition (source, check,
    references, cves) that names several CVEs, or several ids of one list, says nothing of which is which.
    """
    told = (Alias(advisory, alias, advisory) for advisory, alias in published)
    return alias_classes(chain(told, (alias for row in definitions for alias in _said(row))))


def _said(row: Mapping[str, Any]) -> Iterable[Alias]:
    if len(row["cves"]) != 1:
        return
    named: dict[str, set[str]] = defaultdict(set)
    for found in ADVISORY.findall(" ".join((row["check"], *row["references"]))):
        named[found.partition("-")[0]].add(found)
    named.pop("CVE", None)
    for ids in named.values():
        if len(ids) == 1:
            yield Alias(row["cves"][0], ids.pop(), row["source"])
