"""What is made of the reports of web scanners, beside real files told by hand."""

import json
from datetime import UTC, datetime

import pytest
from format_samples import detected, findings, parsed, samples

from threatweaver.reports import UNDATED, Asset, Coverage, Definition, ReportError
from threatweaver_exposure.engine.reading.web import read_duration, read_moment

FILES = {f"{sample.format}/{sample.path.name.rpartition('__')[2]}": sample for sample in samples()}


def read(name):
    if name not in FILES:
        pytest.skip("needs the shared data set")
    data = FILES[name].path.read_bytes()
    return parsed(detected(data), data)


def made(report):
    data = report.encode() if isinstance(report, str) else json.dumps(report).encode()
    return parsed(detected(data), data)


def assets(records):
    return list({record.number: record for record in records if isinstance(record, Asset)}.values())


def definitions(records):
    return {record.check: record for record in records if isinstance(record, Definition)}


# file, number of the finding: check, name, severity, port, location, assets' identifiers, cwes
TOLD = [
    (
        "acunetix360_json/acunetix360_one_finding.json",
        0,
        ("CookieNotMarkedAsHttpOnly", "Cookie Not Marked as HttpOnly", 2, 80, "GET /auth/login.php"),
        [("fqdn", "php.testsparker.com")],
        (16,),
    ),
    (
        "netsparker_json/issue_10311.json",
        1,
        ("BootstrapjsOutOfDate", "Out-of-date Version (Bootstrap)", 2, 443, "GET /"),
        [("fqdn", "www.sampleweb.org")],
        (),
    ),
    (
        "acunetix_xml/many_findings.xml",
        1,
        ("Possible virtual host found", "Possible virtual host found", 1, 80, "/"),
        [("fqdn", "www.itsecgames.com")],
        (200,),
    ),
    (
        "arachni_json/dd.com.afr.json",
        1,
        ("insecure_cookies", "Insecure cookie", 0, 443, "GET /login csrftoken"),
        [("fqdn", "demo.defectdojo.org")],
        (200,),
    ),
    (
        "burp_api_json/example.json",
        2,
        (
            "4197376",
            "Input returned in response (reflected)",
            0,
            443,
            "/page13910250.html/ [name of an arbitrarily supplied URL parameter]",
        ),
        [("fqdn", "whitespots.io")],
        (),
    ),
    (
        "burp_xml/one_finding.xml",
        0,
        ("1049088", "SQL injection", 3, 80, "/bodgeit/basket.jsp [b_id cookie]"),
        [("fqdn", "bwa"), ("ip", "192.168.187.137")],
        (),
    ),
    (
        "ffuf_json/ffuf_many_vuln.json",
        1,
        ("content-discovered", "Content discovered", 0, 80, "/.git"),
        [("fqdn", "wave3target")],
        (),
    ),
    (
        "mozilla_observatory/demo.json",
        1,
        ("cookies", "Cookies", 2, 0, ""),
        [("fqdn", "demo.defectdojo.org")],
        (),
    ),
    (
        "nuclei_json/many_findings_new.json",
        0,
        ("CVE-2018-15473", "OpenSSH Username Enumeration v7.7", 2, 22, ""),
        [("fqdn", "nuclei-example.com"), ("ip", "127.0.0.1")],
        (362,),
    ),
    (
        "wapiti_xml/demo.xml",
        2,
        (
            "HTTP Secure Headers",
            "HTTP Secure Headers",
            1,
            443,
            "GET /dashboard Strict-Transport-Security is not set",
        ),
        [("fqdn", "demo.defectdojo.org")],
        (),
    ),
    (
        "webinspect_xml/Webinspect_one_vuln.xml",
        0,
        ("10302", "Cache Management: Headers", 0, 443, "/"),
        [("fqdn", "www.microfocus.com")],
        (200,),
    ),
    (
        "wpscan_json/wordpress_many_vuln.json",
        1,
        (
            "WPVDB:8873",
            "YouTube Embed <= 13.8.1 - Cross-Site Request Forgery (CSRF)",
            2,
            443,
            "pkg:wordpress/plugin/youtube-embed-plus",
        ),
        [("fqdn", "www.sample-owasp-wp.com")],
        (),
    ),
    (
        "zap_json/owasp_zap.json",
        0,
        ("10098", "Cross-Domain Misconfiguration", 2, 443, "Cross-Domain Misconfiguration"),
        [("fqdn", "example-backend.example.com")],
        (264,),
    ),
    (
        "zap_xml/zap-xml-plus-format.xml",
        0,
        ("90028", "Insecure HTTP Method - PUT", 2, 8080, "Insecure HTTP Method - PUT"),
        [("fqdn", "localhost")],
        (200,),
    ),
]


@pytest.mark.parametrize(
    ("name", "index", "said", "identifiers", "cwes"), TOLD, ids=[told[0] for told in TOLD]
)
def test_a_finding_says_what_the_report_says(name, index, said, identifiers, cwes):
    records = read(name)
    finding = findings(records)[index]
    definition = definitions(records)[finding.check]
    asset = assets(records)[finding.asset]
    assert (finding.check, definition.name, finding.severity, finding.port, finding.location) == said
    assert list(asset.identifiers) == identifiers
    assert definition.cwes == cwes


def test_scores_and_advisories_come_from_the_report():
    acunetix = definitions(read("acunetix_xml/many_findings.xml"))["Unencrypted connection"]
    assert (acunetix.cvss2_score, acunetix.cvss3_score) == (5.8, 9.1)
    netsparker = definitions(read("acunetix360_json/acunetix360_one_finding.json"))[
        "CookieNotMarkedAsHttpOnly"
    ]
    assert netsparker.cvss3_score == 5.7
    nuclei = definitions(read("nuclei_json/many_findings_new.json"))["CVE-2018-15473"]
    assert (nuclei.cves, nuclei.cvss3_score) == (("CVE-2018-15473",), 5.3)


def test_a_scan_has_the_times_that_its_report_states():
    (acunetix,) = assets(read("acunetix_xml/one_finding.xml"))
    assert acunetix.finished_at == datetime(2018, 9, 24, 21, 42, 41, tzinfo=UTC)
    (arachni,) = assets(read("arachni_json/dd.com.afr.json"))
    assert arachni.finished_at == datetime(2021, 3, 17, 18, 41, 46, tzinfo=UTC)
    (netsparker,) = assets(read("netsparker_json/issue_10311.json"))
    assert netsparker.finished_at == datetime(2019, 3, 2, 21, 49, 43, tzinfo=UTC)
    (burp,) = assets(read("burp_api_json/example.json"))
    assert burp.finished_at is None  # the scan is still auditing
    (webinspect,) = assets(read("webinspect_xml/Webinspect_one_vuln.xml"))
    assert webinspect.finished_at == UNDATED


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("24/09/2018, 18:09:55", datetime(2018, 9, 24, 18, 9, 55, tzinfo=UTC)),
        ("05/06/2021 12:30 AM", datetime(2021, 6, 5, 0, 30, tzinfo=UTC)),
        ("2024-10-08 02:33 PM", datetime(2024, 10, 8, 14, 33, tzinfo=UTC)),
        ("03/02/2019 15:50:29 (UTC-06:00)", datetime(2019, 3, 2, 21, 50, 29, tzinfo=UTC)),
        ("2021-03-17 19:41:46 +0100", datetime(2021, 3, 17, 18, 41, 46, tzinfo=UTC)),
        ("Sat Sep 13 22:39:44 CEST 2014", datetime(2014, 9, 13, 22, 39, 44, tzinfo=UTC)),
        ("Fr., 30 Sep. 2022 08:40:35", datetime(2022, 9, 30, 8, 40, 35, tzinfo=UTC)),
        ("Wed, 05 May 2021 07:57:28 GMT", datetime(2021, 5, 5, 7, 57, 28, tzinfo=UTC)),
        ("99/99/2021 07:57", None),
        ("tomorrow", None),
        (None, None),
    ],
)
def test_times_are_read_in_the_spellings_of_web_scanners(text, moment):
    assert read_moment(text) == moment


def test_a_duration_may_have_days():
    assert read_duration("1.02:03:04.5678").total_seconds() == 93784
    assert read_duration("soon") is None


def test_nikto_tells_flaws_apart_and_knows_them_again():
    """The XML and the JSON are of two runs against one host."""
    first, second = read("nikto/tdh.xml"), read("nikto/tdh.json")
    places = {(finding.check, finding.location) for finding in findings(first)}
    assert len(places) == 6
    assert places <= {(finding.check, finding.location) for finding in findings(second)}
    (asset,) = assets(first)
    assert asset.identifiers == (("fqdn", "www.tdh.com"), ("ip", "64.220.43.153"))
    assert asset.finished_at == datetime(2021, 4, 26, 8, 52, 10, tzinfo=UTC)
    assert definitions(first)["999100"].name == "Uncommon header … found, with contents"


def test_a_nikto_scan_that_was_stopped_has_not_ended():
    scan = (
        '<niktoscan><scandetails targetip="10.0.0.1" targethostname="" targetport="99999">'
        '<item id="1" method="GET"><uri>/a?b=c</uri><description>Old</description></item>'
        "</scandetails></niktoscan>"
    )
    records = made(scan)
    (finding,) = findings(records)
    assert (finding.port, finding.location.split()[:2]) == (0, ["GET", "/a"])
    assert assets(records) == [Asset(0, "10.0.0.1", (("ip", "10.0.0.1"),))]


def test_an_acunetix_scan_that_was_aborted_has_not_ended():
    time = "<FinishTime>24/09/2018, 21:42:41</FinishTime>"
    scan = f"<Scan><StartURL>{{}}</StartURL>{time}<Aborted>{{}}</Aborted></Scan>"
    records = made(
        f"<ScanGroup>{scan.format('a.example', 'True')}{scan.format('b.example:81', 'False')}</ScanGroup>"
    )
    stopped, ended = assets(records)
    assert (stopped.name, stopped.finished_at) == ("a.example", None)
    assert (ended.name, ended.finished_at) == ("b.example", datetime(2018, 9, 24, 21, 42, 41, tzinfo=UTC))


def test_a_wpscan_that_was_aborted_has_not_ended():
    (asset,) = assets(
        made({"banner": {"description": "WPScan"}, "scan_aborted": "down", "target_url": "http://x.example/"})
    )
    assert (asset.name, asset.finished_at) == ("x.example", None)


def test_wpscan_rates_by_score_and_knows_sites_of_one_host_apart():
    flaw = {
        "title": "Old",
        "fixed_in": "2",
        "cvss": {"score": "9.8", "vector": None},
        "references": {"cve": ["2020-1"], "wpvulndb": [7]},
    }
    report = {
        "target_url": "https://x.example/blog/",
        "target_ip": "10.0.0.1",
        "effective_url": "",
        "interesting_findings": [],
        "version": {"number": "5", "vulnerabilities": [flaw, {}, None]},
        "main_theme": {
            "slug": "t",
            "vulnerabilities": [],
            "parents": [{"slug": "p", "vulnerabilities": [flaw]}],
        },
        "plugins": {"a": None},
        "stop_time": 0,
    }
    core, nothing, _, parent = findings(made(report))
    assert (core.check, core.severity, core.location) == ("WPVDB:7", 4, "pkg:wordpress/core blog")
    assert (nothing.check, nothing.severity) == ("unknown", 2)
    assert parent.location == "pkg:wordpress/theme/p blog"


def test_zap_rules_with_several_alerts_are_told_apart_by_title():
    cacheable = next(
        finding
        for finding in findings(read("zap_json/owasp_zap.json"))
        if finding.location == "Storable and Cacheable Content"
    )
    assert cacheable.check == "10049"
    assert "The response contents are storable" in cacheable.output
    assert [finding.location for finding in findings(read("zap_xml/5_zap_sample_one.xml"))] == [
        "zap1: Cookie Without Secure Flag",
        "zap2: Cookie Without Secure Flag",
    ]


def test_a_zap_report_may_have_one_site_without_a_list():
    alert = {
        "alertRef": "1-2",
        "pluginid": "1",
        "name": "A",
        "riskdesc": "High (Low)",
        "instances": [None, {}],
    }
    site = {"@name": "https://x.example", "@host": "x.example", "@port": "8443", "alerts": [alert, None]}
    records = made({"@generated": "never", "site": site})
    assert [(finding.check, finding.severity) for finding in findings(records)] == [("1-2", 3)]
    assert assets(records)[0].finished_at == UNDATED


def test_what_burp_extensions_report_has_one_type_and_many_names():
    issue = "<issue><type>134217728</type><name>{}</name><host>http://x:90000</host><location>{}</location></issue>"
    issues = issue.format("One", "/a?b=c [x[0] parameter]") + issue.format("Two", "")
    records = made(f'<issues burpVersion="2">{issues}</issues>')
    assert [(finding.check, finding.location) for finding in findings(records)] == [
        ("134217728 One", "/a [x[0] parameter]"),
        ("134217728 Two", "/"),
    ]


def test_only_what_says_that_checks_ran_covers_them():
    (arachni,) = (record for record in read("arachni_json/dd.com.afr.json") if isinstance(record, Coverage))
    assert {"xss", "hsts"} < arachni.checks
    (observatory,) = (
        record for record in read("mozilla_observatory/demo.json") if isinstance(record, Coverage)
    )
    assert len(observatory.checks) == 12
    assert not any(isinstance(record, Coverage) for record in read("zap_xml/5_zap_sample_one.xml"))


def test_the_observatory_may_leave_out_the_scan():
    test = {"expectation": "x", "pass": False, "result": "y", "score_modifier": -50}
    records = made({"subresource-integrity": test, "cookies": test | {"pass": True}, "referrer-policy": None})
    assert [(finding.check, finding.severity) for finding in findings(records)] == [
        ("subresource-integrity", 3)
    ]
    assert assets(records) == [Asset(0, "", finished_at=UNDATED)]


def test_ffuf_results_that_share_a_path_differ_in_what_was_tried():
    report = {"commandline": "ffuf -H 'Host: FUZZ'", "time": "2026-07-31T00:00:00Z", "results": [None]}
    report["results"] += [
        {"url": "http://10.0.0.1/", "input": {"FUZZ": word, "FFUFHASH": "1"}} for word in ("dev", "test")
    ]
    assert [finding.location for finding in findings(made(report))] == ["/ FUZZ=dev", "/ FUZZ=test"]


def test_nuclei_may_write_a_list_and_leave_out_the_host():
    match = {
        "template-id": "a",
        "info": {"severity": "critical", "tags": "x,kev", "classification": {"epss-score": 0.5}},
        "type": "http",
        "matched-at": "http://x.example:8080/a?b=c",
        "fuzzing_method": "POST",
        "fuzzing_parameter": "q",
    }
    records = made([match, 1])
    (finding,) = findings(records)
    assert (finding.severity, finding.port, finding.location) == (4, 8080, "POST /a q")
    assert (definitions(records)["a"].kev, definitions(records)["a"].epss_score) == (True, 0.5)
    assert assets(records)[0].name == "x.example"


def test_the_two_names_of_one_product_are_told_apart():
    target = {"Target": {"ScanId": "1", "Url": "http://x.example"}}
    for scanner, name in (("Acunetix 360", "acunetix360_json"), ("Netsparker", "netsparker_json")):
        request = {
            "Content": f"X-Scanner: {scanner}",
            "Parameters": [{"Name": "id", "Vulnerable": True}, None],
        }
        found = {
            "Type": "A",
            "Severity": "BestPractice",
            "Url": "http://x.example/a?id=1",
            "HttpRequest": request,
        }
        data = json.dumps(
            target | {"Vulnerabilities": [found, {"Classification": {"Cwe": "16, 200"}}]}
        ).encode()
        assert detected(data).name == name
        records = parsed(detected(data), data)
        assert findings(records)[0].location == "/a id"
        assert definitions(records)["unknown"].cwes == (16, 200)
    assert detected(json.dumps(target | {"Vulnerabilities": []}).encode()).name == "netsparker_json"


def test_a_report_of_wapiti_is_no_other_with_the_same_root():
    with pytest.raises(ReportError):
        made('<report><report_infos><info name="generatorName">not wapiti</info></report_infos></report>')
