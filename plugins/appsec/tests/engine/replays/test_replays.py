"""Each finding's line reproduces it with the real curl, and its retest tells the twins of the lab apart."""

import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the modules that stand beside this file

from lab_scans import listener, twin
from telltales import Garbled, reproduces, run

from threatweaver_appsec.engine.agent import Telltale
from threatweaver_appsec.engine.retest import Still


@dataclass(frozen=True)
class Family:
    """Cases, and how many findings which agents have there."""

    cases: tuple[str, ...]
    findings: dict[str, int]
    accounts: bool = False
    """Whether the pages that sign in and register are attacked, too."""


TRIES = 5

FAMILIES = {
    "queries": Family(
        ("sqli-error", "sqli-boolean", "sqli-json", "sqli-header"), {"sql-error": 3, "sql-boolean": 1}
    ),
    "other queries": Family(
        ("nosql-json", "nosql-query", "ldap", "xpath"), {"nosql": 3, "ldap": 1, "xpath": 1}
    ),
    "code": Family(("command-output", "ssti"), {"os-command": 1, "template-injection": 1}),
    "files": Family(
        ("traversal", "file-inclusion", "xxe-file"), {"path-traversal": 2, "file-inclusion": 1, "xxe": 1}
    ),
    "callbacks": Family(("ssrf", "file-inclusion-remote", "xxe-callback"), {"ssrf": 2, "xxe-callback": 1}),
    "times": Family(("enumeration-time",), {"user-enumeration-timing": 1}, accounts=True),
    "pages": Family(
        ("xss-text", "xss-attribute", "xss-script", "xss-url", "redirect-header", "redirect-meta",
         "redirect-script", "header-injection", "xss-dom-query", "xss-dom-fragment"),
        {"reflected-xss": 4, "open-redirect": 3, "header-injection": 1, "dom-xss": 2},
    ),
    "answers": Family(
        ("cookie-flags", "clickjacking", "missing-headers", "directory-listing", "secret-script",
         "secret-key", "file-git", "file-env", "cors", "component-server", "component-script"),
        {"cookie-httponly": 1, "clickjacking": 1, "nosniff": 1, "directory-listing": 1, "secret-in-answer": 2,
         "repository-exposed": 2, "configuration-exposed": 1, "cors": 1, "csp-weak": 1,
         "version-banner": 1},
    ),
    "graphs": Family(
        ("graphql-introspection", "graphql-depth", "graphql-batching"),
        {"graphql-introspection": 1, "graphql-depth": 1, "graphql-batching": 1},
    ),
    "people": Family(
        ("bola", "bfla", "broken-authentication", "mass-assignment", "xss-stored", "upload", "race",
         "weak-password", "enumeration-message"),
        {"bola-read": 1, "bfla": 1, "missing-authentication": 1, "mass-assignment": 1, "xss-stored": 1,
         "file-upload": 1, "race-condition": 1, "weak-password-policy": 1, "user-enumeration": 1},
        accounts=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
async def test_each_line_reproduces_and_the_retest_tells_the_twins_apart(name):
    family = FAMILIES[name]
    async with twin(family.cases, safe=False, accounts=family.accounts) as vulnerable:
        findings, listened = await vulnerable.scan(family.findings)
        counts = {agent: sum(one.agent == agent for one in findings) for agent in family.findings}
        assert counts == family.findings
        async with listener(listened) as called:
            for finding in findings:
                assert await shows(finding, vulnerable, called), finding
                again = await vulnerable.again(finding)
                assert again.state is Still.OPEN, (finding.agent, finding.place, again.says)
    port = urlsplit(vulnerable.base).port
    async with (
        twin(family.cases, safe=True, port=port, accounts=family.accounts) as safe,
        listener(listened) as called,
    ):
        for finding in findings:
            assert not await shows(finding, safe, called), finding
            again = await safe.again(finding)
            assert again.state is Still.CLOSED, (finding.agent, finding.place, again.says)


async def shows(finding, at, called):
    """Whether the line reproduces; times and races, which a busy machine disturbs, get further chances."""
    hard = finding.telltale is Telltale.TIME or "& wait" in finding.curl
    for _ in range(TRIES if hard else 1):
        called.clear()
        try:
            answers = await run(finding.curl, at.environment)
        except Garbled:
            assert hard, finding.curl
            continue
        if reproduces(finding, answers, called=called):
            return True
    return False
