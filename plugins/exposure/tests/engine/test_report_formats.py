"""How the format of a report is told, and how its end is checked."""

import pytest
from nessus_samples import host, item, report, reports

from threatweaver.reports import CERTAIN, ReportError
from threatweaver_exposure.engine import formats
from threatweaver_exposure.engine.nessus import PARSER
from threatweaver_exposure.engine.prolog import HEAD_SIZE, read_prolog, refuse_doctype

SAMPLE = report(host(item())).decode()


@pytest.mark.parametrize("path", reports(), ids=lambda path: path.name)
def test_real_reports_are_detected_and_end(path):
    data = path.read_bytes()
    assert PARSER.detects(data[:HEAD_SIZE], "") == CERTAIN
    refuse_doctype(data[:HEAD_SIZE])
    PARSER.check_ends(data[:HEAD_SIZE], data[-formats.TAIL_SIZE :])


@pytest.mark.parametrize(
    "data",
    [
        SAMPLE.encode("utf-8-sig"),
        SAMPLE.encode("utf-16"),
        SAMPLE.encode("utf-16-le"),
        SAMPLE.encode("utf-16-be"),
        b"\n  " + SAMPLE.encode(),
        b"<!-- a --><?b c?>\n<!-- d -->" + report(prolog=""),
        report(prolog="<!DOCTYPE NessusClientData_v2>"),
    ],
)
def test_nessus_is_detected(data):
    assert PARSER.detects(data, "") == CERTAIN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"NessusClientData_v2",
        b"<NessusClientData_v2x/>",
        b"<!-- <NessusClientData_v2> -->",
        b"<!-- <NessusClientData_v2>",
        b"<a><NessusClientData_v2/></a>",
        b"\x1f\x8b\x08",
        SAMPLE.encode("utf-32"),
        b'<?xml version="1.0" encoding="utf-7"?><NessusClientData_v2>',
    ],
)
def test_other_files_are_not_detected(data):
    assert PARSER.detects(data, "") == 0


def test_prolog_offsets_are_bytes():
    assert read_prolog(b' <?xml version="1.0"?><a>')[1:3] == (1, 22)
    assert read_prolog('<?xml version="1.0"?><a>'.encode("utf-16"))[1:3] == (0, 2 + 2 * 21)
    assert read_prolog(b"\xef\xbb\xbf<a>")[1:3] == (0, 3)


def test_long_prologs_take_no_time():
    for piece in (b" ", b"<!-- -->", b"<?a?>", b"<!--", b"<?", b"<? "):
        assert read_prolog((piece * HEAD_SIZE)[:HEAD_SIZE]) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("after", ["", "\r\n\t ", "<!-- made by x -->\n"])
def test_whole_files_end(encoding, after):
    PARSER.check_ends(b"", (SAMPLE + after).encode(encoding)[-formats.TAIL_SIZE :])


@pytest.mark.parametrize("cut", [1, 2, 10, 25, 40])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_cut_files_do_not(cut, encoding):
    with pytest.raises(ReportError) as caught:
        PARSER.check_ends(b"", SAMPLE[:-cut].encode(encoding))
    assert caught.value.code == "REPORT_TRUNCATED"


def test_refuse_doctype_speaks_only_of_doctypes():
    refuse_doctype(b"")
    refuse_doctype(b"{}")
    refuse_doctype(b"<a><!DOCTYPE x></a>")
    with pytest.raises(ReportError) as caught:
        refuse_doctype(b'<?xml version="1.0"?>\n<!-- --><!DOCTYPE html>')
    assert caught.value.code == "REPORT_FORBIDDEN_XML"
