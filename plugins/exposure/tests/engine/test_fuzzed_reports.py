"""Real reports with values that no scanner writes: read whole or refused, by whatever parser takes them."""

import csv
import io
import json
import time

import pytest
from format_samples import FUZZING, outcome, samples
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

LIMIT = 20.0  # seconds that no report of this size may take
SIZE = 60_000  # bytes of a report, at most
DEEP = json.loads("[" * 200 + "]" * 200)
VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2**63,
        10**400,
        1e308,
        0.1,
        "",
        " ",
        "\0",
        "a\0b",
        "\ud800",
        "x" * 70_000,
        "9999-99-99T99:99:99Z",
        "0001-01-01",
        "99999999999999999999",
        "-1",
        "NaN",
        "CVE-2024-99999999999999999999999",
        "CVSS:3.1/AV:X",
        "CRITICAL",
        "\u202e<script>&amp;\r\n",
        [],
        {},
        [None],
        [[]],
        {"": None},
        [{}],
        "http://[::1",
        "http://host:99999/",
        "pkg:",
        DEEP,
    ]
)
# What a library cannot write: the one after RAW takes its place.
RAW = "raw "
WRITTEN = ("9" * 5_000, f"-{'9' * 70_000}", f"1e{'9' * 30}", "1e400", f"0.{'1' * 9_000}", '"\\ud83d"')
JSON_VALUES = VALUES | st.sampled_from([f"{RAW}{text}" for text in WRITTEN])
PLACES = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(st.tuples(PLACES, VALUES), min_size=1, max_size=4)
JSON_CHANGES = st.lists(st.tuples(PLACES, JSON_VALUES), min_size=1, max_size=4)


def of_kind(*starts):
    """Of each format the smallest report that begins like this."""
    best = {}
    for sample in samples():
        size, known = sample.path.stat().st_size, best.get(sample.format)
        if sample.findings and size < SIZE and (known is None or size < known.path.stat().st_size):
            best[sample.format] = sample
    return [
        item for item in best.values() if item.path.read_bytes().lstrip(b"\xef\xbb\xbf \r\n")[:1] in starts
    ]


def tables():
    return [sample for sample in of_kind(*(bytes([n]) for n in range(256))) if sample.format.endswith("_csv")]


def read(data, path):
    began = time.monotonic()
    outcome(data, path)
    assert time.monotonic() - began < LIMIT


def places(document):
    """Every member of a document, as its container and key."""
    found, open_ = [], [document]
    while open_:
        item = open_.pop()
        for key in item if isinstance(item, dict) else range(len(item)):
            found.append((item, key))
            if isinstance(item[key], dict | list):
                open_.append(item[key])
    return found


def loaded(data):
    """The documents of a file: one, or one a line."""
    try:
        return [json.loads(data)], b""
    except ValueError:
        return [json.loads(line) for line in data.splitlines() if line.strip()], b"\n"


@pytest.mark.parametrize("sample", of_kind(b"{", b"["), ids=str)
def test_json(sample, tmp_path):
    data = sample.path.read_bytes().decode("utf-8-sig").encode()

    @FUZZING
    @given(JSON_CHANGES)
    def fuzz(changes):
        documents, between = loaded(data)
        for place, value in changes:
            members = places(documents)
            container, key = members[int(place * len(members))]
            container[key] = value
        text = between.join(json.dumps(item).encode() for item in documents)
        for raw in WRITTEN:
            text = text.replace(json.dumps(f"{RAW}{raw}").encode(), raw.encode())
        read(text, tmp_path / "report")

    fuzz()


@pytest.mark.parametrize("sample", of_kind(b"<"), ids=str)
def test_xml(sample, tmp_path):
    data = sample.path.read_bytes()

    @FUZZING
    @given(CHANGES)
    def fuzz(changes):
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False))
        for place, value in changes:
            elements = [item for item in root.iter("*") if item is not root] or [root]
            element = elements[int(place * len(elements))]
            text = "".join(char for char in str(value) if char.isprintable()) if value != [] else None
            match value:
                case []:
                    element.clear()
                case {} if element is not root:
                    element.getparent().remove(element)
                case [None] | {}:
                    element.append(etree.fromstring(etree.tostring(element, with_tail=False)))
                case _:
                    element.text = text
                    for name in element.keys()[:1]:
                        element.set(name, text)
        read(etree.tostring(root, xml_declaration=True, encoding="utf-8"), tmp_path / "report")

    fuzz()


@pytest.mark.parametrize("sample", tables(), ids=str)
def test_tables(sample, tmp_path):
    text = sample.path.read_bytes().decode("utf-8-sig", errors="replace")

    @FUZZING
    @given(CHANGES)
    def fuzz(changes):
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
        for place, value in changes:
            row = rows[int(place * len(rows))]
            at = int(place * 1000) % max(1, len(row))
            if isinstance(value, list):
                del row[at:]
                row.append("")
            else:
                row[at : at + 1] = [str(value)]
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        read(out.getvalue().encode("utf-8", errors="surrogatepass"), tmp_path / "report")

    fuzz()
