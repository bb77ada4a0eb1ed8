"""Reports that are made to crash, to stop or to fill a reader: refused or read, in little time and memory."""

import io
import json
import os
import subprocess
import sys
from contextlib import suppress

import pytest
from format_samples import parsed

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine.catalog import PARSERS
from threatweaver_exposure.engine.reading import json_items
from threatweaver_exposure.engine.reading.json_items import items
from threatweaver_exposure.engine.reading.tables import rows

MEGABYTES = 256
SECONDS = 60  # of the processor


def document(value):
    """A report of hadolint, whose one finding has the value."""
    return f'[{{"code": "DL3006", "file": "Dockerfile", "line": 1, "level": "error", "message": {value}}}]'


def line(value):
    """A report of TruffleHog, whose one line has the value."""
    return f'{{"DetectorName": "AWS", "Verified": true, "Raw": {value}}}\n'


def nmap(text):
    """A report of Nmap, with the text in its one host."""
    return f'<nmaprun scanner="nmap"><host>{text}</host></nmaprun>'


def table(text):
    """A report of OpenVAS, with one row before the text."""
    head = "IP,Hostname,Port,Port Protocol,CVSS,Severity,NVT Name,NVT OID"
    return f"{head}\n10.0.0.1,a,1,tcp,5,High,n,1\n{text}\n"


def long():
    """A number of nine million digits."""
    return "9" * 9_000_000


# What it is, its format and its content: each in a process of its own, for one of them once died of it.
HOSTILE = {
    "integer": ("hadolint_json", lambda: document(long()), "MALFORMED"),
    "negative integer": ("hadolint_json", lambda: document(f"-{long()}"), "MALFORMED"),
    "fraction": ("hadolint_json", lambda: document(f"0.{long()}"), "MALFORMED"),
    "exponent": ("hadolint_json", lambda: document("1e" + "9" * 30), "MALFORMED"),
    "digits in a text": ("hadolint_json", lambda: document(f'"{long()}"'), None),
    "integer in a line": ("trufflehog_jsonl", lambda: line(long()), "MALFORMED"),
    "escapes": ("hadolint_json", lambda: document('"' + "\\u0041" * 1_600_000 + '"'), None),
    "long text": ("hadolint_json", lambda: document('"' + "x" * 40_000_000 + '"'), "LIMIT"),
    "wide texts": ("hadolint_json", lambda: document(f'["\U0001f600{"x" * 9_000_000}"]'), None),
    "values": ("hadolint_json", lambda: document("[" + "{}," * 5_000_000 + "0]"), "LIMIT"),
    "members": ("hadolint_json", lambda: document("[" + '{"a":""},' * 1_700_000 + "0]"), "LIMIT"),
    "depth": ("hadolint_json", lambda: document("[" * 5_000_000), "LIMIT"),
    "depth at once": ("hadolint_json", lambda: "[" * 5_000_000, "LIMIT"),
    "attributes": ("nmap_xml", lambda: nmap('<a b="" c="" d="" e="" f="" g="" h=""/>' * 400_000), "LIMIT"),
    "one tag": (
        "nmap_xml",
        lambda: nmap("<a " + " ".join(f'n{n}=""' for n in range(900_000)) + "/>"),
        "LIMIT",
    ),
    "elements": ("nmap_xml", lambda: nmap("<a/>" * 3_000_000), "LIMIT"),
    "elements deep": ("nmap_xml", lambda: nmap("<a>" * 300_000), "LIMIT"),
    "names": ("nmap_xml", lambda: nmap("".join(f"<n{n}/>" for n in range(500_000))), "LIMIT"),
    "text": ("nmap_xml", lambda: nmap("x" * 12_000_000), "LIMIT"),
    "fields": ("openvas_csv", lambda: table('"\n",' * 9_000_000), "LIMIT"),
    "field": ("openvas_csv", lambda: table('"' + "x\n" * 9_000_000), "MALFORMED"),
    "line": ("openvas_csv", lambda: table("x" * 30_000_000), "LIMIT"),
    "NULs": ("openvas_csv", lambda: table("\0" * 30_000_000), "LIMIT"),
    "empty lines": ("openvas_csv", lambda: table("\r\n" * 4_500_000), "LIMIT"),
    "tags": ("spdx_tv", lambda: "SPDXVersion: SPDX-2.3\nPackageName: <text>" + "x\n" * 9_000_000, "LIMIT"),
    "braces": (
        "govulncheck",
        lambda: '{"config": {"protocol_version": "1"}}\n' + ("{" + " " * 60 + "\n") * 300_000,
        "LIMIT",
    ),
}
# Reads each report that it is told of in a fork of itself: the interpreter and the parsers start once.
READER = """
import importlib, os, resource, sys
from threatweaver.reports import ReportError

seconds, names = int(sys.argv[1]), sys.argv[2:]
parsers = {
    name: importlib.import_module("threatweaver_exposure.engine.parsers." + name).PARSER for name in names
}

def read(parser, path):
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = "None"
    try:
        for _ in parser.parse(open(path, "rb")):
            pass
    except ReportError as error:
        end = error.code.name
    print(end, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, end=" ", flush=True)

for line in sys.stdin:
    name, path = line.rstrip().split(" ", 1)
    if not (child := os.fork()):
        read(parsers[name], path)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def reader():
    """A function: how a parser ends with a file, by how many megabytes the process grew, and its status."""
    names = sorted({name for name, _, _ in HOSTILE.values()})
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(SECONDS), *names],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def read(name, path):
            print(name, path, file=process.stdin, flush=True)
            return process.stdout.readline().split()

        yield read
        process.stdin.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_costs_little(name, tmp_path, reader):
    format_name, content, expected = HOSTILE[name]
    (tmp_path / "report").write_text(content(), encoding="utf-8")
    end, megabytes, status = reader(format_name, tmp_path / "report")
    assert (end, status) == (str(expected), "0")
    assert int(megabytes) < MEGABYTES


class Slowly(io.BytesIO):
    """A file that comes in pieces of a few bytes."""

    def read(self, size=-1):
        return super().read(min(size, 7))


def read(text, stream=io.BytesIO):
    return [value for _, value in items(stream(text.encode()), "[]")]


@pytest.mark.parametrize("stream", [io.BytesIO, Slowly])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_number_has_as_many_digits_as_python_makes(stream, sign):
    largest = "9" * 4_300
    text = f'[1, {sign}{largest}, "7{largest}", 12]'
    assert read(text, stream) == [1, -int(largest) if sign else int(largest), "7" + largest[1:] + "…", 12]
    with pytest.raises(ReportError) as caught:
        read(f"[1, {sign}{largest}0]", stream)
    assert caught.value.code is ReportFault.MALFORMED


@pytest.mark.parametrize("stream", [io.BytesIO, Slowly])
def test_numbers_are_whole_wherever_a_piece_ends(stream):
    numbers = list(range(0, 3_000_000, 7919))
    assert read(json.dumps(numbers), stream) == numbers
    assert [value for _, value in items(stream(b"12345678901"), "")] == [12345678901]


def test_too_many_values_in_one_part(monkeypatch):
    monkeypatch.setattr(json_items, "MOST_VALUES", 4)
    assert read("[[1, 2, 3], [1, 2, 3]]") == [[1, 2, 3]] * 2
    with pytest.raises(ReportError) as caught:
        read("[[1, 2, 3, 4]]")
    assert caught.value.code is ReportFault.LIMIT


HEADER = "host,name,level\n"


def table_of(text):
    return [tuple(row.values()) for row in rows(io.BytesIO((HEADER + text).encode()))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a,b,c", [("a", "b", "c")]),
        ("a,b,c\r\nd,e,", [("a", "b", "c"), ("d", "e", "")]),
        ("a,b\nd,e", [("a", "b", ""), ("d", "e", "")]),
        ("a,b\n", [("a", "b", "")]),
        ('a,"b\n\n""x""",c\n\n\n', [("a", 'b\n\n"x"', "c")]),
        ('a,b "x" y,c', [("a", 'b "x" y', "c")]),
    ],
)
def test_tables_that_are_whole(text, expected):
    assert table_of(text) == expected


@pytest.mark.parametrize(
    "text", ["a", "a,b", "a,b,c\nd,e", 'a,"b', 'a,"b\n', 'a,b,"c\n\n', 'a,b,c\nd,"e,f\n']
)
def test_tables_that_end_within_a_row(text):
    with pytest.raises(ReportError) as caught:
        table_of(text)
    assert caught.value.code is ReportFault.TRUNCATED


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 5_000, b"\xff\xfe\0\xd8", b"\x80" * 70_000, b"[", b"{}", b"[null]\n", b"<a/>", b",\n"],
)
def test_any_parser_refuses_or_reads_what_is_not_its_own(data):
    for parser in PARSERS:
        with suppress(ReportError):
            parsed(parser, data)
