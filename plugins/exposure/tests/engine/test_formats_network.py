"""What the parsers of network scanners' reports make of telling findings and of odd reports."""

import json
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from format_samples import detected, findings, parsed
from nessus_samples import SCANS

from threatweaver.reports import UNDATED, Asset, Coverage, Definition, ReportError
from threatweaver_exposure.engine.catalog import PARSERS
from threatweaver_exposure.engine.reading.moments import read_date, read_moment
from threatweaver_exposure.engine.reading.words import port_of


class Told(NamedTuple):
    """A finding by hand: its place in the report, and what it, its definition and its asset say."""

    file: str
    place: int
    finding: dict[str, Any]
    definition: dict[str, Any]
    asset: dict[str, Any]


TOLD = (
    Told(
        "openvas_csv/dd__openvas__one_vuln.csv",
        0,
        {
            "check": "1.3.6.1.4.1.25623.1.0.105611",
            "severity": 2,
            "port": 22,
            "protocol": "tcp",
            "location": "",
        },
        {
            "name": "SSH Weak Encryption Algorithms Supported",
            "cvss2_score": 4.3,
            "solution": "Disable the weak encryption algorithms.",
            "modified_on": date(2020, 8, 24),
        },
        {
            "identifiers": (("ip", "10.0.0.8"),),
            "finished_at": datetime(2021, 2, 25, 20, 1, 27, tzinfo=UTC),
        },
    ),
    Told(
        "openvas_xml/dd__openvas__many_vuln.xml",
        0,
        {"check": "1.3.6.1.4.1.25623.1.0.100111", "severity": 3, "port": 512, "protocol": "tcp"},
        {
            "name": "The rexec service is running",
            "family": "Useless services",
            "cves": ("CVE-1999-0618",),
            "cvss2_score": 10.0,
            "synopsis": "This remote host is running a rexec service.",
        },
        {"name": "192.168.1.1001", "finished_at": datetime(2023, 9, 26, 13, 4, tzinfo=UTC)},
    ),
    Told(
        "openvas_xml/dd__openvas__many_vuln.xml",
        43,  # without a word for its threat: the score of 4.0 decides
        {"severity": 2, "port": 5432},
        {},
        {},
    ),
    Told(
        "qualys_csv/dd__qualys__Qualys_Sample_Report.csv",
        2,
        {"check": "91762", "severity": 4, "port": 0, "location": ""},
        {
            "name": "Microsoft Windows Security Update for May 2021",
            "family": "Windows",
            "cvss3_score": 9.9,
            "cvss3_vector": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H",
        },
        {
            "identifiers": (("fqdn", "ip-10-98-57-180.eu-west-1.compute.internal"), ("ip", "10.98.57.180")),
            "finished_at": datetime(2021, 5, 25, 7, 36, 58, tzinfo=UTC),
        },
    ),
    Told(
        "qualys_scan_xml/dd__qualys_infrascan_webgui__qualys_infrascan_webgui_1.xml",
        0,
        {"check": "123168", "severity": 4, "output": "some output"},
        {
            "name": "Oracle Java SE Critical Patch Update - January 2015",
            "family": "Local",
            "cvss2_score": 10.0,
            "cvss3_score": 3.4,
            "exploit_available": True,
            "modified_on": date(2018, 9, 11),
        },
        {
            "identifiers": (("fqdn", "host1.example.com"), ("ip", "10.1.10.1")),
            "operating_system": "Ubuntu 11",
            "started_at": datetime(2019, 4, 2, 10, 14, 53, tzinfo=UTC),
            "finished_at": datetime(2019, 4, 2, 14, 44, 4, tzinfo=UTC),
        },
    ),
    Told(
        "qualys_vmdr_csv/dd__qualys_vmdr__many_vulns_cve.csv",
        4,
        {"check": "800005", "severity": 4, "port": 8443, "protocol": "tcp"},
        {
            "name": "Critical RCE in Framework W",
            "cves": ("CVE-2023-0005",),
            "cvss2_score": 10.0,
            "cvss3_score": 9.8,
            "published_on": date(2022, 9, 15),
            "exploit_available": True,
        },
        {"identifiers": (("hostname", "APPSERVER01"), ("ip", "2001:db8::100"))},
    ),
    Told(
        "qualys_vmdr_csv/dd__qualys_vmdr__many_vulns_cve.csv",
        2,  # one that is fixed
        {"check": "800003", "severity": 0, "output": "Status: fixed\nError-based SQLi confirmed"},
        {},
        {},
    ),
    Told(
        "qualys_was_xml/dd__qualys_webapp__qualys_webapp_one_vuln.xml",
        0,
        {"check": "150085", "severity": 2, "port": 443, "location": "POST /"},
        {
            "name": "Slow HTTP POST vulnerability",
            "cwes": (772,),
            "cvss2_score": 6.1,
            "references": ("A6", "WASC-10"),
        },
        {
            "identifiers": (("fqdn", "services.example.com"),),
            "finished_at": datetime(2020, 3, 12, 20, 54, tzinfo=UTC),
        },
    ),
    Told(
        "nexpose_xml/dd__nexpose__dns.xml",
        4,
        {"check": "dns-amplification", "severity": 1, "port": 53, "protocol": "udp", "service": "DNS"},
        {
            "name": "DNS Traffic Amplification",
            "references": ("CERT:TA13-088A", "CERT:TA14-017A"),
            "published_on": date(2013, 3, 29),
            "cvss2_score": 0.0,
        },
        {
            "identifiers": (("ip", "192.168.1.1"), ("mac", "00:11:22:33:44:55")),
            "operating_system": "Linux 2.6.32",
            "finished_at": datetime(2021, 2, 28, 22, 54, 29, tzinfo=UTC),
        },
    ),
    Told(
        "tenable_csv/dd__tenable__nessus__nessus_many_vuln.csv",
        0,
        {"check": "35291", "severity": 2, "port": 443, "protocol": "tcp"},
        {
            "name": "SSL Certificate Signed Using Weak Hashing Algorithm",
            "cves": ("CVE-2004-2761",),
            "cwes": (310,),
            "vpr_score": 4.4,
            "cvss3_score": 7.5,
            "cvss3_vector": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N/E:P/RL:O/RC:C",
            "published_on": date(2004, 8, 18),
            "patch_published_on": None,
            "exploit_available": True,
            "references": ("CERT:836068", "CWE:310"),
        },
        {
            "identifiers": (("ip", "10.1.1.1"),),
            "finished_at": datetime(2021, 1, 5, 17, 24, 8, tzinfo=UTC),
        },
    ),
    Told(
        "tenable_csv/dd__tenable__nessus_was__nessus_was_one_vuln.csv",
        0,
        {"check": "98104", "severity": 3, "port": 80, "protocol": "tcp", "service": "http"},
        {"name": "Cross-Site Scripting (XSS)", "cvss2_score": 7.5, "cvss3_score": 7.1},
        {"identifiers": (("fqdn", "google.com"),), "finished_at": UNDATED},
    ),
    Told(
        "testssl_csv/dd__testssl__many_cves.csv",
        0,
        {"check": "DROWN", "severity": 3, "port": 443, "output": "vulnerable to DROWN on this host and port"},
        {"cves": ("CVE-2016-0800", "CVE-2016-0703"), "cwes": (310,)},
        {"identifiers": (("fqdn", "www.defectdojo.org"), ("ip", "185.199.109.153")), "finished_at": UNDATED},
    ),
    Told(
        "masscan_json/dd__masscan__masscan_many_vuln.json",
        3,
        {"check": "open-port", "severity": 0, "port": 80, "protocol": "tcp", "output": "syn-ack"},
        {"name": "Open port"},
        {
            "identifiers": (("ip", "172.29.0.3"),),
            "finished_at": datetime(2026, 7, 31, 18, 20, 37, tzinfo=UTC),
        },
    ),
    Told(
        "httpx_jsonl/dd__httpx__httpx_many_vuln.json",
        1,
        {"check": "http-answer", "severity": 0, "port": 80, "service": "http", "location": "GET /admin/"},
        {},
        {
            "identifiers": (("ip", "172.29.0.2"),),
            "finished_at": datetime(2026, 7, 31, 19, 38, 54, 450647, tzinfo=UTC),
        },
    ),
)


real = pytest.mark.skipif(not SCANS.is_dir(), reason="the real reports are not here")


@real
@pytest.mark.parametrize("told", TOLD, ids=lambda told: f"{told.file}-{told.place}")
def test_a_finding_says_what_the_report_says(told):
    data = (SCANS / told.file).read_bytes()
    records = parsed(detected(data), data)
    finding = findings(records)[told.place]
    # what comes later replaces what was said before
    definition = [item for item in records if isinstance(item, Definition) and item.check == finding.check][
        -1
    ]
    asset = [item for item in records if isinstance(item, Asset) and item.number == finding.asset][-1]
    for record, stated in ((finding, told.finding), (definition, told.definition), (asset, told.asset)):
        assert {name: getattr(record, name) for name in stated} == stated


@real
@pytest.mark.parametrize(
    ("file", "flaws"),
    [
        (
            "dd__sslyze__one_target_many_vuln_old.json",
            {
                "heartbleed": 3,
                "ccs-injection": 3,
                "insecure-renegotiation": 2,
                "client-renegotiation": 2,
                "protocol-tls-1.1": 2,
                "cipher-rc4": 2,
            },
        ),
        ("dd__sslyze__one_target_one_vuln_new.json", {"protocol-tls-1.0": 2, "protocol-tls-1.1": 2}),
        ("dd__sslyze__report_one_target_one_vuln.xml", {"certificate-sha1": 2, "certificate-expired": 2}),
    ],
)
def test_flaws_follow_from_what_sslyze_saw(file, flaws):
    data = (SCANS / "sslyze" / file).read_bytes()
    records = parsed(detected(data), data)
    assert {found.check: found.severity for found in findings(records)} == flaws
    assert {found.port for found in findings(records)} == {443}


def made_of(name: str, data: str | bytes) -> list[Any]:
    """The records of a made-up report, which its content tells to be of this format."""
    content = data.encode() if isinstance(data, str) else data
    parser = detected(content)
    assert parser.name == name
    return parsed(parser, content)


def assets(records: list[Any]) -> dict[int, Asset]:
    return {record.number: record for record in records if isinstance(record, Asset)}


def definitions(records: list[Any]) -> dict[str, Definition]:
    return {record.check: record for record in records if isinstance(record, Definition)}


def test_rows_of_one_plugin_each_name_a_cve_and_the_definition_has_all():
    records = made_of(
        "tenable_csv",
        "Plugin ID,CVE,Risk,Host,Protocol,Port,Name,XREF\n"
        "7,CVE-2020-0001,High,10.0.0.1,tcp,443,Old,\n"
        "7,CVE-2020-0002,High,10.0.0.1,tcp,443,Old,CISA-KNOWN-EXPLOITED:2022/05/03\n"
        "7,CVE-2020-0001,High,https://web.example.com:8443/x,tcp,443,Old,\n",
    )
    assert definitions(records)["7"].cves == ("CVE-2020-0001", "CVE-2020-0002")
    assert definitions(records)["7"].kev
    assert [found.asset for found in findings(records)] == [0, 0, 1]
    assert assets(records)[1].identifiers == (("fqdn", "web.example.com"),)


def test_a_table_in_utf_16_and_one_after_lines_on_the_report_are_read():
    table = '"IP","DNS","NetBIOS","IP Status","QID","Title","Type","Severity","Port"\n'
    row = '"10.0.0.9","","DESK\\PC9","host scanned","38173","SSL","{0}","{1}","443"\n'
    rows = row.format("Practice", 2) + row.format("Ig", 3) + row.format("Vuln", 77)
    about = '"Scan results","11/26/2026"\n"A company","Straße"\n\n'
    for data in (
        (table + rows).encode("utf-16"),
        ("\ufeff" + table + rows).encode(),
        (about + table + rows).encode(),
        (about + table + rows).encode("utf-16"),
        ("\ufeff" + about + table + rows).encode("utf-16-be"),
    ):
        records = made_of("qualys_csv", data)
        assert [found.severity for found in findings(records)] == [1, 0, 0]
        assert assets(records)[0].identifiers == (("ip", "10.0.0.9"), ("netbios", "DESK\\PC9"))


def test_the_worst_score_among_the_cves_of_a_detection_stands():
    records = made_of(
        "qualys_vmdr_csv",
        "QID,Title,Severity,KB Severity,Asset Name,CVE,CVSSv3.1 Base (nvd)\n"
        "1,T,5,5,a,CVE-2020-0001,9.8\n"
        "1,T,5,5,a,CVE-2020-0002,3.1\n",
    )
    assert definitions(records)["1"].cvss3_score == 9.8
    assert definitions(records)["1"].cves == ("CVE-2020-0001", "CVE-2020-0002")


QUALYS = """<ASSET_DATA_REPORT>
<HOST_LIST><HOST><IP>10.0.0.1</IP><DNS>a.example.com</DNS><NETBIOS>A</NETBIOS><VULN_INFO_LIST>
<VULN_INFO><QID id="qid_1">1</QID><TYPE>Vuln</TYPE><LAST_FOUND>2026-01-02T03:04:05Z</LAST_FOUND></VULN_INFO>
<VULN_INFO><QID>1</QID><VULN_STATUS>Fixed</VULN_STATUS><INSTANCE>oracle</INSTANCE></VULN_INFO>
<VULN_INFO><QID>2</QID><TYPE>Vuln</TYPE></VULN_INFO>
</VULN_INFO_LIST></HOST></HOST_LIST>
<GLOSSARY><VULN_DETAILS_LIST>
<VULN_DETAILS id="qid_1"><QID>1</QID><TITLE>Bad</TITLE><SEVERITY>4</SEVERITY>
<CVSS3_SCORE><CVSS3_BASE>7.5</CVSS3_BASE></CVSS3_SCORE></VULN_DETAILS>
<VULN_DETAILS id="qid_3"><TITLE>Not found</TITLE><SEVERITY>5</SEVERITY></VULN_DETAILS>
</VULN_DETAILS_LIST></GLOSSARY></ASSET_DATA_REPORT>"""


def test_what_a_qualys_report_explains_at_its_end_holds_for_its_beginning():
    records = made_of("qualys_xml", QUALYS)
    assert [(found.severity, found.location) for found in findings(records)] == [
        *((3, ""), (0, "oracle"), (0, "")),
    ]
    assert {check: known.name for check, known in definitions(records).items()} == {"1": "Bad", "2": "QID 2"}
    assert definitions(records)["1"].cvss3_score == 7.5
    assert assets(records)[0].finished_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


ABORTED = {
    "qualys_scan_xml": """<SCAN><HEADER><KEY value="STATUS">CANCELED</KEY>
        <KEY value="DATE">2026-01-02T03:04:05Z</KEY></HEADER><IP value="10.0.0.1"/></SCAN>""",
    "qualys_was_xml": """<WAS_WEBAPP_REPORT><APPENDIX>
        <SCAN_LIST><SCAN><STATUS>Canceled</STATUS></SCAN></SCAN_LIST>
        <WEBAPP><URL>https://a.example.com</URL></WEBAPP></APPENDIX></WAS_WEBAPP_REPORT>""",
    "nexpose_xml": """<NexposeReport>
        <scans><scan id="1" status="stopped" endTime="20210228T225429678"/></scans>
        <nodes><node address="10.0.0.1"/></nodes></NexposeReport>""",
    "openvas_xml": """<report><scan_run_status>Stopped</scan_run_status><results><result>
        <host>10.0.0.1</host><nvt oid="1"/><port>https (443/tcp)</port></result></results>
        <scan_end/></report>""",
    "testssl_csv": """id,fqdn/ip,port,severity,finding\nTLS1,a.example.com/10.0.0.1,443,OK,offered
scanProblem,a.example.com/10.0.0.1,443,FATAL,no answer""",
    "sslyze": json.dumps(
        {"server_scan_results": [{"connectivity_status": "ERROR", "server_location": {"hostname": "a"}}]}
    ),
}


@pytest.mark.parametrize("name", ABORTED)
def test_an_aborted_scan_has_not_finished(name):
    records = made_of(name, ABORTED[name])
    assert [asset.finished_at for asset in assets(records).values()] == [None]
    assert not [record for record in records if isinstance(record, Coverage)]


def test_a_server_that_sslyze_did_not_reach_has_not_been_scanned():
    errors = [{"server_string": "a.example.com:443", "error_message": "timed out"}]
    records = made_of("sslyze", json.dumps({"server_connectivity_errors": errors, "server_scan_results": []}))
    assert [(asset.name, asset.finished_at) for asset in assets(records).values()] == [
        ("a.example.com", None)
    ]


ANSWER = """<get_reports_response><report format_id="x"><report>
<results><result><host>10.0.0.1</host><port>443/tcp</port><threat>False Positive</threat>
<nvt oid="1.2"><name>N</name><refs><ref type="bid" id="12"/></refs>
<severities><severity><value>CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N</value></severity></severities></nvt>
</result></results>
<host><ip>10.0.0.1</ip><end>2026-01-02T03:04:05Z</end>
<detail><name>best_os_txt</name><value>Debian 12</value></detail>
<detail><name>MAC</name><value>00:11:22:33:44:55</value></detail></host>
</report></report></get_reports_response>"""


def test_the_answer_to_a_request_for_reports_is_read_and_its_host_described():
    records = made_of("openvas_xml", ANSWER)
    assert [(found.severity, found.port) for found in findings(records)] == [(0, 443)]
    assert definitions(records)["1.2"].cvss3_score == 7.5
    assert definitions(records)["1.2"].references == ("BID:12",)
    assert assets(records)[0].identifiers == (("ip", "10.0.0.1"), ("mac", "00:11:22:33:44:55"))
    assert assets(records)[0].operating_system == "Debian 12"


NEXPOSE = """<NexposeReport version="2.0"><nodes><node address="10.0.0.1">
<names><name>a.example.com</name></names>
<tests><test id="OS-old" status="vulnerable-version" key="/opt"/>
<test id="fine" status="not-vulnerable"/></tests>
</node></nodes></NexposeReport>"""


def test_tests_of_nexpose_that_found_nothing_are_no_findings():
    records = made_of("nexpose_xml", NEXPOSE)
    assert [(found.check, found.location) for found in findings(records)] == [("os-old", "/opt")]
    assert assets(records)[0].identifiers == (("fqdn", "a.example.com"), ("ip", "10.0.0.1"))
    assert assets(records)[0].finished_at == UNDATED


def test_missing_members_and_those_of_other_types_do_no_harm():
    ports = [{"port": 99999, "proto": 6}, {"port": 1, "proto": "tcp", "status": "closed"}, 7]
    records = made_of("masscan_json", json.dumps([{"ip": "10.0.0.1", "ports": ports}, None, {"finished": 1}]))
    assert [(found.port, found.protocol) for found in findings(records)] == [(0, "")]
    lines = (
        {"timestamp": "x", "input": "a", "url": "http://[::1", "failed": True},
        {"url": "https://a.example.com/b?c=1", "failed": None, "port": []},
        3,
    )
    records = made_of("httpx_jsonl", "\n".join(map(json.dumps, lines)))
    assert [(found.port, found.location) for found in findings(records)] == [(443, "/b")]
    robot = {"result": {"robot_result": "VULNERABLE_WEAK_ORACLE"}}
    results = [None, {"scan_result": {"robot": robot, "heartbleed": 3}}]
    records = made_of("sslyze", json.dumps({"server_scan_results": results}))
    assert [found.check for found in findings(records)] == ["robot"]


def test_flaws_of_certificates_and_ciphers():
    store = {"trust_store": {"name": "Mozilla"}, "was_validation_successful": False}
    certificate = {
        "leaf_certificate_subject_matches_hostname": False,
        "path_validation_results": [store | {"openssl_error_string": "self signed"}],
    }
    suites = ("RSA_WITH_3DES_EDE_CBC_SHA", "RSA_EXPORT_WITH_RC4_40_MD5", "RSA_WITH_DES_CBC_SHA", "DH_anon_X")
    results = {
        "certificate_info": {"certificate_deployments": [certificate]},
        "tls_1_2_cipher_suites": {
            "accepted_cipher_suites": [{"cipher_suite": {"name": f"TLS_{suite}"}} for suite in suites]
        },
    }
    report = {"server_scan_results": [{"scan_commands_results": results}]}
    records = made_of("sslyze", json.dumps(report))
    assert {found.check: found.output for found in findings(records)} == {
        "certificate-hostname": None,
        "certificate-untrusted": "Mozilla: self signed",
        "cipher-64-bit-block": "tls_1_2: TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "cipher-export": "tls_1_2: TLS_RSA_EXPORT_WITH_RC4_40_MD5",
        "cipher-des": "tls_1_2: TLS_RSA_WITH_DES_CBC_SHA",
        "cipher-anonymous": "tls_1_2: TLS_DH_anon_X",
    }


def test_a_file_of_another_kind_is_refused():
    for name in ("openvas_xml", "qualys_was_xml", "qualys_csv"):
        parser = next(parser for parser in PARSERS if parser.name == name)
        with pytest.raises(ReportError):
            list(parser.parse(BytesIO(b"<root/>")))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Feb 5, 2024 21:01:08 UTC", datetime(2024, 2, 5, 21, 1, 8, tzinfo=UTC)),
        ("Feb 03, 2026 12:30 AM", datetime(2026, 2, 3, 0, 30, tzinfo=UTC)),
        ("Apr 27, 2020 23:00:00 MDT", datetime(2020, 4, 28, 5, tzinfo=UTC)),
        ("01 Apr 2020 01:15PM GMT-0400", datetime(2020, 4, 1, 17, 15, tzinfo=UTC)),
        ("05/13/2021 07:08:28", datetime(2021, 5, 13, 7, 8, 28, tzinfo=UTC)),
        ("04/02/2019 at 10:14:53 (GMT)", datetime(2019, 4, 2, 10, 14, 53, tzinfo=UTC)),
        ("20210228T225351463", datetime(2021, 2, 28, 22, 53, 51, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("Dec 31, 9999 23:00:00 PST", None),
        ("13/13/2021", None),
        ("Xyz 5, 2024", None),
        ("'-", None),
        (None, None),
    ],
)
def test_times_for_people_are_read(text, moment):
    assert read_moment(text) == moment


def test_the_day_is_that_of_its_writer():
    assert read_date("Apr 27, 2020 23:00:00 MDT") == date(2020, 4, 27)
    assert read_date("2020/10/30") == date(2020, 10, 30)
    assert read_date("N/A") is None


def test_what_is_no_port_is_none():
    assert [port_of(value) for value in ("443", 65535, "65536", "-1", "", None, "'-", 1.5, "٣")] == [
        *(443, 65535),
        *(0,) * 7,
    ]
