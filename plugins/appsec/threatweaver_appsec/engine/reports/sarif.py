"""Results as SARIF 2.1.0, as code hosts show them."""

import json
import re
from typing import Any

from threatweaver_appsec.engine.agent import Severity
from threatweaver_appsec.engine.events import State
from threatweaver_appsec.engine.findings import Finding
from threatweaver_appsec.engine.reports.result import Result

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}
SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.0",
}


def to_sarif(result: Result) -> str:
    """Return one run; `executionSuccessful` is false where the scan is in doubt."""
    rules = {finding.agent: _rule(finding) for finding in result.findings}
    order = list(rules)
    invocation: dict[str, Any] = {
        "executionSuccessful": result.state is State.COMPLETED,
        "exitCodeDescription": result.state,
    }
    if result.reason:
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": result.reason}}]
    run = {
        "tool": {
            "driver": {
                "name": "ThreatWeaver",
                "informationUri": "https://owasp.org/www-project-top-ten/",
                "rules": list(rules.values()),
            }
        },
        "invocations": [invocation],
        "results": [_result(finding, order.index(finding.agent)) for finding in result.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.agent,
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": finding.description},
        "help": {"text": finding.remedy},
        "properties": {
            "tags": ["security", f"external/cwe/cwe-{finding.cwe}", finding.owasp],
            "security-severity": SCORES[finding.severity],
        },
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    return {
        "ruleId": finding.agent,
        "ruleIndex": rule,
        "level": LEVELS.get(finding.severity, "note"),
        "message": {"text": _unlinked(f"{finding.title} at {finding.place}. {finding.says}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": finding.url},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": finding.place}],
            }
        ],
        "partialFingerprints": {"threatweaver/v1": finding.fingerprint},
        "properties": {"severity": finding.severity, "curl": finding.curl, "excerpt": finding.excerpt},
    }


def _unlinked(text: str) -> str:
    """The text without links: viewers make them of [words](address), and a target wrote part of it."""
    return re.sub(r"([\\\[\]])", r"\\\1", text)
