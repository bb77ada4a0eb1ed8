"""Scanners of source code and of secrets in it: a telling finding of each real report, and odd reports."""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from format_samples import detected, findings, parsed
from nessus_samples import SCANS, definitions, hosts

from threatweaver.reports import UNDATED, Coverage, ReportError, ReportFault
from threatweaver_exposure.engine.catalog import PARSERS

INFO, LOW, MEDIUM, HIGH, CRITICAL = range(5)


class Told(NamedTuple):
    """What a person reads in a file: of one finding, its definition and its asset."""

    file: str
    finding: int
    check: str
    name: str
    severity: int
    location: str
    cwes: tuple[int, ...] = ()
    asset: tuple[tuple[str, str], ...] = ()
    finished: datetime = UNDATED
    port: int = 0
    output: str = ""
    """What it holds among others."""

    def __str__(self) -> str:
        return self.file.partition("/")[0]


TOLD = (
    Told(
        "brakeman_json/dd__brakeman__two_findings.json",
        *(0, "15", "Dynamic Render Path", LOW, "app/views/users/show_follow.html.erb #e2ac6ff8"),
        finished=datetime(2020, 4, 11, 23, 51, 44, tzinfo=UTC),
        output="user input: params[:page]",
    ),
    Told(
        "gosec_json/heimdall__gosec_mapper__Grype_gosec_results.json",
        *(5, "G302", "Expect file permissions to be 0600 or less", MEDIUM),
        "C:\\Users\\AGILLUM\\OneDrive - The MITRE Corporation\\Documents\\Code\\grype-0.34.4"
        "\\cmd\\report_writer.go #31af5296",
        cwes=(276,),
        output="report_writer.go:19\n",
    ),
    Told(
        "semgrep_json/dd__semgrep__multiple_cwes_fabricated.json",
        *(0, "java.lang.security.audit.cbc-padding-oracle.cbc-padding-oracle", "cbc-padding-oracle", MEDIUM),
        "src/main/java/org/owasp/benchmark/testcode/BenchmarkTest02194.java #4c6178c3",
        cwes=(327, 696),
        output="BenchmarkTest02194.java:64\n",
    ),
    Told(
        "sarif/dd__sarif__appendix_k.sarif",
        *(0, "CodeScanner:C2001", "A variable was used without being initialized.", HIGH),
        "collections/list.h #7e42020a",
        asset=(("repository", "https://github.com/example-corp/browser"),),
        finished=datetime(2016, 7, 16, 14, 19, 1, tzinfo=UTC),
        output='Variable "ptr" was used without being initialized. It was declared [here](0).',
    ),
    Told(
        "sarif/dd__sarif__codeQL-output.sarif",
        *(0, "CodeQL:py/empty-except", "Empty except", INFO, "good/db_init.py #9cbc869fbfffeb60:1"),
        cwes=(390,),
        output="good/db_init.py:39\n",
    ),
    Told(
        "spotbugs_xml/dd__spotbugs__version_4.4.0.xml",
        *(0, "DMI_HARDCODED_ABSOLUTE_FILENAME", "DMI_HARDCODED_ABSOLUTE_FILENAME", HIGH),
        "Boot.java Boot Boot.main([Ljava/lang/String;)V",
        asset=(("application", "xonotic-parser"),),
        finished=datetime(2021, 9, 9, 7, 33, 21, tzinfo=UTC),
        output="FILE_NAME: /home/dcarol/workspace/xonotic-parser/log-2015-12-30-part1.txt",
    ),
    Told(
        "veracode_xml/dd__veracode__many_findings.xml",
        *(1, "CWE-456", "cwename", MEDIUM, "www.example.com/index.html #2"),
        cwes=(456,),
        asset=(("application", "myapp"),),
        finished=datetime(2020, 6, 1, 10, 2, 1, tzinfo=UTC),
        output="status: Open",
    ),
    Told(
        "gitlab_json/dd__gitlab_dast__gitlab_dast_one_vul_v15.json",
        *(0, "zaproxy_pluginid:10062", "PII Disclosure", HIGH, "GET /v1/trees"),
        cwes=(359,),
        asset=(("fqdn", "api-server"),),
        port=80,
        output="Credit Card Type detected",
    ),
    Told(
        "gitlab_json/dd__gitlab_dep_scan__gl-dependency-scanning-report-1-vuln_v15.json",
        *(0, "gemnasium:7368f513-0aa9-4e34-a08d-40ea81f48e0e", "XML Entity Expansion", INFO),
        "service/go.sum gopkg.in/yaml.v2",
        finished=datetime(2020, 12, 23, 13, 43, 49, tzinfo=UTC),
        output="version: v2.2.2",
    ),
    Told(
        "gitleaks_json/dd__gitleaks__gitleaks8_many.json",
        *(3, "generic-api-key", "Generic API Key", HIGH, "tests/api.py #2fcd8549"),
        output='apikey = "…"\ncommit: 69235ea9ea4d',
    ),
    Told(
        "trufflehog_jsonl/dd__trufflehog__v3_git.json",
        *(0, "AWS", "AWS secret", HIGH, "keys #83091640"),
        asset=(("repository", "https://github.com/trufflesecurity/test_keys"),),
        output="verified: it is in use\ncommit: fbc14303ffbf",
    ),
    Told(
        "hadolint_json/dd__hadolint__one_dockerfile.json",
        *(1, "DL3015", "Avoid additional packages by specifying `--no-install-recommends`", INFO),
        "django-DefectDojo\\Dockerfile.django",
        output="Dockerfile.django:9\n",
    ),
)


@pytest.mark.skipif(not SCANS.is_dir(), reason="without the real reports")
@pytest.mark.parametrize("told", TOLD, ids=str)
def test_a_real_report_is_understood(told):
    data = (SCANS / told.file).read_bytes()
    records = parsed(detected(data), data)
    finding = findings(records)[told.finding]
    definition, asset = definitions(records)[finding.check], hosts(records)[finding.asset]
    assert (finding.check, definition.name, finding.severity) == (told.check, told.name, told.severity)
    assert (finding.location, finding.port, definition.cwes) == (told.location, told.port, told.cwes)
    assert (asset.identifiers, asset.finished_at) == (told.asset, told.finished)
    assert told.output in finding.output


def read(name: str, report: Any):
    data = report if isinstance(report, bytes) else json.dumps(report).encode()
    return parsed(next(parser for parser in PARSERS if parser.name == name), data)


def finished(records):
    return [asset.finished_at for asset in hosts(records).values()]


def covered(records):
    return frozenset().union(*(record.checks for record in records if isinstance(record, Coverage)))


# --- where a scan failed, what it did not find may still be there

FAILED = {
    "brakeman_json": {"warnings": [], "errors": [{"error": "parse error", "location": "a.rb"}]},
    "gosec_json": {"Golang errors": {"a/b.go": [{"line": 1, "error": "no package"}]}, "Issues": []},
    "semgrep_json": {"results": [], "errors": [{"level": "warn"}, {"level": "error", "type": "Fatal error"}]},
    "sarif": {
        "runs": [{"tool": {}, "invocations": [{"executionSuccessful": False, "endTimeUtc": "2026-01-01"}]}]
    },
    "gitlab_json": {"vulnerabilities": [], "scan": {"status": "failure", "end_time": "2026-01-01T10:00:00"}},
    "spotbugs_xml": b'<BugCollection><Project projectName="p"/><Errors errors="2"/></BugCollection>',
}


@pytest.mark.parametrize("name", FAILED)
def test_a_scan_that_failed_has_not_ended(name):
    assert finished(read(name, FAILED[name])) == [None]


def test_a_file_that_semgrep_read_in_part_does_not_make_the_scan_a_failed_one():
    assert finished(read("semgrep_json", {"results": [], "errors": [{"level": "warn"}]})) == [UNDATED]


# --- members that are missing or of another type

ODD = {
    "brakeman_json": {"scan_info": 3, "warnings": [None, {}, {"warning_code": {}, "cwe_id": 7, "file": [1]}]},
    "gosec_json": {"Golang errors": {}, "Issues": [None, {"cwe": 3}, {"suppressions": [None], "code": 7}]},
    "semgrep_json": {"results": [None, {"extra": 1}, {"start": [], "extra": {"metavars": {"$X": 1}}}]},
    "sarif": {
        "runs": [None, {"results": [None, {"locations": [None], "message": 1}, {"suppressions": [1]}]}]
    },
    "gitlab_json": {"vulnerabilities": [None, {"identifiers": [None]}, {"location": {"hostname": {}}}]},
    "gitleaks_json": [None, {"Secret": 5}, {"RuleID": [], "File": {}}],
    "hadolint_json": [None, {"code": 3}, {"level": [], "file": {}}],
    "spotbugs_xml": b"<BugCollection><BugInstance/><BugInstance><Class/></BugInstance><BugInstance/>"
    b"</BugCollection>",
    "veracode_xml": b"<detailedreport><severity><category><cwe><staticflaws><flaw/><flaw severity='9'/>"
    b"<flaw url='['/></staticflaws></cwe></category></severity></detailedreport>",
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_missing_a_finding_is_one(name):
    records = read(name, ODD[name])
    assert len(findings(records)) == 3
    assert len(hosts(records)) == 1


# --- secrets stay where they are

GITHUB = {"Data": {"Github": {"repository": "https://github.com/a/b.git", "file": "x.env", "line": 3}}}
BUCKET = {"Data": {"S3": {"bucket": "backups", "file": "dump.sql"}}}


def secret(source, *, verified=False, raw="hunter2-hunter2"):
    return {
        "SourceMetadata": source,
        "DetectorName": "Slack",
        "Verified": verified,
        "Raw": raw,
        "Redacted": "h…",
    }


def test_trufflehog_tells_assets_and_secrets_in_use_apart_and_its_log_is_passed_over():
    leaks = (secret(GITHUB), secret(GITHUB, raw="another"), secret(BUCKET, verified=True))
    rows = ({"level": "info-0", "msg": "running source"}, *leaks)
    data = "\n".join(map(json.dumps, rows)).encode()
    assert detected(data).name == "trufflehog_jsonl"
    records = read("trufflehog_jsonl", data)
    stated = [asset.identifiers[0] for asset in hosts(records).values()]
    assert stated == [
        ("repository", "https://github.com/a/b.git"),
        ("cloud_resource", "arn:aws:s3:::backups"),
    ]
    assert [found.severity for found in findings(records)] == [MEDIUM, MEDIUM, HIGH]
    assert len({found.location for found in findings(records)}) == 3
    assert "hunter2" not in repr(records)


def test_a_file_without_secrets_of_trufflehog_is_refused():
    with pytest.raises(ReportError) as raised:
        read("trufflehog_jsonl", b'{"level": "info-0"}\n{}\n')
    assert raised.value.code is ReportFault.UNSUPPORTED


def test_a_secret_is_told_apart_by_itself_or_when_blacked_out_by_its_commit():
    leak = {
        "RuleID": "key",
        "File": "a.env",
        "StartLine": 1,
        "Match": "k=s3cr3t!",
        "Secret": "s3cr3t!",
        "Commit": "c1",
    }
    again = leak | {"Commit": "c2"}
    hidden = leak | {"Secret": "REDACTED", "Match": "k=REDACTED"}
    records = read(
        "gitleaks_json", [leak, again, leak | {"Secret": "other"}, hidden, hidden | {"Commit": "c2"}]
    )
    first, second, *rest = [found.location for found in findings(records)]
    assert first == second
    assert len({first, *rest}) == 4
    assert rest[1:] == ["a.env c1", "a.env c2"]
    assert "s3cr3t" not in repr(records[:6])


def test_gitleaks_before_version_8_names_the_repository():
    leak = {
        "line": "pw=abc",
        "lineNumber": 7,
        "offender": "abc",
        "rule": "Password",
        "commit": "c1",
        "file": "x",
    }
    data = json.dumps([leak | {"repoURL": "https://gitlab.com/a/b"}]).encode()
    records = parsed(detected(data), data)
    assert hosts(records)[0].identifiers == (("repository", "https://gitlab.com/a/b"),)
    assert findings(records)[0].output == "x:7\npw=…\ncommit: c1"


# --- SARIF: many tools, several runs, members in any order


def sarif(tool, results, *, rules=(), last=False, **members):
    said = {"tool": {"driver": {"name": tool, "rules": list(rules)}}}
    return {"results": results} | said | members if last else said | members | {"results": results}


def result(rule="r1", uri="a.c", **members):
    place = {"physicalLocation": {"artifactLocation": {"uri": uri}}}
    return {"ruleId": rule, "message": {"text": "m"}, "locations": [place]} | members


RULES = [
    {"id": "r1", "shortDescription": {"text": "Bad"}, "defaultConfiguration": {"level": "error"}},
    {"id": "r2", "properties": {"security-severity": "9.8", "tags": ["external/cwe/cwe-079"]}},
]


@pytest.mark.parametrize("last", [False, True], ids=["rules first", "rules last"])
def test_the_order_of_a_run_does_not_matter(last):
    origin = {"versionControlProvenance": [{"repositoryUri": "https://git.example/a"}]}
    runs = [
        sarif("One", [result(), result("r2")], rules=RULES, last=last, **origin),
        sarif("Two", [result(), result(level="note")], last=last),
    ]
    records = read("sarif", {"version": "2.1.0", "runs": runs})
    said = [(found.asset, found.check, found.severity) for found in findings(records)]
    assert said == [(0, "One:r1", HIGH), (0, "One:r2", CRITICAL), (1, "Two:r1", MEDIUM), (1, "Two:r1", INFO)]
    assert hosts(records)[0].identifiers == (("repository", "https://git.example/a"),)
    assert hosts(records)[1].identifiers == ()
    assert definitions(records)["One:r1"].name == "Bad"
    assert definitions(records)["One:r2"].cwes == (79,)
    assert covered(records) == {"One:r1", "One:r2", "Two:r1"}


def test_what_did_not_fail_or_does_not_any_more_is_informational():
    results = [result(kind="pass", level="error"), result(baselineState="absent"), result(kind="fail")]
    records = read("sarif", {"runs": [sarif("One", results, rules=RULES)]})
    assert [found.severity for found in findings(records)] == [INFO, INFO, HIGH]


def test_a_suppressed_result_says_why():
    kept = result(suppressions=[{"kind": "inSource", "justification": "a test"}])
    [found] = findings(read("sarif", {"runs": [sarif("One", [kept])]}))
    assert found.severity == MEDIUM
    assert found.output.endswith("suppressed: a test")


def test_a_rule_can_be_named_by_its_number_and_keep_the_text_of_the_message():
    rules = [{"id": "r1", "messageStrings": {"default": {"text": "{0} is not {1}."}}}]
    named = {"ruleIndex": 0, "message": {"id": "default", "arguments": ["a", "b"]}}
    [found] = findings(read("sarif", {"runs": [sarif("One", [named], rules=rules)]}))
    assert (found.check, found.output, found.location) == ("One:r1", "a is not b.", "")


def test_without_code_a_flaw_is_told_apart_by_its_message_but_for_versions_in_it():
    texts = ("lib 1.0 is old", "lib 1.25 is old", "net 1.0 is old")
    results = [result(message={"text": text}) for text in texts]
    first, second, third = (
        found.location for found in findings(read("sarif", {"runs": [sarif("One", results)]}))
    )
    assert first == second != third


def test_an_older_sarif_is_not_taken():
    with pytest.raises(ReportError, match="no report"):
        detected(b'{"$schema": "http://json.schemastore.org/sarif-1.0.0", "version": "1.0.0", "runs": []}')


# --- single rules


def test_code_that_semgrep_keeps_to_itself_is_told_apart_by_what_its_variables_stand_for():
    def found(name):
        variables = {"$X": {"abstract_content": name}}
        return {
            "check_id": "a.b",
            "path": "x.py",
            "extra": {"lines": "requires login", "metavars": variables},
        }

    one, two = findings(read("semgrep_json", {"results": [found("one"), found("two")]}))
    assert one.location != two.location
    assert "requires login" not in one.output


def test_spotbugs_describes_types_at_the_end_of_a_report_with_messages():
    report = b"""<BugCollection><Project/>
    <BugInstance type="SQL" priority="2" rank="10"><LongMessage>m</LongMessage>
    <Class classname="A"><SourceLine sourcepath="a/A.java" start="3"/></Class></BugInstance>
    <BugPattern type="SQL" category="SECURITY" cweid="89"><ShortDescription>Injection</ShortDescription>
    <Details>&lt;p&gt;Do not.&lt;/p&gt;</Details></BugPattern><BugPattern type="XSS"/></BugCollection>"""
    records = read("spotbugs_xml", report)
    assert [found.location for found in findings(records)] == ["a/A.java A"]
    [definition] = definitions(records).values()
    assert definition[:3] == ("SQL", "Injection", "SECURITY")
    assert (definition.description, definition.cwes) == ("Do not.", (89,))


def test_a_sandbox_of_veracode_is_an_application_and_a_fixed_flaw_is_informational():
    report = b"""<detailedreport xmlns="https://www.veracode.com/schema" app_name="a" sandbox_name="s">
    <severity level="5"><category><cwe cweid="89"><staticflaws>
    <flaw severity="5" sourcefile="A.java" issueid="7" remediation_status="Fixed"/>
    <flaw severity="5" sourcefile="A.java" issueid="8"/></staticflaws></cwe></category></severity>
    </detailedreport>"""
    assert detected(report).name == "veracode_xml"
    records = read("veracode_xml", report)
    assert hosts(records)[0].identifiers == (("application", "a (s)"),)
    said = [(found.severity, found.location) for found in findings(records)]
    assert said == [(INFO, "A.java #7"), (CRITICAL, "A.java #8")]


def test_gitlab_covers_what_the_scan_names_and_an_image_is_an_asset():
    flaw = {
        "severity": "Critical",
        "identifiers": [{"type": "cve", "value": "CVE-2024-0001"}, {"type": "ghsa", "name": "GHSA-1"}],
        "cvss_vectors": [{"vendor": "NVD", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "location": {"image": "app:1", "dependency": {"package": {"name": "zlib"}, "version": "1.2"}},
    }
    scan = {"primary_identifiers": [{"type": "semgrep_id", "value": "a.b"}]}
    records = read("gitlab_json", {"vulnerabilities": [flaw], "scan": scan})
    definition = definitions(records)["CVE-2024-0001"]
    assert (definition.cves, definition.references) == (("CVE-2024-0001",), ("GHSA-1",))
    assert definition.cvss3_score == 9.8
    assert hosts(records)[0].identifiers == (("image", "app:1"),)
    assert findings(records)[0].location == "zlib"
    assert covered(records) == {"CVE-2024-0001", "semgrep_id:a.b"}
