"""Audits of packages: what the real reports say, and the rules that no real report shows."""

import json
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from format_samples import detected, findings, parsed
from nessus_samples import SCANS

from threatweaver.reports import UNDATED, Asset, Coverage, Definition, ReportError, ReportFault
from threatweaver_exposure.engine.parsers import (
    cargo_audit,
    composer_audit,
    dependency_check_xml,
    govulncheck,
    npm_audit6,
    npm_audit7,
    osv_scanner,
    pip_audit,
    pnpm_audit,
    yarn_audit,
)
from threatweaver_exposure.engine.reading.components import unversioned
from threatweaver_exposure.engine.reading.packages import rated, scored, urls

PARSERS = (
    cargo_audit,
    composer_audit,
    dependency_check_xml,
    govulncheck,
    npm_audit6,
    npm_audit7,
    osv_scanner,
    pip_audit,
    pnpm_audit,
    yarn_audit,
)


def read(data):
    """The format, the last word on the asset, the definitions by check, the findings."""
    parser = detected(data)
    records = parsed(parser, data)
    assert Coverage(None) in records
    asset = [record for record in records if isinstance(record, Asset)][-1]
    definitions = {record.check: record for record in records if isinstance(record, Definition)}
    return parser.name, asset, definitions, findings(records)


def written(*values):
    return "\n".join(map(json.dumps, values)).encode()


REAL = [
    (
        "cargo_audit/dd__cargo_audit__many_findings_cvss.json",
        ("RUSTSEC-2026-0047", 3, "pkg:cargo/aws-lc-sys"),
        "aws-lc-sys 0.36.0, patched in >=0.38.0",
        {
            "name": "PKCS7_verify Signature Validation Bypass in AWS-LC",
            "cves": ("CVE-2026-3338",),
            "references": ("GHSA-hfpc-8r3f-gw53", "GHSA-jchq-39cv-q4wj"),
            "cvss3_score": 7.5,
            "cvss3_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N",
            "solution": "Update aws-lc-sys to >=0.38.0.",
            "published_on": date(2026, 3, 2),
        },
    ),
    (
        "composer_audit/dd__composer_audit__composer_audit_one_vuln.json",
        ("PKSA-pwh8-d4fr-nywn", 4, "pkg:composer/league/flysystem"),
        "affected versions <1.1.4|>=2.0.0,<2.1.1",
        {
            "name": "TOCTOU Race Condition enabling remote code execution",
            "cves": ("CVE-2021-32708",),
            "references": ("GHSA-9f46-5r25-5wfm",),
            "published_on": date(2021, 6, 23),
        },
    ),
    (
        "npm_audit6/dd__npm_audit__one_vuln.json",
        ("146", 4, "pkg:npm/growl"),
        "growl 1.9.2: mocha-jenkins-reporter>mocha>growl (development)",
        {
            "name": "Command Injection",
            "synopsis": "Affects growl <1.10.2",
            "solution": "Update to version 1.10.2 or later.",
            "cves": ("CVE-2017-16042",),
            "cwes": (94,),
            "see_also": (
                "https://www.npmjs.com/advisories/146",
                "https://github.com/tj/node-growl/issues/60",
                "https://github.com/tj/node-growl/pull/61",
            ),
            "published_on": date(2016, 9, 6),
            "modified_on": date(2018, 3, 2),
        },
    ),
    (
        "npm_audit7/dd__npm_audit_7_plus__many_vulns.json",
        ("GHSA-gxpj-cx7g-858c", 2, "pkg:npm/debug"),
        "fixed by vercel 32.3.0, a breaking change",
        {
            "name": "Regular Expression Denial of Service in debug",
            "synopsis": "Affects debug >=4.0.0 <4.3.1",
            "cwes": (400,),
            "cvss3_score": 5.3,
            "cvss3_vector": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L",
        },
    ),
    (
        "npm_audit7/dd__npm_audit_7_plus__many_vulns.json",
        ("vulnerable-dependency", 1, "pkg:npm/%40vercel/node"),
        "through undici",
        {"name": "Depends on vulnerable packages", "cvss3_score": None},
    ),
    (
        "pnpm_audit/dd__pnpm_audit__pnpm_audit_one_vuln.json",
        ("GHSA-xvch-5gv4-984h", 4, "pkg:npm/minimist"),
        "minimist 1.2.0: .>minimist",
        {
            "name": "Prototype Pollution in minimist",
            "cwes": (1321,),
            "solution": "Update minimist to >=1.2.6.",
        },
    ),
    (
        "yarn_audit/dd__yarn_audit__yarn_audit_many_vul.json",
        ("1179", 1, "pkg:npm/minimist"),
        "minimist 0.0.10: handlebars>optimist>minimist",
        {"name": "Prototype Pollution", "cwes": (471,), "cves": (), "published_on": date(2019, 9, 23)},
    ),
    (
        "pip_audit/dd__pip_audit__many_vulns.json",
        ("PYSEC-2021-439", 2, "pkg:pypi/django"),
        "django 3.2.9, fixed in 2.2.25 or 3.1.14 or 3.2.10",
        {"name": "PYSEC-2021-439 in django", "solution": "Update django to 2.2.25 or 3.1.14 or 3.2.10."},
    ),
    (
        "osv_scanner/dd__osv_scanner__some_findings.json",
        ("MAL-2023-1035", 2, "pkg:npm/flot-axis /tmp/components/yarn.lock"),
        "flot-axis 0.0.0 in /tmp/components/yarn.lock",
        {
            "name": "Malicious code in flot-axis (npm)",
            "cwes": (506,),
            "references": ("GHSA-8348-2q94-ffjx",),
            "published_on": date(2023, 8, 1),
            "modified_on": date(2023, 11, 8),
        },
    ),
    (
        "govulncheck/dd__govulncheck__many_vulns_new_version_custom_severity.json",
        ("GO-2021-0113", 1, "pkg:golang/golang.org/x/text"),
        "language.Parse\nvuln.tutorial.main (govulncheck/vulnerable/main.go:12)",
        {
            "name": "Out-of-bounds read in golang.org/x/text/language",
            "cves": ("CVE-2021-38561",),
            "references": ("GHSA-ppp9-7jff-5vj2",),
            "solution": "Fixed in golang.org/x/text 0.3.7.",
        },
    ),
    (
        "dependency_check_xml/dd__dependency_check__PR6439.xml",
        ("CVE-2020-15522", 2, "pkg:maven/org.bouncycastle/bcprov-jdk15on"),
        "the_bouncy_castle_crypto_package_for_java:*:*:*:*:*:*:*:* versionEndExcluding 1.66",
        {
            "cves": ("CVE-2020-15522",),
            "cwes": (362,),
            "cvss2_score": 4.3,
            "cvss2_vector": "AV:N/AC:M/Au:N/C:P/I:N/A:N",
            "cvss3_score": 5.9,
            "cvss3_vector": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N",
        },
    ),
    (
        "dependency_check_xml/dd__dependency_check__single_vuln.xml",
        ("CVE-0000-0001", 2, "pkg:maven/org.owasp/library"),
        "component2.dll",
        {"cvss2_score": 7.5, "cvss2_vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "cwes": ()},
    ),
]


@pytest.mark.skipif(not SCANS.is_dir(), reason="needs the real reports")
@pytest.mark.parametrize(("path", "finding", "output", "said"), REAL, ids=[row[0] for row in REAL])
def test_what_a_real_report_says(path, finding, output, said):
    name, asset, definitions, found = read((SCANS / path).read_bytes())
    assert name == path.partition("/")[0]
    told = next(item for item in found if (item.check, item.severity, item.location) == finding)
    assert output in told.output
    definition = definitions[told.check]._asdict()
    assert {key: definition[key] for key in said} == said
    if name != "dependency_check_xml":
        assert asset == Asset(0, "", finished_at=UNDATED)


@pytest.mark.skipif(not SCANS.is_dir(), reason="needs the real reports")
def test_dependency_check_names_its_project():
    path = "dependency_check_xml/dd__dependency_check__PR6439.xml"
    _, asset, _, found = read((SCANS / path).read_bytes())
    project = "Business Process Center - Runtime Environment"
    ended = datetime(2022, 12, 14, 1, 35, 43, 684166, tzinfo=UTC)
    assert asset == Asset(0, project, identifiers=(("application", project),), finished_at=ended)
    assert [sum(item.severity == level for item in found) for level in range(5)] == [0, 0, 16, 8, 2]


@pytest.mark.parametrize("module", PARSERS, ids=lambda module: module.PARSER.name)
@pytest.mark.parametrize(
    "data", [b'{"error": {"code": "ENOAUDIT"}}', b"[]", b"null", b'{"vulnerabilities": [1]}'], ids=str
)
def test_what_is_no_report_closes_nothing(module, data):
    with pytest.raises(ReportError) as refused:
        list(module.PARSER.parse(BytesIO(data)))
    assert refused.value.code is ReportFault.UNSUPPORTED


ADVISORY = {"id": 7, "module_name": "a", "severity": "high", "findings": [{"version": "1", "paths": ["x>a"]}]}
COUNTS = {"vulnerabilities": {"info": 0}, "totalDependencies": 1}


@pytest.mark.parametrize(
    ("format_name", "report"),
    [
        ("npm_audit6", {"actions": [], "advisories": {"7": ADVISORY}, "muted": [], "metadata": COUNTS}),
        ("npm_audit6", {"actions": [], "advisories": {}, "muted": [], "metadata": COUNTS}),
        (
            "npm_audit6",
            {
                "actions": [{"resolves": [{"id": 7, "path": "@types/babel__core>a"}]}],
                "advisories": {"7": ADVISORY},
                "muted": [],
            },
        ),
        (
            "pnpm_audit",
            {
                "actions": [{"resolves": [{"id": 7, "path": "packages__web>a"}]}],
                "advisories": {"7": ADVISORY},
                "muted": [],
                "metadata": COUNTS,
            },
        ),
        ("pnpm_audit", {"advisories": {}, "metadata": COUNTS}),
        ("composer_audit", {"advisories": [], "abandoned": []}),
        ("composer_audit", {"advisories": []}),
        ("osv_scanner", {"results": []}),
        ("pip_audit", {"dependencies": [], "fixes": []}),
        ("cargo_audit", {"lockfile": {"dependency-count": 1}, "settings": {"informational_warnings": []}}),
    ],
)
def test_formats_that_look_alike_are_told_apart(format_name, report):
    data = b"\n\n" + json.dumps(report, indent=1).encode()
    assert read(data)[0] == format_name


def test_an_advisory_of_npm_is_known_by_what_stays():
    said = {
        **ADVISORY,
        "url": "https://github.com/advisories/GHSA-vh95-rmgr-6w4m",
        "cwe": '["CWE-79", "CWE-80"]',
        "cvss": {"score": 0, "vectorString": None},
        "patched_versions": "<0.0.0",
        "recommendation": "None",
    }
    report = {"actions": [], "advisories": {"7": said, "8": None}, "metadata": COUNTS}
    _, _, definitions, [found] = read(json.dumps(report).encode())
    definition = definitions["GHSA-vh95-rmgr-6w4m"]
    assert (found.check, definition.cwes, definition.solution) == (definition.check, (79, 80), "")
    assert definition.cvss3_score is None  # 0 without a vector is none


def test_npm_7_takes_a_package_for_one_finding_of_its_worst_advisory():
    vias = [
        {
            "source": 1,
            "url": "https://github.com/advisories/GHSA-cccc-cccc-cccc",
            "severity": "high",
            "title": "C",
        },
        {
            "source": 2,
            "url": "https://github.com/advisories/GHSA-2222-2222-2222",
            "severity": "high",
            "title": "B",
        },
        {"source": 3, "title": "A", "severity": "low"},
        "b",
    ]
    package = {"name": "@a/a", "severity": "critical", "via": vias, "range": "*"}
    report = {"auditReportVersion": 2, "vulnerabilities": {"@a/a": package, "b": {"name": "b", "via": None}}}
    _, _, definitions, [first, second] = read(json.dumps(report).encode())
    assert (first.check, first.severity, first.location) == ("GHSA-2222-2222-2222", 4, "pkg:npm/%40a/a")
    assert {"GHSA-cccc-cccc-cccc", "3"} < definitions.keys()
    assert "GHSA-cccc-cccc-cccc: C" in first.output
    assert (second.check, second.severity) == ("vulnerable-dependency", 2)


def test_yarn_1_says_when_it_came_to_its_end():
    lines = [
        {"type": "info", "data": "hello"},
        *(
            {"type": "auditAdvisory", "data": {"resolution": {"path": path}, "advisory": ADVISORY}}
            for path in "xy"
        ),
    ]
    _, asset, definitions, found = read(written(*lines))
    assert asset.finished_at is None
    assert len(definitions) == 1
    assert [item.location for item in found] == ["pkg:npm/a"] * 2
    assert read(written(*lines, {"type": "auditSummary", "data": {}}))[1].finished_at == UNDATED


def test_yarn_4_has_lines_of_its_own():
    issue = {
        "ID": 1097678,
        "Issue": "Prototype Pollution in minimist",
        "URL": "https://github.com/advisories/GHSA-xvch-5gv4-984h",
        "Severity": "critical",
        "Vulnerable Versions": ">=1.0.0 <1.2.6",
        "Tree Versions": ["1.2.0"],
        "Dependents": ["app@workspace:."],
    }
    name, asset, _, [found] = read(written({"value": "minimist", "children": issue}))
    assert (name, asset.finished_at, found.severity) == ("yarn_audit", UNDATED, 4)
    assert (found.check, found.location) == ("GHSA-xvch-5gv4-984h", "pkg:npm/minimist")
    assert found.output == "minimist 1.2.0\nneeded by app@workspace:."


def test_composer_may_have_asked_in_vain():
    advisories = {"a/b": {"1": {"advisoryId": "PKSA-1", "packageName": "a/b", "title": "T"}}}
    _, asset, _, [found] = read(json.dumps({"advisories": advisories, "abandoned": {}}).encode())
    assert (found.check, found.severity, asset.finished_at) == ("PKSA-1", 2, UNDATED)
    report = {"advisories": advisories, "abandoned": {}, "unreachable-repositories": ["https://example.org"]}
    assert read(json.dumps(report).encode())[1].finished_at is None


def test_pip_audit_names_aliases_since_it_writes_an_object():
    vulns = [
        {"id": "GHSA-2222-2222-2222", "aliases": ["CVE-2024-1234", "PYSEC-2024-1"], "fix_versions": None}
    ]
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": vulns}, {"name": "b"}], "fixes": []}
    _, _, definitions, [found] = read(json.dumps(report).encode())
    assert found.output == "a 1, fixed in no version"
    assert definitions[found.check].cves == ("CVE-2024-1234",)
    assert definitions[found.check].references == ("PYSEC-2024-1",)


def osv_report(*entries, groups=(), ecosystem="Maven", name="org.a:b"):
    package = {"package": {"name": name, "version": "1", "ecosystem": ecosystem}}
    packages = [{**package, "vulnerabilities": list(entries), "groups": list(groups)}]
    return json.dumps({"results": [{"source": {"path": "/pom.xml"}, "packages": packages}]}).encode()


def test_osv_rates_by_word_then_by_vector_then_by_group():
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    entries = (
        {
            "id": "A-1",
            "severity": [{"score": vector}],
            "database_specific": {"severity": "MODERATE", "cwe_ids": ["CWE-1"]},
        },
        {"id": "A-2", "affected": [{"severity": [{"score": vector}]}, None]},
        {"id": "A-3"},
        {"id": "A-4", "aliases": None, "references": [None]},
    )
    _, _, definitions, found = read(
        osv_report(*entries, groups=[{"ids": ["A-3"], "max_severity": "7.5"}, None])
    )
    assert {item.check: item.severity for item in found} == {"A-1": 2, "A-2": 4, "A-3": 3, "A-4": 2}
    assert {item.location for item in found} == {"pkg:maven/org.a/b /pom.xml"}
    assert (definitions["A-1"].cvss3_score, definitions["A-1"].cwes) == (9.8, (1,))


def test_osv_counts_what_comes_twice():
    assert len(read(osv_report({"id": "A-1"}, {"id": "A-1"}, {"id": "A-2"}))[3]) == 3


def test_osv_names_packages_of_distributions():
    _, _, _, [found] = read(osv_report({"id": "DSA-1"}, ecosystem="Debian:11", name="curl"))
    assert found.location == "pkg:deb/debian/curl /pom.xml"


def test_govulncheck_writes_values_one_after_another():
    messages = [
        {"config": {"protocol_version": "v1.0.0"}},
        {"finding": {"osv": "GO-1", "trace": [{"module": "stdlib", "version": "v1.21.0"}]}},
        {"osv": {"id": "GO-1", "summary": "Braces }\n{ in text", "aliases": ["CVE-2024-1"]}},
        {"finding": {"osv": "GO-1", "trace": None}},
        {"finding": {}},
    ]
    pretty = "\n".join(json.dumps(message, indent=2) for message in messages).encode()
    for data in (pretty, written(*messages), json.dumps(messages).encode()):
        name, _, definitions, found = read(data)
        assert name == "govulncheck"
        assert [item.check for item in found] == ["GO-1", "GO-1", "unnamed"]
        assert found[0].location == "pkg:golang/stdlib"
        assert definitions["GO-1"].name == "Braces }\n{ in text"
    with pytest.raises(ReportError) as refused:
        list(govulncheck.PARSER.parse(BytesIO(pretty[:-4])))
    assert refused.value.code is ReportFault.TRUNCATED


def dependency_check(inner, *, scan="", namespace="4.1"):
    return (
        f'<?xml version="1.0"?><analysis xmlns="https://x/dependency-check.{namespace}.xsd"><scanInfo>{scan}</scanInfo>'
        f"<projectInfo><name>P</name></projectInfo><dependencies>{inner}</dependencies></analysis>"
    ).encode()


def test_dependency_check_of_today():
    inner = """
      <dependency><fileName>war.war: lib-1.2.jar: jquery-3.1.1.min.js</fileName>
        <filePath>/w/war.war/lib.jar</filePath>
        <vulnerabilities>
          <vulnerability source="NVD"><name>CVE-2024-1</name>
            <knownExploitedVulnerability><name>K</name></knownExploitedVulnerability>
            <cvssV4><vectorString>CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N</vectorString>
              <baseScore>9.3</baseScore></cvssV4></vulnerability>
          <suppressedVulnerability><name>CVE-2024-2</name></suppressedVulnerability>
        </vulnerabilities></dependency>"""
    _, asset, definitions, [found] = read(dependency_check(inner))
    assert (asset.name, asset.finished_at) == ("P", UNDATED)
    assert (found.check, found.severity) == ("CVE-2024-1", 4)
    assert found.location == "jquery.min.js war.war: lib.jar"
    assert (definitions["CVE-2024-1"].kev, definitions["CVE-2024-1"].cvss4_score) == (True, 9.3)


def test_dependency_check_that_lost_an_analyzer_is_not_whole():
    scan = "<analysisExceptions><exception><message>m</message></exception></analysisExceptions>"
    assert read(dependency_check("", scan=scan))[1].finished_at is None
    assert read(dependency_check(""))[1].finished_at == UNDATED


def test_what_a_package_is_called():
    assert unversioned("pkg:npm/@babel/core@7.0.0?x=y#z") == "pkg:npm/%40babel/core"
    assert unversioned("pkg:maven/org.a/b@1@2") == "pkg:maven/org.a/b"
    assert unversioned("pkg:npm/@x") == "pkg:npm/%40x"


def test_how_severe_an_advisory_is():
    assert rated({"cvss3_score": 9.8}, "nonsense", "Low") == 1
    assert rated({"cvss3_score": 9.8, "cvss4_score": 2.0}, None) == 1
    assert rated({"cvss3_score": None}) == 2
    assert scored("no vector", "7.1", 2) == {"cvss2_score": 7.1}
    assert scored("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9)["cvss3_score"] == 9.0


def test_links_in_markdown():
    assert urls("[a](https://a.b/c), - https://d.e/f.", ["<http://g.h>"]) == (
        "https://a.b/c",
        "https://d.e/f",
        "http://g.h",
    )
