"""Vulnerabilities as results of SARIF 2.1.0, definitions as its rules. Pure."""

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

HEAD = (
    b'{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[\n'
    b'{"tool":{"driver":{"name":"ThreatWeaver","rules":[\n'
)
_FINGERPRINT = "threatweaver/v1"
_LEVELS = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note", "INFO": "none"}
# What the members of a result do not say themselves.
_PROPERTIES = (
    "severity",
    "state",
    "assetId",
    "assetName",
    "assetIp",
    "port",
    "protocol",
    "location",
    "cves",
    "firstSeen",
    "lastSeen",
    "unobservedSince",
)


def rule(row: Row) -> dict[str, Any]:
    """Return a definition as a rule; texts that a scanner did not give are left out."""
    texts = {"fullDescription": row["description"], "help": row["solution"]}
    return {
        "id": _rule_id(row),
        "shortDescription": {"text": row["name"]},
        **{name: {"text": text} for name, text in texts.items() if text},
    }


def result(row: Row) -> dict[str, Any]:
    """Return a vulnerability as a result; its id, which stays from export to export, is the fingerprint."""
    kind = _kind(row)
    accepted = [{"kind": "external", "status": "accepted"}]
    return {
        "ruleId": _rule_id(row),
        "kind": kind,
        "level": _LEVELS[row["severity"]] if kind == "fail" else "none",
        "message": {"text": row["name"]},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": _place(row), "kind": "resource"}]}],
        "fingerprints": {_FINGERPRINT: str(row["id"])},  # no GUID: those of SARIF are of versions 1 to 5
        "rank": row["riskScore"],
        "suppressions": accepted if row["state"] == "accepted" else [],  # on every result, or on none
        "properties": {name: row[name] for name in _PROPERTIES},
    }


def _rule_id(row: Row) -> str:
    return f"{row['source']}/{row['check']}"


def _kind(row: Row) -> str:
    """Return what a result says: there is a problem, there was one, or there is something to know."""
    if row["state"] == "fixed":
        return "pass"
    return "informational" if row["severity"] == "INFO" else "fail"


def _place(row: Row) -> str:
    if row["location"]:
        return f"{row['assetName']}/{row['location'].lstrip('/')}"
    return f"{row['assetName']}:{row['port']}/{row['protocol']}"
