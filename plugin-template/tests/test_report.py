"""The format of reports, as pure code: no database, no kernel."""

from io import BytesIO

import pytest

from threatweaver.sdk import Asset, Definition, Finding, ReportError
from threatweaver_template.engine.report import detects, parse

REPORT = b"#template\nweb-1;weak-tls;high;TLS 1.0; TLS 1.1\nweb-1;no-hsts;low;\nweb-2;weak-tls;high;TLS 1.0\n"


def test_a_report_is_told_by_its_beginning():
    assert (detects(REPORT, "x.txt") > 0, detects(b"<xml/>", "x.txt")) == (True, 0)


def test_hosts_and_checks_come_before_what_was_found():
    assert list(parse(BytesIO(REPORT))) == [
        Asset(number=0, name="web-1", identifiers=(("hostname", "web-1"),)),
        Definition(check="weak-tls", name="weak-tls"),
        Finding(asset=0, check="weak-tls", severity=3, output="TLS 1.0; TLS 1.1"),
        Definition(check="no-hsts", name="no-hsts"),
        Finding(asset=0, check="no-hsts", severity=1, output=""),
        Asset(number=1, name="web-2", identifiers=(("hostname", "web-2"),)),
        Finding(asset=1, check="weak-tls", severity=3, output="TLS 1.0"),
    ]


@pytest.mark.parametrize("line", [b"a;b", b"a;b;terrible;c", b"\n", b"x" * 20_000])
def test_a_line_of_another_shape_is_refused_by_its_number(line):
    with pytest.raises(ReportError) as refused:
        list(parse(BytesIO(REPORT + line)))
    assert refused.value.line == 5
