"""Dependencies, images and bills of materials: what real reports say, and rules that none shows."""

import json
from datetime import UTC, date, datetime

import pytest
from format_samples import detected, findings, parsed
from nessus_samples import SCANS

from threatweaver.reports import UNDATED, Asset, Coverage, Definition, ReportError, ReportFault
from threatweaver_exposure.engine.parsers import cyclonedx_json, grype_json, spdx_tv, trivy_json
from threatweaver_exposure.engine.reading.components import elsewhere, package, unversioned

INFO, LOW, MEDIUM, HIGH, CRITICAL = range(5)


class Read:
    """A report, its format told by its content."""

    def __init__(self, data):
        parser = detected(data)
        records = parsed(parser, data)
        self.format = parser.name
        self.assets = {record.number: record for record in records if isinstance(record, Asset)}
        self.definitions = {record.check: record for record in records if isinstance(record, Definition)}
        self.covered = any(isinstance(record, Coverage) for record in records)
        self.findings = findings(records)


def read(value):
    return Read(json.dumps(value).encode())


def members(record, names):
    return {name: getattr(record, name) for name in names}


# file; which finding; what is said of it, of its definition and of its asset; whether what it lacks is gone
REAL = [
    (
        "dependency_track_fpf/dd__dependency_track__many_findings.json",
        2,
        {
            "check": "CVE-2016-2097",
            "severity": MEDIUM,
            "location": "pkg:gem/actionview",
            "output": "actionview 5.2.3\npkg:gem/actionview@5.2.3\nanalysis: FALSE_POSITIVE",
        },
        {"name": "CVE-2016-2097", "family": "NVD", "cves": ("CVE-2016-2097",), "cwes": (22,)},
        {
            "name": "Acme Example",
            "identifiers": (("application", "Acme Example"),),
            "finished_at": datetime(2018, 11, 18, 23, 31, 42, tzinfo=UTC),
        },
        True,
    ),
    (
        "grype_json/dd__anchore_grype__check_all_fields.json",
        4,
        {
            "check": "GHSA-v6rh-hp5x-86rv",
            "severity": HIGH,
            # the version is left open in the folder's name
            "location": "pkg:pypi/Django /usr/local/lib/python3.8/site-packages/Django-*.dist-info/METADATA",
        },
        {
            "cves": ("CVE-2021-44420",),
            "cvss2_score": 7.5,
            "cvss3_score": 7.3,
            "cvss3_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L",
            "solution": "Update Django to 3.2.10.",
        },
        {
            "identifiers": (("image", "vulnerable-image:latest"),),
            "operating_system": "debian 10",
            "finished_at": UNDATED,
        },
        True,
    ),
    (
        "grype_json/dd__anchore_grype__many_vulns_with_epss_values.json",
        0,
        {
            "check": "CVE-2022-28391",
            "severity": HIGH,
            "location": "pkg:generic/busybox /bin/[",
            "output": "busybox 1.32.1 (binary)\n/bin/[",
        },
        {"epss_score": 0.0719, "cvss2_score": 6.8, "cvss3_score": 8.8, "kev": None},
        {"finished_at": datetime(2025, 6, 19, 11, 43, 35, 523947, tzinfo=UTC)},
        True,
    ),
    (
        "trivy_json/scb__scanners__trivy__juice-shop-v10.2.0.json",
        47,
        {
            "check": "CVE-2020-15366",
            "severity": MEDIUM,
            "location": "pkg:npm/ajv usr/local/lib/node_modules/npm/node_modules/ajv/package.json",
        },
        {
            "name": "nodejs-ajv: prototype pollution via crafted JSON schema in ajv.validate function",
            "cwes": (1321,),
            "cvss2_score": 6.8,
            "cvss3_score": 5.6,
            "published_on": date(2020, 7, 15),
            "solution": "Update ajv to 6.12.3.",
        },
        {
            "identifiers": (("image", "bkimminich/juice-shop:v10.2.0"),),
            "operating_system": "alpine 3.11.5",
            "finished_at": datetime(2024, 10, 28, 15, 18, 53, 825953, tzinfo=UTC),
        },
        True,
    ),
    (
        "trivy_json/dd__trivy__kubernetes.json",
        0,
        {"check": "CVE-2020-27350", "location": "default/Deployment/redis-follower pkg:deb/debian/apt"},
        {"references": ("DSA-4808-1",), "cvss3_score": 5.7, "cwes": (190,)},
        {
            "identifiers": (
                ("cloud_resource", "arn:aws:eks:us-east-1:576036489467:cluster/monitoring-test-cluster"),
            ),
        },
        True,
    ),
    (
        # two of its resources could not be scanned
        "trivy_json/scb__scanners__trivy__trivy--k8s-scan-results.json",
        0,
        {"check": "KSV020", "severity": LOW},
        {"name": "Runs with low user ID", "references": ("AVD-KSV-0020",)},
        {"name": "", "finished_at": None},
        True,
    ),
    (
        "trivy_json/dd__trivy__legacy_many_vulns.json",
        0,
        {"check": "CVE-2011-3374", "severity": LOW, "location": "pkg:deb/debian/apt"},
        {"cvss3_score": 3.7},
        {"identifiers": (("image", "debian"),), "operating_system": "debian 10.8", "finished_at": UNDATED},
        True,
    ),
    (
        "trivy_json/dd__trivy__license_scheme.json",
        0,
        {"check": "license:GPL-2.0", "severity": HIGH, "location": "alpine-baselayout OS Packages"},
        {"name": "License GPL-2.0"},
        {"name": "alpine:3.11"},
        True,
    ),
    (
        "snyk_json/dd__snyk__snykcontainer_issue_epss.json",
        1,
        {
            "asset": 0,
            "check": "SNYK-JS-EXPRESSJWT-575022",
            "severity": HIGH,
            "location": "pkg:npm/express-jwt",
            "output": "express-jwt 0.1.3\nintroduced by juice-shop@15.3.0 > express-jwt@0.1.3\n"
            "upgrade express-jwt@6.0.0",
        },
        {
            "name": "Authorization Bypass in express-jwt",
            "cves": ("CVE-2020-15084",),
            "cwes": (285,),
            "cvss3_score": 7.4,
            "epss_score": 0.00197,
            "references": ("GHSA-6g6m-m6h5-w9gf",),
            "published_on": date(2020, 7, 1),
            "exploit_available": None,
        },
        {"identifiers": (("image", "sarim04/juiceshop:latest"),), "finished_at": UNDATED},
        True,
    ),
    (
        "snyk_json/dd__snyk__all-projects_many_vulns.json",
        -1,
        {
            "asset": 2,
            "check": "SNYK-JAVA-COMGOOGLEGUAVA-1015415",
            "location": "pkg:maven/com.google.guava/guava",
        },
        {"solution": "Update com.google.guava:guava to 30.0-android or 30.0-jre."},
        {"identifiers": (("application", "com.test:project-b"),)},
        True,
    ),
    (
        "cyclonedx_json/secobserve__cyclone_dx__files__trivy.json",
        1,
        {"check": "CVE-2023-28484", "severity": HIGH, "location": "pkg:apk/alpine/icu-libs"},
        {"cvss3_score": 5.9, "cvss4_score": 8.8, "solution": "Upgrade icu-libs to version 72.2.0"},
        {
            "identifiers": (("image", "example/example-frontend:dev"),),
            "operating_system": "alpine 3.17.3",
            "finished_at": datetime(2023, 4, 12, 19, 57, 36, tzinfo=UTC),
        },
        True,
    ),
    (
        "cyclonedx_json/cdx__VEX__Use-Cases__Case-1__vex.json",
        0,
        {"check": "CVE-2020-25649", "severity": INFO, "location": "pkg:generic/Acme%20Product"},
        {"cvss3_score": 7.5, "cvss3_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N"},
        {"identifiers": (("application", "Acme Product"),)},
        False,
    ),
    (
        # the vulnerabilities stand in their components, which have no package URLs
        "cyclonedx_xml/dd__cyclonedx__dd_1_15_0.xml",
        0,
        {"check": "CVE-2011-3374", "severity": LOW, "location": "pkg:generic/apt", "output": "apt 1.8.2.1"},
        {
            "cvss2_score": 4.3,
            "see_also": (
                "http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2011-3374",
                "https://security-tracker.debian.org/tracker/CVE-2011-3374",
            ),
        },
        {"identifiers": (("image", "defectdojo/defectdojo-django:1.15.0"),)},
        True,
    ),
    (
        "cyclonedx_xml/dd__cyclonedx__valid-vulnerability-1.4.xml",
        0,
        {
            "check": "SNYK-JAVA-COMFASTERXMLJACKSONCORE-32111",
            "severity": INFO,
            "location": "pkg:maven/com.fasterxml.jackson.core/jackson-databind",
        },
        {
            "cves": ("CVE-2018-7489",),
            "cwes": (184, 502),
            "cvss3_score": 9.8,
            "published_on": date(2021, 1, 1),
        },
        {"name": "", "finished_at": UNDATED},
        True,
    ),
    (
        "spdx_json/dd__spdx__spdx_many_vuln.json",
        1,
        {
            "check": "CVE-2024-10002 GHSA-jfh8-c2jp-5v3q",
            "severity": MEDIUM,
            "location": "pkg:apk/alpine/alpine-keys",
        },
        {
            "cves": ("CVE-2024-10002",),
            "references": ("GHSA-jfh8-c2jp-5v3q",),
            "see_also": (
                "https://example.com/advisories/CVE-2024-10002",
                "https://example.com/advisories/GHSA-jfh8-c2jp-5v3q",
            ),
        },
        {
            "identifiers": (("application", "generic-image"),),
            "finished_at": datetime(2026, 7, 29, tzinfo=UTC),
        },
        True,
    ),
    (
        "spdx_tv/dd__spdx__spdx_one_vuln.spdx",
        1,
        {"check": "package", "severity": INFO, "location": "pkg:apk/alpine/alpine-keys"},
        {"name": "Package"},
        {"name": "generic-image", "finished_at": datetime(2026, 7, 29, tzinfo=UTC)},
        True,
    ),
    (
        "csaf_json/dd__csaf__csaf_one_vuln.json",
        0,
        {"check": "CVE-2026-10001", "severity": CRITICAL, "output": "known_affected: Generic App 1.0.0"},
        {
            "name": "Remote code execution in the request handler",
            "cwes": (94,),
            "cvss3_score": 9.8,
            "solution": "Upgrade to Generic App 1.0.1.",
        },
        {"identifiers": (("application", "Generic App 1.0.0"),)},
        False,
    ),
    (
        "openvex_json/dd__openvex__openvex_one_vuln.json",
        0,
        {
            "check": "CVE-2024-10001",
            "severity": INFO,
            "output": "status: not_affected\njustification: vulnerable_code_not_present\n"
            "pkg:apk/alpine/apk-tools@2.10.6-r0?arch=x86_64&distro=alpine-3.10.9",
        },
        {"cves": ("CVE-2024-10001",)},
        {
            "identifiers": (("application", "pkg:apk/alpine/apk-tools"),),
            "finished_at": datetime(2026, 7, 29, tzinfo=UTC),
        },
        False,
    ),
]


@pytest.mark.skipif(not SCANS.is_dir(), reason="the real reports are not here")
@pytest.mark.parametrize(("file", "number", "found", "defined", "asset", "covered"), REAL)
def test_what_a_real_report_says(file, number, found, defined, asset, covered):
    report = Read((SCANS / file).read_bytes())
    finding = report.findings[number]
    assert report.format == file.partition("/")[0]
    assert members(finding, found) == found
    assert members(report.definitions[finding.check], defined) == defined
    assert members(report.assets[finding.asset], asset) == asset
    assert report.covered is covered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pkg:npm/@babel/core@7.0.0", "pkg:npm/%40babel/core"),
        ("pkg:npm/%40babel/core@7.0.0?x=1#sub", "pkg:npm/%40babel/core"),
        ("pkg:deb/debian/libstdc%2B%2B6@10.2?arch=amd64", "pkg:deb/debian/libstdc++6"),
        ("pkg:oci/app@sha256:ab?repository_url=example.org/app", "pkg:oci/app"),
        ("cpe:2.3:a:b", ""),
        (None, ""),
    ],
)
def test_a_package_url_loses_its_version(text, expected):
    assert unversioned(text) == expected


def test_a_package_has_one_name_whoever_names_it():
    assert package("pip", "My_Package") == package("python-pkg", "my-package") == "pkg:pypi/my-package"
    assert package("debian:11", "libc6") == unversioned("pkg:deb/debian/libc6@2.31?arch=amd64")
    assert package("jar", "org.x:y") == unversioned("pkg:maven/org.x/y@1.0")
    assert package("npm", "") == ""


def test_a_version_of_one_digit_stays_in_a_path():
    assert elsewhere("lib/log4j-2.13.2.jar", "2.13.2") == "lib/log4j-*.jar"
    assert elsewhere("v2/lib", "2") == "v2/lib"


def grype(source):
    return read({"matches": [], "source": source, "descriptor": {"name": "grype"}}).assets[0]


def test_the_folder_where_grype_ran_names_nothing():
    assert grype({"type": "directory", "target": "."}).identifiers == ()
    assert grype({"type": "directory", "target": "/srv/shop"}).identifiers == (("application", "/srv/shop"),)


@pytest.mark.parametrize("parser", [grype_json.PARSER, cyclonedx_json.PARSER], ids=lambda item: item.name)
def test_what_has_no_section_of_the_format_is_refused(parser):
    with pytest.raises(ReportError) as refused:
        parsed(parser, b'{"results": []}')
    assert refused.value.code is ReportFault.UNSUPPORTED


def trivy(*results, **about):
    return read({"SchemaVersion": 2, "ArtifactName": "shop:1", "Results": list(results), **about})


def test_trivy_reports_what_failed_only():
    checks = [
        {"ID": name, "Status": status, "Severity": "HIGH"} for name, status in (("A", "PASS"), ("B", "FAIL"))
    ]
    report = trivy({"Target": "main.tf", "Type": "terraform", "Misconfigurations": checks})
    assert [(item.check, item.location) for item in report.findings] == [("B", "main.tf")]


def test_trivy_tells_two_secrets_of_a_file_apart():
    secrets = [{"RuleID": "key", "Match": f"{name}=***", "StartLine": 1, "EndLine": 2} for name in "ab"]
    report = trivy({"Target": "app.env", "Secrets": secrets})
    assert len({item.location for item in report.findings}) == 2
    assert report.findings[0].output == "app.env:1-2\na=***"


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"ArtifactName": "https://example.org/a/b", "ArtifactType": "repository"}, "repository"),
        ({"ArtifactType": "container_image", "Metadata": {"RepoTags": ["shop:1"]}}, "image"),
        (
            {
                "ArtifactName": "image.tar",
                "ArtifactType": "container_image",
                "Metadata": {"RepoTags": ["a:1"]},
            },
            "image",
        ),
        ({"ArtifactType": "filesystem"}, "application"),
    ],
)
def test_trivy_says_what_it_scanned(about, expected):
    ((kind, value),) = trivy(**about).assets[0].identifiers
    assert kind == expected
    assert value in {"https://example.org/a/b", "shop:1", "a:1"}


def test_nothing_is_gone_because_trivy_wrote_null():
    records = parsed(trivy_json.PARSER, b"null")
    assert not any(isinstance(record, Coverage) for record in records)


def snyk(name, *flaws):
    return {"vulnerabilities": [*flaws], "ok": not flaws, "dependencyCount": 3, "projectName": name}


def test_a_project_of_snyk_without_flaws_is_an_asset_too():
    flaw = {
        "id": "SNYK-1",
        "severity": "low",
        "from": ["two@1.0", "x@1"],
        "packageManager": "npm",
        "name": "x",
    }
    report = read([snyk("one"), snyk("two", flaw), snyk("three"), snyk("four", flaw)])
    assert [report.assets[number].name for number in range(4)] == ["one", "two", "three", "four"]
    assert [item.asset for item in report.findings] == [1, 3]


def bill(*flaws, components=()):
    return read({"bomFormat": "CycloneDX", "components": [*components], "vulnerabilities": [*flaws]})


def test_the_rating_of_a_vulnerability_is_its_sources_own():
    def rating(source, severity):
        return {"source": {"name": source}, "severity": severity}

    ratings = [rating("NVD", "critical"), rating("GitHub", "low")]
    report = bill(
        {"id": "A", "source": {"name": "GitHub"}, "ratings": ratings},
        {"id": "B", "source": {"name": "OSV"}, "ratings": ratings},
        {"id": "C", "ratings": [{"method": "CVSSv31", "score": 7.2}]},
        {"id": "D"},
    )
    assert [item.severity for item in report.findings] == [LOW, CRITICAL, HIGH, MEDIUM]
    assert report.definitions["C"].cvss3_score == 7.2


def test_a_vulnerability_of_several_components_is_one_finding():
    components = [{"bom-ref": "uuid-1", "name": "b", "version": "1", "purl": "pkg:npm/b@1"}]
    report = bill(
        {"id": "A", "affects": [{"ref": "uuid-1"}, {"ref": "pkg:npm/a@2"}, {"ref": "pkg:npm/a@3"}]},
        components=components,
    )
    assert [item.location for item in report.findings] == ["pkg:npm/a pkg:npm/b"]
    assert report.findings[0].output == "b 1\npkg:npm/a@2\npkg:npm/a@3"


def test_a_bill_without_vulnerabilities_closes_nothing():
    assert not bill(components=[{"name": "a"}]).covered
    assert not bill({"id": "A"}).covered
    assert bill({"id": "A"}, components=[{"name": "a"}]).covered


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_bill_may_have_prefixes_and_what_only_refers_to_vulnerabilities(encoding):
    text = """<c:bom version="1" xmlns:c='http://cyclonedx.org/schema/bom/1.5'><?x y?>
        <c:vulnerabilities><?x y?>
        <c:vulnerability><c:id>CVE-2020-1001</c:id></c:vulnerability></c:vulnerabilities>
        <c:compositions><c:composition><c:vulnerabilities><c:vulnerability ref="a"/></c:vulnerabilities>
        </c:composition></c:compositions></c:bom>"""
    assert [item.check for item in Read(text.encode(encoding)).findings] == ["CVE-2020-1001"]


def test_the_image_of_an_spdx_document_is_its_subject():
    report = read(
        {
            "spdxVersion": "SPDX-2.3",
            "name": "whatever",
            "packages": [{"name": "shop", "versionInfo": "1.2", "primaryPackagePurpose": "CONTAINER"}],
        }
    )
    assert report.assets[0].identifiers == (("image", "shop:1.2"),)
    assert report.findings[0].location == "pkg:generic/shop"


def test_many_advisories_make_a_check_of_bounded_length():
    links = [f"https://example.org/{number}/CVE-2024-{number}" for number in range(10000, 10040)]
    references = [
        {"referenceCategory": "SECURITY", "referenceType": "advisory", "referenceLocator": link}
        for link in links
    ]
    report = read({"spdxVersion": "SPDX-2.3", "packages": [{"name": "a", "externalRefs": references}]})
    assert len(report.definitions[report.findings[0].check].cves) == 40


TAGS = b"""\xef\xbb\xbf
SPDXVersion: SPDX-2.3
DocumentName: shop
PackageName: a
PackageComment: <text>two lines
PackageName: not one
</text>
ExternalRef: SECURITY advisory https://example.org/GHSA-jfh8-c2jp-5v3q
ExternalRefComment: <text>not yet fixed</text>
"""


def test_a_tag_within_a_text_is_none():
    report = Read(TAGS.replace(b"\n", b"\r\n"))
    assert [(item.check, item.location) for item in report.findings] == [
        ("GHSA-jfh8-c2jp-5v3q", "pkg:generic/a")
    ]
    assert report.findings[0].output.endswith("not yet fixed")


def test_a_text_that_does_not_end_is_cut_short():
    with pytest.raises(ReportError) as refused:
        parsed(spdx_tv.PARSER, TAGS.partition(b"</text>")[0])
    assert refused.value.code is ReportFault.TRUNCATED


def csaf(*flaws, products=("one", "two")):
    names = [{"product_id": name, "name": name.title()} for name in products]
    return read(
        {
            "document": {"csaf_version": "2.0", "title": "Shop", "tracking": {"id": "ACME-1"}},
            "product_tree": {"branches": [{"branches": [{"product": name} for name in names]}]},
            "vulnerabilities": [*flaws],
        }
    )


def test_the_severity_of_an_advisory_is_by_status_and_score():
    affected = {"known_affected": ["one"], "fixed": ["two"]}
    score = {"cvss_v2": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "baseScore": 7.5}}
    report = csaf(
        {"cve": "CVE-2024-1001", "product_status": {"known_not_affected": ["one"]}, "scores": [score]},
        {"cve": "CVE-2024-1002", "product_status": affected, "scores": [score]},
        {
            "cve": "CVE-2024-1003",
            "product_status": affected,
            "threats": [{"category": "impact", "details": "Low"}],
        },
        {
            "cve": "CVE-2024-1004",
            "product_status": affected,
            "threats": [{"category": "impact", "details": "?"}],
        },
    )
    assert [item.severity for item in report.findings] == [INFO, HIGH, LOW, MEDIUM]
    assert report.findings[1].output == "known_affected: One\nfixed: Two"
    assert members(report.assets[0], ("name", "identifiers")) == {
        "name": "Shop",
        "identifiers": (("application", "ACME-1"),),
    }


def test_a_statement_is_on_its_first_product_and_within_its_parts():
    image = "pkg:oci/shop@sha256:ab?repository_url=example.org%2Fshop"
    report = read(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "timestamp": "2026-07-29T00:00:00Z",
            "statements": [
                {
                    "vulnerability": {"name": "CVE-2024-1001", "aliases": ["GHSA-jfh8-c2jp-5v3q"]},
                    "products": [{"@id": image, "subcomponents": [{"@id": "pkg:npm/a@1"}]}],
                    "status": "affected",
                },
                {"vulnerability": "CVE-2024-1002", "products": ["shop", "desk"], "status": "fixed"},
                {"vulnerability": "CVE-2024-1003", "status": "under_investigation"},
            ],
        }
    )
    assert [report.assets[number].identifiers for number in range(3)] == [
        (("image", "example.org/shop"),),
        (("application", "shop"),),
        (),
    ]
    assert [(item.asset, item.severity, item.location) for item in report.findings] == [
        (0, MEDIUM, "pkg:npm/a"),
        (1, INFO, "desk"),
        (2, MEDIUM, ""),
    ]
    assert report.definitions["CVE-2024-1001"].references == ("GHSA-jfh8-c2jp-5v3q",)


def test_numbers_of_npm_advisories_do_not_meet_those_of_others():
    flaws = [{"source": source, "vulnId": "533"} for source in ("NPM", "VULNDB")]
    report = read(
        {
            "meta": {"application": "Dependency-Track"},
            "findings": [{"vulnerability": flaw, "analysis": {"isSuppressed": True}} for flaw in flaws],
        }
    )
    assert [item.check for item in report.findings] == ["NPM-533", "VULNDB-533"]
    assert report.findings[0].output == "suppressed"
