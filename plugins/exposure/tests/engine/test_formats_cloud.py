"""Clouds, clusters, infrastructure code and hosts: what real reports say, and rules that none shows."""

import json
from datetime import UTC, date, datetime

import pytest
from format_samples import detected, findings, parsed
from nessus_samples import SCANS

from threatweaver.reports import UNDATED, Asset, Coverage, Definition, ReportError, ReportFault
from threatweaver_exposure.engine.parsers import aws_inspector2, xccdf_xml

INFO, LOW, MEDIUM, HIGH, CRITICAL = range(5)
EC2 = "arn:aws:ec2:eu-west-1:123456789123:instance/i-0asd2da21c8csd28s"
IMAGE = "012345678901.dkr.ecr.us-east-1.amazonaws.com/my-awesome-docker-image:2.3.0"
IDLE = "User example_user has never used access key 1 since creation and not rotated it in the past 90 days"


class Read:
    """A report, its format told by its content."""

    def __init__(self, data):
        parser = detected(data)
        records = parsed(parser, data)
        self.format = parser.name
        self.assets = {record.number: record for record in records if isinstance(record, Asset)}
        self.definitions = {record.check: record for record in records if isinstance(record, Definition)}
        self.coverage = [record.checks for record in records if isinstance(record, Coverage)]
        self.findings = findings(records)


def read(value):
    return Read(json.dumps(value).encode())


def members(record, names):
    return {name: getattr(record, name) for name in names}


# file; which finding; what is said of it, of its definition and of its asset
REAL = [
    (
        "checkov_json/dd__checkov__checkov-report-1-vuln.json",
        0,
        {"check": "CKV_AZURE_42", "severity": MEDIUM, "location": "file_path azurerm_key_vault.main"},
        {
            "name": "Ensure the key vault is recoverable",
            "family": "terraform",
            "see_also": ("https://docs.bridgecrew.io/docs/ensure-the-key-vault-is-recoverable",),
        },
        {"name": "", "identifiers": (), "finished_at": UNDATED},
    ),
    (
        "tfsec_json/dd__tfsec__many_findings_legacy.json",
        1,
        {
            "check": "GCP009",
            "severity": HIGH,
            "location": "tfsec-test/cluster.tf google_container_cluster.k8s_cluster",
        },
        {
            "name": "Pod security policy enforcement not defined.",
            "family": "google",
            "description": "Pods could be operating with more permissions than required to be effective",
            "see_also": ("https://tfsec.dev/docs/google/GCP009/",),
        },
        {"name": "", "identifiers": ()},
    ),
    (
        "kubebench_json/dd__kubebench__kube-bench-report-many-vuln.json",
        1,
        {"check": "4.1.2", "severity": MEDIUM, "location": ""},
        {
            "name": "Ensure that the kubelet service file ownership is set to root:root (Scored)",
            "family": "Worker Node Configuration Files",
        },
        {"name": "", "finished_at": UNDATED},
    ),
    (
        "kubescape_json/dd__kubescape__with_a_failure.json",
        1,
        {
            "check": "C-0055",
            "severity": MEDIUM,
            "location": "nginx.yaml api=apps/v1//Deployment/nginx-deployment",
        },
        {"name": "Linux hardening", "family": "Workload"},
        {"name": "", "finished_at": UNDATED},
    ),
    (
        "prowler_csv/dd__aws_prowler__many_vuln.csv",
        1,
        {"check": "check13", "severity": MEDIUM, "output": IDLE},
        {"name": "Ensure credentials unused for 90 days or greater are disabled", "family": "iam"},
        {
            "name": "012345678910",
            "identifiers": (("cloud_resource", "012345678910"),),
            "finished_at": UNDATED,
        },
    ),
    (
        "prowler_csv/dd__prowler__example_output_aws.csv",
        0,
        {"check": "accessanalyzer_enabled", "severity": LOW, "location": "<region> <resource_uid>"},
        {"name": "Check if IAM Access Analyzer is enabled", "family": "accessanalyzer"},
        {"name": "<account_uid>", "finished_at": datetime(2025, 2, 14, 14, 27, 3, 913874, UTC)},
    ),
    (
        "prowler_json/dd__aws_prowler__many_vuln.json",
        0,
        {"check": "check114", "severity": CRITICAL, "location": "eu-central-1 MFA"},
        {"name": "Ensure hardware MFA is enabled for the root account"},
        {"name": "012345678912", "finished_at": datetime(2021, 8, 23, 7, 6, 12, tzinfo=UTC)},
    ),
    (
        "prowler_json/dd__aws_prowler_v3plus__one_vuln.ocsf.json",
        0,
        {
            "check": "iam_role_administratoraccess_policy_permissive_trust_relationship",
            "severity": HIGH,
            "location": "us-east-1 arn:aws:iam::123456789012:role/myAdministratorExecutionRole",
        },
        {
            "family": "iam",
            "see_also": (
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html#jf_administrator",
                "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
            ),
        },
        {"identifiers": (("cloud_resource", "123456789012"),)},
    ),
    (
        "asff_json/dd__asff__many_vulns.json",
        0,
        {
            "check": "CVE-2017-9735",
            "severity": HIGH,
            "location": "pkg:maven/org.eclipse.jetty/jetty-server pkg:maven/org.eclipse.jetty/jetty-util",
        },
        {
            "name": "CVE-2017-9735",
            "cves": ("CVE-2017-9735",),
            "cvss2_score": 5.0,
            "cvss3_score": 7.5,
            "cvss3_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
            "published_on": date(2017, 6, 16),
            "exploit_available": True,
        },
        {
            "name": "MyServer1",
            "identifiers": (
                ("cloud_resource", EC2),
                ("cloud_resource", "i-0asd2da21c8csd28s"),
                ("ip", "123.123.123.123"),
                ("ip", "172.31.0.31"),
            ),
        },
    ),
    (
        "asff_json/dd__awssecurityhub__inspector_ec2_cve.json",
        1,
        {"check": "CVE-2022-3643", "severity": CRITICAL, "location": "pkg:generic/kernel"},
        {"cvss3_score": 10.0, "solution": ""},
        {"name": "arn:aws:ec2:us-east-1:111111111111:i-11111111111111111"},
    ),
    (
        "aws_inspector2/dd__aws_inspector2__aws_inspector2_many_vul.json",
        2,
        {"check": "CVE-2021-3640", "severity": HIGH, "location": "pkg:generic/linux"},
        {
            "cves": ("CVE-2021-3640",),
            "cvss3_score": 7.0,
            "epss_score": 0.00042,
            "exploit_available": False,
            "see_also": ("https://security-tracker.debian.org/tracker/CVE-2021-3640",),
        },
        {"name": IMAGE, "identifiers": (("image", IMAGE),), "operating_system": "DEBIAN_10"},
    ),
    (
        "xccdf_xml/dd__openscap__one_vuln_rhsa.xml",
        0,
        {"check": "oval-com.redhat.rhsa-def-20060117", "severity": LOW, "location": ""},
        {"name": "RHSA-2006:0117: vixie-cron security update (Low)", "cves": ("CVE-2005-1038",)},
        {
            "name": "sample.system",
            "started_at": datetime(2019, 3, 4, 7, 43, 35, tzinfo=UTC),
            "finished_at": datetime(2019, 3, 4, 7, 43, 39, tzinfo=UTC),
        },
    ),
    (
        "xccdf_xml/dd__openscap__ios-sample-v1.1.3.xccdf.xml",  # prefixes, and a rule that extends another
        0,
        {"check": "ios12-no-finger-service", "severity": INFO},
        {
            "name": "IOS 12 - no IP finger service",
            "description": "Disable the finger service, it can reveal information\n"
            " about logged in users to unauthorized parties.\n (For version 11.3 and later.)",
            "solution": "no ip finger",
        },
        {
            "identifiers": (
                ("fqdn", "lower.test.net"),
                ("ip", "192.168.248.1"),
                ("ip", "2001:8::1"),
                ("mac", "02:50:e6:c0:14:39"),
            ),
            "finished_at": datetime(2004, 9, 25, 17, 45, 2, tzinfo=UTC),
        },
    ),
    (
        "wazuh_json/dd__wazuh__v4-7_many_findings.json",
        4,
        {"check": "CVE-YYYY-ff43a", "severity": MEDIUM, "location": "pkg:generic/123123"},
        {"cvss2_score": 4.3, "cvss3_score": 5.5, "published_on": date(1980, 7, 23), "cves": ()},
        {"name": "", "finished_at": UNDATED},
    ),
]


@pytest.mark.skipif(not SCANS.is_dir(), reason="the real reports are not here")
@pytest.mark.parametrize(
    ("path", "number", "finding", "definition", "asset"), REAL, ids=[case[0] for case in REAL]
)
def test_a_real_report_says(path, number, finding, definition, asset):
    report = Read((SCANS / path).read_bytes())
    found = report.findings[number]
    assert path.startswith(report.format)
    assert members(found, finding) == finding
    assert members(report.definitions[found.check], definition) == definition
    assert members(report.assets[found.asset], asset) == asset


def test_checkov_names_a_flaw_of_a_package_by_its_cve():
    flaw = {"id": "CVE-2020-1", "severity": "critical", "package_name": "x", "package_version": "1"}
    flaw |= {
        "id": "CVE-2020-12345",
        "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "status": "fixed in 2",
    }
    failed = {
        "check_id": "CKV_CVE_1",
        "file_path": "/go.sum",
        "resource": "go.sum.x",
        "vulnerability_details": flaw,
    }
    several = [
        {"check_type": "terraform", "results": {"passed_checks": [], "failed_checks": [None, {}]}},
        {"check_type": "sca_package", "results": {"failed_checks": [failed]}},
    ]
    report = read(several)
    assert (report.findings[0].severity, report.findings[0].location) == (CRITICAL, "/go.sum go.sum.x")
    assert report.definitions["CVE-2020-12345"].cvss3_score == 9.8
    assert report.definitions["CVE-2020-12345"].family == "sca_package"
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"passed": 0, "failed": 0, "skipped": 0, "checkov_version": "2.3"}, "checkov_json"),
        ({"results": None}, "tfsec_json"),
        ({"Controls": [], "Totals": {"total_pass": 0}}, "kubebench_json"),
        ({"Findings": []}, "asff_json"),
        ({"findings": []}, "aws_inspector2"),
        ({"data": {"affected_items": [], "total_affected_items": 0}, "error": 0}, "wazuh_json"),
    ],
)
def test_an_empty_report_is_told(value, name):
    report = read(value)
    assert (report.format, report.findings) == (name, [])


def test_tfsec_says_what_passed_and_was_ignored():
    result = {
        "rule_id": "AVD-1",
        "long_id": "aws-a",
        "rule_description": "A",
        "severity": "HIGH",
        "resource": "a.b",
    }
    results = [
        {**result, "status": status, "location": {"filename": "x.tf", "start_line": 1}}
        for status in (0, 1, 2)
    ]
    found = read({"results": results}).findings
    assert [finding.severity for finding in found] == [HIGH, INFO, HIGH]
    assert found[2].output == "x.tf:1-None\nignored"
    assert {finding.location for finding in found} == {"x.tf a.b"}


def test_kube_bench_covers_what_it_ran_and_nothing_else():
    results = [
        {"test_number": f"1.{n}", "status": status}
        for n, status in enumerate(("PASS", "FAIL", "WARN", "INFO"))
    ]
    report = read({"Controls": [{"node_type": "master", "tests": [{"results": results}]}]})
    assert [finding.check for finding in report.findings] == ["1.1"]
    assert report.coverage == [{"1.0", "1.1"}]


def test_kubescape_names_the_cluster_and_covers_the_controls_that_ran():
    controls = {
        "C-1": {"controlID": "C-1", "status": "failed", "scoreFactor": 9},
        "C-2": {"controlID": "C-2", "status": "skipped"},
    }
    failed = {"controlID": "C-1", "name": "One", "status": {"status": "failed"}, "rules": None}
    report = read(
        {
            "generationTime": "2024-05-01T10:00:00.123456Z",
            "summaryDetails": {"controls": controls},
            "results": [{"resourceID": "apps/v1/default/Pod/x", "controls": [failed, "none"]}, None],
            "metadata": {"targetMetadata": {"clusterContextMetadata": {"contextName": "prod"}}},
        }
    )
    assert report.assets[0].identifiers == (("application", "prod"),)
    assert report.assets[0].finished_at == datetime(2024, 5, 1, 10, 0, 0, 123456, UTC)
    assert [(found.severity, found.location) for found in report.findings] == [
        (CRITICAL, "apps/v1/default/Pod/x")
    ]
    assert report.coverage == [{"C-1"}]


def test_prowler_without_a_resource_tells_places_apart_by_the_message():
    header = (
        "PROFILE,ACCOUNT_NUM,REGION,TITLE_ID,CHECK_RESULT,TITLE_TEXT,CHECK_RESULT_EXTENDED,CHECK_SEVERITY\n"
    )
    rows = [
        f"p,1,r,1.1,FAIL,[check11] T (Scored),{said},Low\n"
        for said in ("u1 30 days", "u1 31 days", "u2 31 days")
    ]
    data = "\n\n" + header + "".join(rows) + "p,2,r,1.1,PASS,[check11] T (Scored),fine,Low\n"
    report = Read(data.encode("utf-16"))
    first, later, other = (finding.location for finding in report.findings)
    assert first == later != other
    assert [asset.name for asset in report.assets.values()] == ["1", "2"]  # what passed is an asset, too
    assert report.definitions["check11"].name == "T"


def test_prowler_3_and_muted_findings():
    native = {"CheckID": "c", "CheckTitle": "T", "Status": "FAIL", "StatusExtended": "m", "Severity": "high"}
    native |= {"AccountId": "1", "ResourceArn": "arn:x", "Compliance": {"CIS": ["1", "2"]}}
    report = read([{"CheckID": "p", "StatusExtended": "", "Status": "PASS"}, native, "no record"])
    assert report.definitions["c"].references == ("CIS: 1, 2",)
    assert [(found.asset, found.location) for found in report.findings] == [(1, "arn:x")]
    product = {"product": {"name": "Prowler"}, "event_code": "c"}
    muted = read([{"metadata": product, "status": "Suppressed", "status_code": "FAIL", "status_detail": "m"}])
    assert muted.findings[0].output == "m\nmuted"


def test_security_hub_names_controls_and_threats():
    base = {"ProductArn": "arn:p", "AwsAccountId": "1", "Resources": [{"Id": "AWS::::Account:1"}]}
    control = {
        **base,
        "Title": "S3.1 Block public access",
        "GeneratorId": "security-control/S3.1",
        "Compliance": {"SecurityControlId": "S3.1", "Status": "FAILED"},
        "Severity": {"Normalized": 69},
    }
    passed = {**control, "Compliance": {"SecurityControlId": "S3.1", "Status": "PASSED"}}
    threat = {
        **base,
        "Title": "Port 22 of i-1 is probed",
        "Types": ["TTPs/Discovery/Recon:EC2-PortProbe"],
        "GeneratorId": "arn:aws:guardduty:eu-west-1:1:detector/1",
        "Severity": {"Label": "LOW"},
        "Workflow": {"Status": "SUPPRESSED"},
    }
    report = read({"Findings": [control, passed, threat, None]})
    assert [found.severity for found in report.findings] == [MEDIUM, INFO, LOW]
    assert report.findings[1].output == "S3.1 Block public access\npassed"
    assert report.findings[2].output == "Port 22 of i-1 is probed\nsuppressed"
    assert report.definitions["S3.1"].name == "S3.1 Block public access"
    assert report.definitions["TTPs/Discovery/Recon:EC2-PortProbe"].name == "Recon:EC2-PortProbe"
    assert report.assets[0].identifiers == (("cloud_resource", "1"),)
    assert report.coverage == [{"S3.1", "TTPs/Discovery/Recon:EC2-PortProbe"}]


def test_inspector_reports_closed_code_and_network_findings():
    closed = {
        "status": "CLOSED",
        "severity": "HIGH",
        "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2024-1"},
    }
    scored = {**closed, "status": "ACTIVE", "severity": "UNTRIAGED", "inspectorScore": 9.1}
    code = {
        "findingArn": "arn:f",
        "severity": "MEDIUM",
        "resources": [{"id": "arn:lambda", "type": "AWS_LAMBDA_FUNCTION"}],
        "codeVulnerabilityDetails": {"ruleId": "r", "cwes": ["CWE-798"], "filePath": {"filePath": "a.py"}},
    }
    network = {
        "severity": "LOW",
        "networkReachabilityDetails": {"protocol": "TCP", "openPortRange": {"begin": 22, "end": 22}},
    }
    report = read({"findings": [code, closed, scored, network, {"severity": "HIGH"}]})
    assert report.format == aws_inspector2.PARSER.name
    assert [found.severity for found in report.findings] == [MEDIUM, INFO, CRITICAL, LOW]
    assert report.definitions["r"].cwes == (798,)
    assert (report.findings[0].location, report.findings[1].output) == ("a.py", "closed")
    assert (report.findings[3].port, report.findings[3].protocol) == (22, "tcp")


def test_wazuh_indexer_names_agents_and_one_page_closes_nothing():
    source = {
        "agent": {"id": "001", "name": "web.example.com"},
        "host": {"os": {"full": "Ubuntu 22.04"}},
        "package": {"name": "curl", "version": "7.8", "type": "deb"},
        "vulnerability": {
            "id": "CVE-2023-38545",
            "severity": "-",
            "score": {"base": 9.8, "version": "3.1"},
            "reference": "https://a.example/1, https://a.example/2",
        },
    }
    hits = {"total": {"value": 1}, "hits": [{"_source": source}]}
    report = read({"hits": hits})
    assert report.assets[0].identifiers == (("fqdn", "web.example.com"),)
    assert report.definitions["CVE-2023-38545"].see_also == ("https://a.example/1", "https://a.example/2")
    assert (report.findings[0].severity, report.findings[0].location) == (CRITICAL, "pkg:deb/curl")
    assert report.coverage == [None]
    assert read({"hits": {**hits, "total": {"value": 2}}}).coverage == []


XCCDF = 'xmlns="http://checklists.nist.gov/xccdf/1.2"'
ARF = f"""<?xml version="1.0"?>
<arf:asset-report-collection xmlns:arf="http://scap.nist.gov/schema/asset-reporting-format/1.1">
 <arf:report-requests><Benchmark {XCCDF}><Group id="a"><Group id="b">
  <Rule id="r1" severity="high"><title>No  empty
   passwords</title><ident system="https://nist.gov/cce">CCE-1</ident><reference href="https://r.example"/></Rule>
  <Rule id="r2"><title>Updates</title></Rule>
 </Group></Group></Benchmark></arf:report-requests>
 <arf:reports>
  <TestResult {XCCDF} end-time="2024-01-01T00:00:00"><target>docker-image://registry.example/app:1</target>
   <rule-result idref="r1"><result>fail</result></rule-result>
   <rule-result idref="r9" severity="low"><result>fail</result><message>seen</message></rule-result>
   <rule-result idref="r3"><result>notchecked</result></rule-result></TestResult>
  <TestResult {XCCDF}><target>db1</target>
   <rule-result idref="r1"><result>pass</result></rule-result>
   <rule-result idref="r2" severity="medium"><result>fail</result>
    <check multi-check="true"><check-content-ref name="oval:1" href="o.xml"/></check></rule-result>
   <rule-result idref="r2" severity="medium"><result>fail</result>
    <instance context="line">vty 0</instance></rule-result>
  </TestResult>
 </arf:reports>
</arf:asset-report-collection>"""


def test_xccdf_results_in_an_arf_of_two_hosts():
    report = Read(ARF.encode())
    assert report.format == "xccdf_xml"
    assert [(asset.name, asset.identifiers) for asset in report.assets.values()] == [
        ("docker-image://registry.example/app:1", (("image", "registry.example/app:1"),)),
        ("db1", (("hostname", "db1"),)),
    ]
    assert [(found.asset, found.check, found.severity, found.location) for found in report.findings] == [
        (1, "r1", HIGH, ""),
        (1, "r9", LOW, ""),
        (2, "r2", MEDIUM, "oval:1"),
        (2, "r2", MEDIUM, "line vty 0"),
    ]
    assert report.findings[1].output == "seen"
    rule = report.definitions["r1"]
    assert (rule.name, rule.references, rule.see_also) == (
        "No empty passwords",
        ("CCE-1",),
        ("https://r.example",),
    )
    assert report.definitions["r9"].name == "r9"  # a rule that the file does not describe
    assert report.coverage == [{"r1", "r2", "r9"}]


def test_xccdf_without_a_test_is_refused():
    data = f"<Benchmark {XCCDF}><Rule id='r'><title>T</title></Rule></Benchmark>".encode()
    with pytest.raises(ReportError) as caught:
        Read(data)
    assert caught.value.code is ReportFault.UNSUPPORTED
    assert xccdf_xml.detects(b"<Benchmark><a/></Benchmark>", "") == 0
