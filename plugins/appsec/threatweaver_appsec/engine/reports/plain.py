"""Results as JSON, JUnit, HAR, and as a summary for a terminal."""

import json
import re
from collections import Counter
from dataclasses import asdict
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from threatweaver_appsec.engine.events import State
from threatweaver_appsec.engine.findings import Finding, to_record
from threatweaver_appsec.engine.reports.result import WORST_FIRST, Result

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(result: Result) -> str:
    """Return everything that is known of a scan."""
    document: dict[str, Any] = {
        "target": result.base,
        "state": result.state,
        "reason": result.reason,
        "seed": result.seed,
        "requests": result.requests,
        "seconds": result.seconds,
        "findings": [_told(finding) for finding in result.findings],
        "chains": [asdict(chain) for chain in result.chains],
        "coverage": result.coverage,
    }
    return json.dumps(document, indent=1)


def _told(finding: Finding) -> dict[str, Any]:
    """A finding without what only looking again needs."""
    record = to_record(finding)
    del record["beside"]
    return record


def to_har(result: Result) -> str:
    """Return the exchanges that prove the findings, as one HAR."""
    entries = [
        entry | {"comment": f"{finding.agent} {finding.fingerprint}"}
        for finding in result.findings
        for entry in finding.har["log"]["entries"]
    ]
    creator = {"name": "ThreatWeaver", "version": "1"}
    return json.dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}}, indent=1)


def to_junit(result: Result) -> str:
    """Return a test suite: a case for each agent, which fails with each finding of it; doubt is an error."""
    lines = []
    agents = [one["agent"] for one in result.coverage.get("agents", ())]
    for agent in agents:
        found = [one for one in result.findings if one.agent == agent]
        inside = "".join(
            f"<failure type={_attribute(one.severity)} message={_attribute(f'{one.title}: {one.place}')}>"
            f"{_text(one.says)}\n{_text(one.curl)}</failure>"
            for one in found
        )
        lines.append(
            f"<testcase classname={_attribute(result.base)} name={_attribute(agent)}>{inside}</testcase>"
        )
    errors = 0 if result.state is State.COMPLETED else 1
    if errors:
        said = f"<error message={_attribute(f'{result.state}: {result.reason}')}/>"
        lines.append(f'<testcase classname={_attribute(result.base)} name="scan">{said}</testcase>')
    failed = len({one.agent for one in result.findings})
    counts = f'tests="{len(lines)}" failures="{failed}" errors="{errors}" time="{result.seconds}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="ThreatWeaver" {counts}>\n' + (
        "\n".join(lines) + "\n</testsuite>\n"
    )


def summary(result: Result) -> str:
    """Return what a person wants to know first."""
    counts = Counter(finding.severity for finding in result.findings)
    operations = len(result.coverage.get("operations", ()))
    said = ", ".join(f"{counts[severity]} {severity}" for severity in WORST_FIRST if counts[severity])
    lines = [
        f"{result.base}: {result.state}{f' ({result.reason})' if result.reason else ''}",
        f"{result.requests} requests in {result.seconds:.0f} s, {operations} operations, seed {result.seed}",
        said or "no findings",
    ]
    for one in result.findings:
        lines += [f"  {one.severity:<8} {one.title}  {one.place}", f"           {one.says}"]
    lines += [f"  chain: {chain.title} ({chain.severity})" for chain in result.chains]
    return printable("\n".join(lines))


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text))


def printable(text: str) -> str:
    """Return a text without what a terminal obeys: a target wrote part of it."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
