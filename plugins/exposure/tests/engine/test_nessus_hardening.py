"""What the Nessus parser refuses, and that it does so with a stable code and in bounded memory."""

import gzip
import io
import os
import random
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nessus_samples import SCANS, host, item, negatives, read, report, reports

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine import nessus

SMALL = SCANS / "nessus" / "pyt__io_test_workbench_export_asset_uuid.nessus"
OUTPUT = "<plugin_output>{}</plugin_output>"
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
BOMBS = {
    "laughs": f'<!DOCTYPE x [<!ENTITY a0 "ha">{LAUGHS}]>',
    "quadratic": f'<!DOCTYPE x [<!ENTITY a11 "{"x" * 50_000}">]>',
    "external": '<!DOCTYPE x [<!ENTITY a11 SYSTEM "file:///etc/passwd">]>',
    "parameter": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    "subset": '<!DOCTYPE NessusClientData_v2 SYSTEM "http://127.0.0.1:9/x.dtd">',
    "comment first": '<?xml version="1.0"?>\n<!-- > --><?pi ?>\n<!DOCTYPE x [<!ENTITY a11 "x">]>',
}


def refusal(data):
    with pytest.raises(ReportError) as caught:
        read(data)
    return caught.value


@pytest.mark.parametrize("path", negatives(), ids=lambda path: path.name)
def test_negatives_are_refused(path):
    assert refusal(path.read_bytes()).code in {ReportFault.UNSUPPORTED, ReportFault.FORBIDDEN_XML}


def test_policy_export_is_refused_by_name():
    refused = refusal((SCANS / "negative" / "pyt__io_test_policy_export.nessus").read_bytes())
    assert refused.code == "REPORT_UNSUPPORTED"
    assert "policy" in refused.message


@pytest.mark.parametrize("path", reports(), ids=lambda path: path.name)
def test_truncated_reports_are_refused(path):
    data = path.read_bytes().rstrip()
    last = 19 if len(data) < 4 << 20 else 7
    for n in range(last + 1):
        code = refusal(data[: (len(data) - 1) * n // last]).code
        assert code in {ReportFault.TRUNCATED, ReportFault.UNSUPPORTED}
        assert n == 0 or code == ReportFault.TRUNCATED


def test_flipped_bits_never_surprise():
    rng = random.Random(11)
    original = SMALL.read_bytes()
    refused = 0
    for _ in range(400):
        data = bytearray(original)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            read(bytes(data))
        except ReportError:
            refused += 1
    assert refused > 50


MARKUP = [
    "<ReportHost name='a'>",
    "</ReportHost>",
    "<ReportItem ",
    "port='1'",
    "pluginID='7'",
    "severity='1'",
    ">",
]
MARKUP += [
    "</ReportItem>",
    "<HostProperties>",
    "</HostProperties>",
    "<tag name='host-ip'>",
    "</tag>",
    "<!--",
    "-->",
]
MARKUP += [
    "<?x",
    "?>",
    "<![CDATA[",
    "]]>",
    "&amp;",
    "&x;",
    "&#0;",
    "\x00",
    "<cve>CVE-2024-1234</cve>",
    "</Report>",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(MARKUP) | st.text(max_size=5), max_size=30))
def test_any_markup_is_read_or_refused(parts):
    try:
        read(report("".join(parts)))
    except ReportError:
        return
    except UnicodeEncodeError:
        return  # hypothesis made a lone surrogate, which no file can hold


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    assert refusal(data).code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_document_types_are_refused(bomb, encoding):
    attribute = host(item(svc_name="&a11;" * 1000) + item(OUTPUT.format("&a11;" * 1000)))
    started = time.perf_counter()
    refused = refusal(report(attribute, prolog=bomb).decode().encode(encoding))
    assert refused.code == "REPORT_FORBIDDEN_XML"
    assert time.perf_counter() - started < 1


def test_document_type_behind_a_long_comment_is_refused():
    prolog = f"<!--{'x' * 100_000}-->" + BOMBS["laughs"]
    assert refusal(report(host(item(OUTPUT.format("&a11;"))), prolog=prolog)).code == ReportFault.UNSUPPORTED


@pytest.mark.parametrize("encoding", ["utf-7", "utf-32", "cp037", "iso-2022-jp"])
def test_encodings_that_can_hide_markup_are_refused(encoding):
    data = report(host(item()), prolog=f'<?xml version="1.0" encoding="{encoding}"?>').decode()
    assert refusal(data.encode(encoding)).code == ReportFault.UNSUPPORTED


@pytest.mark.parametrize("entity", ["&foo;", "&#0;", "&#xD800;", "&#1;", "\x00", "&"])
@pytest.mark.parametrize("place", ["{}", "<plugin_output>{}</plugin_output>", '<a b="{}"/>'])
def test_bad_characters_are_refused_with_their_line(entity, place):
    refused = refusal(report("\n\n" + host(item(place.format(entity)))) + b" " * 1_000_000)
    assert refused.code == "REPORT_MALFORMED"
    assert refused.message.startswith("line 3 ")


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"\xef\xbb\xbf", b"\xff\xfe", b"{}", b"<", b"<a/>", b"<NessusClientData/>", b"\x00" * 100],
)
def test_other_files_are_refused(data):
    assert refusal(data).code == "REPORT_UNSUPPORTED"


def test_namespaced_root_is_refused():
    assert (
        refusal(b'<NessusClientData_v2 xmlns="urn:x"><Report/></NessusClientData_v2>').code
        == ReportFault.UNSUPPORTED
    )


@pytest.mark.parametrize("after", [b"x", b"<a/>", b"<!DOCTYPE x>", b"&amp;"])
def test_content_after_the_root_is_refused(after):
    assert refusal(report(host(item())) + after).code == ReportFault.MALFORMED


@pytest.mark.parametrize(
    "attributes",
    [
        {"pluginID": "x"},
        {"pluginID": None},
        {"pluginID": 0},
        {"pluginID": 2**31},
        {"severity": 5},
        {"severity": None},
        {"port": 65536},
        {"port": -1},
    ],
)
def test_impossible_items_are_refused(attributes):
    refused = refusal(report("\n" + host(item(**attributes))))
    assert refused.code == ReportFault.MALFORMED
    assert "line 2" in refused.message


def test_host_without_any_name_is_refused():
    assert refusal(report(host(name=" "))).code == ReportFault.MALFORMED


def test_xinclude_is_not_followed():
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
    assert "root:" not in str(read(report(host(item(OUTPUT.format(include))))))


def crowd(child):
    """Items each of which holds a name of its own: of every 64 one is looked at, and 1,000 are too many."""
    before, after = item(child).split("{}")
    return host("".join(f"{before}{number}{after}" for number in range(150_000)))


LARGE = {
    "text": lambda: host(item(OUTPUT.format("x" * 11_000_000))),
    "attribute": lambda: host(item(svc_name="x" * 11_000_000)),
    "service": lambda: host(item(svc_name="x" * 300)),
    "host name": lambda: host(name="x" * 2_000),
    "element name": lambda: f"<{'x' * 100_000}/>",
    "depth": lambda: "<a>" * 100_000,
    "depth in an item": lambda: host(item("<a>" * 300 + "</a>" * 300)),
    "crowd": lambda: host(item("<a/>" * 3_000_000)),
    "crowd of texts": lambda: host(item("<cve>CVE-2024-1234</cve>" * 400_000)),
    "instructions": lambda: "<?a?>" * 2_000,
    "names": lambda: crowd("<n{}/>"),
    "namespaces": lambda: crowd('<a xmlns:n{}="u"/>'),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_gigantic_parts_are_refused(make):
    assert refusal(report(make())).code == "REPORT_LIMIT"


def test_endless_tail_of_instructions_is_refused():
    assert refusal(report() + b"<?a?>" * 2_000).code == "REPORT_LIMIT"


def test_too_many_plugins_are_refused(monkeypatch):
    monkeypatch.setattr(nessus, "MOST_PLUGINS", 5)
    assert refusal(report(host("".join(item(pluginID=n) for n in range(1, 8))))).code == "REPORT_LIMIT"


def test_too_many_cves_are_refused(monkeypatch):
    monkeypatch.setattr(nessus, "MOST_CVES", 5)
    many = "".join(item(f"<cve>CVE-2024-{n}</cve>") for n in range(1000, 1007))
    assert refusal(report(host(many))).code == "REPORT_LIMIT"


def unpack(data):
    with gzip.open(io.BytesIO(data)) as stream:
        return list(nessus.parse(stream))


def test_damaged_compression_is_a_report_error():
    output = OUTPUT.format(random.Random(2).randbytes(300_000).hex())
    packed = gzip.compress(report(host(item(output))))
    damaged = bytearray(packed)
    damaged[-6] ^= 255
    for data, code in (
        (packed[:-9], ReportFault.TRUNCATED),
        (damaged, ReportFault.MALFORMED),
        (b"x", ReportFault.MALFORMED),
    ):
        with pytest.raises(ReportError) as caught:
            unpack(data)
        assert caught.value.code == code
    assert len(unpack(packed)) == 3


MEMORY = """
import io
from threatweaver_exposure.engine import nessus

def peak():  # of this program; that of getrusage() may be of the one that started it
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
    return int(line.split()[1])

class Endless(io.RawIOBase):
    def __init__(self, unit, times):
        self.parts = [HEAD] + [unit * 100] * times + [TAIL]
    def read(self, size=-1):
        return self.parts.pop(0) if self.parts else b""

HEAD = b"<NessusClientData_v2><Report name='x'><ReportHost name='a'>" + b" " * 65536
TAIL = b"</ReportHost></Report></NessusClientData_v2>"
ITEM = b"<ReportItem port='1' protocol='tcp' severity='1' pluginID='7'>%s</ReportItem>\\n"
before = peak()
TEXT = b"<description>" + b"y" * 2500 + b"</description>"
count = sum(1 for _ in nessus.parse(Endless(ITEM % TEXT, 300)))
count += sum(1 for _ in nessus.parse(Endless(b"</ReportHost><ReportHost name='10.0.0.1'>", 600)))
print(count, (peak() - before) // 1024)
"""


def test_memory_does_not_grow_with_the_file():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", MEMORY], env=environment, capture_output=True, text=True, check=True
    )
    count, megabytes = map(int, run.stdout.split())
    assert count == 30_000 + 2 + 60_001
    assert megabytes < 20
