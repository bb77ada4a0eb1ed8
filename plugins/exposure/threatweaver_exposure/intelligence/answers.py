"""What is stored of a CVE as answers have it: vectors scored, SSVC decided, aliases as a class."""

from collections.abc import Mapping
from typing import Any

import orjson

from threatweaver_exposure.engine import ssvc
from threatweaver_exposure.engine.reading import words
from threatweaver_exposure.intelligence import queries
from threatweaver_exposure.intelligence.feeds import FEEDS

_VERSIONS = {"cvss2": "2.0", "cvss3": "3", "cvss4": "4.0"}
_WORST = {"cvss2": words.HIGH, "cvss3": words.CRITICAL, "cvss4": words.CRITICAL}
_SEVERITIES = ("NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL")


async def feeds() -> list[dict[str, Any]]:
    """Return every feed with the snapshot of it that holds; nulls where there was none yet."""
    held = {row["feed"]: row for row in await queries.held()}
    return [
        {
            "feed": name,
            "title": feed.title,
            "published": row and row["published"],
            "importedAt": row and row["imported_at"],
            "ageSeconds": row and max(0, row["age"]),
            "records": row and row["records"],
            "keyId": row and row["key_id"],
        }
        for name, feed in FEEDS.items()
        for row in [held.get(name)]
    ]


async def cve(name: str) -> dict[str, Any]:
    """Return all that the feeds say of a CVE."""
    row = await queries.cve(name)
    return {
        "cve": name,
        "state": row["state"],
        "published": row["published"],
        "updated": row["updated"],
        "title": row["title"],
        "kev": row["kev"] and _kev(orjson.loads(row["kev"])),
        "epss": None
        if row["score"] is None
        else {"score": row["score"], "percentile": row["percentile"], "date": row["day"]},
        "cvss": [
            scored for item in orjson.loads(row["cvss"] or "[]") for scored in [_cvss(**item)] if scored
        ],
        "cwes": [f"CWE-{number}" for number in row["cwes"] or ()],
        "ssvc": _of_cve(row),
        "aliases": (await aliases(name))["edges"],
    }


async def aliases(name: str) -> dict[str, Any]:
    """Return the class of an id: its members, its name, and who says so of which two."""
    rows = await queries.aliases(name)
    members = {name, *(row["advisory"] for row in rows), *(row["alias"] for row in rows)}
    return {
        "id": name,
        "name": min(members, key=_rank),
        "members": sorted(members, key=_rank),
        "edges": [{"id": row["advisory"], "alias": row["alias"], "saidBy": row["advisory"]} for row in rows],
        "truncated": len(members) >= queries.MOST_IDS,
    }


def ssvc_of(found: str | None, criticality: int | None) -> dict[str, Any] | None:
    """Return the decision for a vulnerability by the CVE of its definition that can wait least, and its path.

    `found` is what queries.SSVC_OF_D makes; None where no snapshot knows the points of any CVE.
    """
    mission = ssvc.mission(criticality)
    decided = [
        {
            "decision": ssvc.decide(points, mission),
            "cve": item["cve"],
            "path": [
                *_path(points, kev=item["kev"]),
                {
                    "point": "missionAndWellBeing",
                    "value": mission,
                    "source": "assumed" if criticality is None else "criticality",
                },
            ],
        }
        for item in orjson.loads(found or "[]")
        for points in [
            _points(item["exploitation"], item["automatable"], item["technicalImpact"], kev=item["kev"])
        ]
    ]
    return max(decided, key=lambda item: ssvc.DECISIONS.index(item["decision"]), default=None)


def _of_cve(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["exploitation"] is None:
        return None
    kev = row["kev"] is not None
    points = _points(row["exploitation"], row["automatable"], row["technical_impact"], kev=kev)
    decisions = [
        {"missionAndWellBeing": mission, "decision": ssvc.decide(points, mission)} for mission in ssvc.MISSION
    ]
    return {"path": _path(points, kev=kev), "decisions": decisions}


def _points(exploitation: str, automatable: bool, impact: str, *, kev: bool) -> ssvc.Points:  # noqa: FBT001
    """Return the points; what is in KEV is exploited, whatever the record of the CVE says yet."""
    return ssvc.Points("active" if kev else exploitation, automatable, impact)


def _path(points: ssvc.Points, *, kev: bool) -> list[dict[str, str]]:
    return [
        {"point": "exploitation", "value": points.exploitation, "source": "kev" if kev else "cve"},
        {"point": "automatable", "value": "yes" if points.automatable else "no", "source": "cve"},
        {"point": "technicalImpact", "value": points.technical_impact, "source": "cve"},
    ]


def _cvss(source: str, vector: str) -> dict[str, Any] | None:
    found = words.cvss(vector)
    for name, version in _VERSIONS.items():
        score = found.get(f"{name}_score")
        if score is not None:
            return {
                "source": source,
                "version": vector[5:8] if name == "cvss3" else version,
                "vector": vector,
                "score": score,
                "severity": _SEVERITIES[min(words.severity_of_score(score), _WORST[name])],
            }
    return None


def _kev(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cve": row["cve"],
        "dateAdded": row["added"],
        "dueDate": row["due"],
        "ransomware": row["ransomware"],
        "vendor": row["vendor"],
        "product": row["product"],
        "name": row["name"],
        "requiredAction": row["action"],
        "cwes": [f"CWE-{number}" for number in row["cwes"]],
    }


def _rank(name: str) -> tuple[bool, bool, str]:
    return not name.startswith("CVE-"), not name.startswith("GHSA-"), name
