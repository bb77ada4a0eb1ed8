"""What the Nessus parser reads, from real reports and small ones."""

import io
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from nessus_samples import (
    definitions,
    duplicates,
    expected,
    findings,
    host,
    hosts,
    item,
    read,
    report,
    reports,
)

from threatweaver.reports import Asset, Coverage, Definition, Finding
from threatweaver_exposure.engine import nessus

DUPLICATES = {"dd__tenable__nessus__nessus_with_cvssv3.nessus": 1}


@pytest.mark.parametrize("row", expected(), ids=lambda row: row.path.name)
def test_real_report_yields_what_was_counted(row):
    records = read(row.path.read_bytes())
    found = findings(records)
    assert len(found) == row.findings
    assert len(hosts(records)) == row.hosts
    assert len({finding.check for finding in found}) == row.plugins == len(definitions(records))
    assert Counter(finding.severity for finding in found) == row.severities
    assert len({cve for definition in definitions(records).values() for cve in definition.cves}) == row.cves
    assert duplicates(records) == DUPLICATES.get(row.path.name, 0)


@pytest.mark.parametrize("path", reports(), ids=lambda path: path.name)
def test_real_report_comes_in_order(path):
    known_hosts, known_plugins = set(), set()
    records = read(path.read_bytes())
    assert all(not isinstance(record, Coverage) for record in records[1:])
    for record in records:
        match record:
            case Asset():
                assert record.identifiers
                known_hosts.add(record.number)
            case Definition():
                known_plugins.add(record.check)
            case Finding():
                assert record.asset in known_hosts
                assert record.check in known_plugins
    assert known_hosts == set(range(1, len(known_hosts) + 1))


@pytest.mark.parametrize("path", reports(), ids=lambda path: path.name)
@pytest.mark.parametrize("size", [997, 60_000])
def test_chunk_size_changes_nothing(path, size, monkeypatch):
    whole = read(path.read_bytes())
    monkeypatch.setattr(nessus, "CHUNK_SIZE", size)
    monkeypatch.setattr(nessus, "HEAD_SIZE", 64)
    assert read(path.read_bytes()) == whole


def test_single_bytes_change_nothing(monkeypatch):
    content = host(item("<cve>CVE-2024-1234</cve><plugin_output> a &amp; b </plugin_output>") + item())
    data = report(content * 3, policy="<Policy><policyName>P</policyName></Policy>")
    whole = read(data)
    monkeypatch.setattr(nessus, "CHUNK_SIZE", 1)
    monkeypatch.setattr(nessus, "HEAD_SIZE", 64)
    assert read(data) == whole
    assert len(findings(whole)) == 6


def test_records_come_while_the_file_is_still_read():
    class Slow(io.BytesIO):
        taken = 0

        def read(self, size=-1):
            data = super().read(size)
            self.taken += len(data)
            return data

    stream = Slow(report(host(item("<plugin_output>" + "x" * 5000 + "</plugin_output>")) * 1000))
    records = nessus.parse(stream)
    next(records)
    assert stream.taken < 1_000_000


def test_policy_declares_what_ran():
    preferences = (
        "<Policy><policyName>Basic</policyName><Preferences><ServerPreferences>"
        "<preference><name>plugin_set</name><value>\n 10;11; 12;junk;" + "9" * 5000 + ";</value></preference>"
        "</ServerPreferences></Preferences></Policy>"
    )
    assert read(report(policy=preferences)) == [Coverage(frozenset({"10", "11", "12"}))]


def test_silent_policy_declares_nothing():
    assert read(report()) == []


def test_definition_is_read_in_full():
    children = """
        <synopsis> Short. </synopsis><description>Long.</description><solution>Upgrade.</solution>
        <see_also>https://a.example.com/1
        https://a.example.com/2</see_also>
        <cve>cve-2024-1234, CVE-2024-99999</cve><cve>CVE-24-1</cve>
        <cwe>79</cwe><xref>CWE:89</xref><xref>CISA-KNOWN-EXPLOITED:2024/05/01</xref><bid>1</bid>
        <cvss_base_score>7.5</cvss_base_score><cvss_vector>CVSS2#AV:N/AC:L/Au:N/C:P/I:P/A:P</cvss_vector>
        <cvss3_base_score>9.8</cvss3_base_score><cvss3_vector>CVSS:3.0/AV:N</cvss3_vector>
        <cvss4_base_score>9.3</cvss4_base_score><cvss4_vector>CVSS:4.0/AV:N</cvss4_vector>
        <vpr_score>nan</vpr_score><epss_score>0.97</epss_score><exploit_available>true</exploit_available>
        <vuln_publication_date>2024/5/1</vuln_publication_date>
        <patch_publication_date>2024-05-02T00:00:00+00:00</patch_publication_date>
        <plugin_modification_date>2024/02/31</plugin_modification_date><plugin_type>remote</plugin_type>
    """
    assert definitions(read(report(host(item(children)))))["1001"] == Definition(
        check="1001",
        name="Weak thing",
        family="General",
        synopsis="Short.",
        description="Long.",
        solution="Upgrade.",
        see_also=("https://a.example.com/1", "https://a.example.com/2"),
        cves=("CVE-2024-1234", "CVE-2024-99999"),
        cwes=(79, 89),
        cvss2_score=7.5,
        cvss2_vector="AV:N/AC:L/Au:N/C:P/I:P/A:P",
        cvss3_score=9.8,
        cvss3_vector="CVSS:3.0/AV:N",
        cvss4_score=9.3,
        cvss4_vector="CVSS:4.0/AV:N",
        vpr_score=None,
        epss_score=0.97,
        published_on=date(2024, 5, 1),
        patch_published_on=date(2024, 5, 2),
        modified_on=None,
        exploit_available=True,
        kev=True,
        references=("CWE:89", "CISA-KNOWN-EXPLOITED:2024/05/01", "BID:1"),
    )


def test_definition_without_anything():
    definition = definitions(read(report(host(item(pluginName=None, pluginFamily=None)))))["1001"]
    assert (definition.name, definition.family, definition.see_also) == ("Plugin 1001", "", ())
    assert (definition.kev, definition.exploit_available, definition.cvss3_score) == (None, None, None)


def test_workbench_lists_are_json():
    children = '<see_also>["https://a.example.com","https://b.example.com"]</see_also>'
    definition = definitions(read(report(host(item(children)))))["1001"]
    assert definition.see_also == ("https://a.example.com", "https://b.example.com")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (r'["a\u0000b","c\ud800d"]', ("ab", "cd")),
        ("[broken", ("[broken",)),
        ("[" * 100_000, ("[" * 100_000,)),
        ("[1,null]", ("1", "None")),
    ],
)
def test_odd_lists_stay_storable(text, links):
    assert definitions(read(report(host(item(f"<see_also>{text}</see_also>")))))["1001"].see_also == links


def test_later_cves_are_joined():
    first, second = item("<cve>CVE-2024-0002</cve>"), item("<cve>CVE-2024-0001</cve>")
    records = read(report(host(first + second + first + item("<cve>cve-2024-0002</cve>"))))
    found = [record.cves for record in records if isinstance(record, Definition)]
    assert found == [("CVE-2024-0002",), ("CVE-2024-0001", "CVE-2024-0002")]


def test_finding_is_read_in_full():
    data = report(
        host(item("<plugin_output>\n  Path : /\n  Version : 1\n\n</plugin_output>", protocol="TCP"))
    )
    assert findings(read(data)) == [Finding(1, "1001", 2, 443, "tcp", "www", "  Path : /\n  Version : 1")]


def test_empty_output_is_none():
    assert findings(read(report(host(item("<plugin_output> \n</plugin_output>")))))[0].output is None


def test_cdata_and_foreign_children_do_not_confuse():
    output = "<plugin_output><![CDATA[</ReportItem> & <cve>CVE-2024-1</cve>]]></plugin_output>"
    foreign = '<cm:check xmlns:cm="http://www.nessus.org/cm"><plugin_output>no</plugin_output></cm:check>'
    found = findings(read(report(host(item(foreign + output)))))
    assert [finding.output for finding in found] == ["</ReportItem> & <cve>CVE-2024-1</cve>"]


def test_fixed_items_are_no_findings():
    fixed = item("<vulnerability_state>Fixed</vulnerability_state>")
    active = item("<vulnerability_state>Resurfaced</vulnerability_state>")
    assert len(findings(read(report(host(fixed + active))))) == 1


def test_host_is_read_in_full():
    data = report(
        host(
            host_ip="10.0.0.9",
            operating_system='["Windows 7","Windows 8"]',
            Credentialed_Scan="false",
            HOST_START="Thu Mar 24 10:11:12 2016",
            HOST_END="2016-03-24T12:00:00+02:00",
        )
        .replace("Credentialed-Scan", "Credentialed_Scan")
        .replace("HOST-", "HOST_")
    )
    assert hosts(read(data))[1] == Asset(
        number=1,
        name="10.0.0.1",
        identifiers=(("ip", "10.0.0.9"),),
        operating_system="Windows 7; Windows 8",
        started_at=datetime(2016, 3, 24, 10, 11, 12, tzinfo=UTC),
        finished_at=datetime(2016, 3, 24, 10, 0, tzinfo=UTC),
        authenticated=False,
    )


def test_epoch_tags_win_over_local_times():
    tags = '<tag name="HOST_START">Wed Mar 23 14:31:51 2022</tag>'
    tags += '<tag name="HOST_START_TIMESTAMP">1648042311</tag>'
    data = report(f'<ReportHost name="a"><HostProperties>{tags}</HostProperties></ReportHost>')
    assert hosts(read(data))[1].started_at == datetime(2022, 3, 23, 13, 31, 51, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"), [("yes, as 'root' via ssh", True), ("no", False), ("maybe", None)]
)
def test_scan_information_tells_of_authentication(said, meant):
    output = f"<plugin_output>Safe checks : yes\nCredentialed checks : {said}\n</plugin_output>"
    records = read(report(host(item(output, pluginID=19506))))
    assert hosts(records)[1].authenticated is meant
    assert isinstance(records[-1], Finding)


@pytest.mark.parametrize(
    ("with_login", "without", "meant"),
    [("20", None, True), ("20", "10", True), ("10", "20", False), (None, "20", False), (None, None, None)],
)
def test_workbench_results_tell_of_authentication(with_login, without, meant):
    tags = {"LastAuthenticatedResults": with_login, "LastUnauthenticatedResults": without}
    stated = {key: value for key, value in tags.items() if value}
    assert hosts(read(report(host(**stated))))[1].authenticated is meant


def test_hosts_without_items_and_items_before_properties():
    early = f'<ReportHost name="10.0.0.2">{item()}<HostProperties/></ReportHost>'
    records = read(report(host() + early + '<ReportHost name="10.0.0.3"/>'))
    assert [h.name for h in hosts(records).values()] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert [finding.asset for finding in findings(records)] == [2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("prolog", ["", '<?xml version="1.0" ?>', '<?xml version="1.0"?><!-- é --><?a b?>'])
def test_encodings(encoding, prolog):
    data = report(host(item("<plugin_output>naïve</plugin_output>")), prolog=prolog)
    assert findings(read(data.decode().encode(encoding)))[0].output == "naïve"


def test_declared_latin_1():
    prolog = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    data = report(host(item("<plugin_output>naïve</plugin_output>")), prolog=prolog)
    assert findings(read(data.decode().encode("latin-1")))[0].output == "naïve"


def test_blank_before_the_declaration_is_forgiven():
    assert len(findings(read(b"\r\n " + report(host(item()))))) == 1
