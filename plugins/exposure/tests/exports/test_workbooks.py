"""XLSX as another program reads it: text stays text, dates are dates, and a sheet is never too long."""

import io
import random
import string
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from export_calls import ask, detail, exported
from exposure_reports import Host, Item, day, nessus
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from threatweaver_exposure.exports.workbook import Workbook

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def written(rows, columns=("a", "b"), **options):
    book = Workbook(columns, **options)
    data = book.begin() + b"".join(map(book.row, rows)) + book.end()
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
    return data


def opened(data):
    return load_workbook(io.BytesIO(data))


def table(sheet):
    """The rows below the header, as dicts."""
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


async def test_vulnerabilities_are_those_of_the_list(story):
    (sheet,) = opened(await exported(story, "vulnerabilities", "xlsx", state="all"))
    listed = await story.vulnerabilities()
    assert [column.value for column in sheet[1]] == list(listed[0])
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:T{len(listed) + 1}")
    for found, row in zip(table(sheet), listed, strict=True):
        assert found["id"] == row["id"]
        assert (found["riskScore"], found["port"]) == (row["riskScore"], row["port"])
        assert (found["cves"] or "") == "; ".join(row["cves"])
        assert (found["location"] or "") == row["location"]
        assert found["firstSeen"].replace(tzinfo=UTC) == datetime.fromisoformat(row["firstSeen"])
    assert sheet["Q2"].is_date
    assert sheet["Q2"].number_format == "yyyy\\-mm\\-dd\\ hh:mm:ss"


async def test_assets_and_nothing(story, space):
    (sheet,) = opened(await exported(story, "assets", "xlsx"))
    assert [(row["id"], row["critical"]) for row in table(sheet)] == [
        (row["id"], row["openVulnerabilities"]["critical"]) for row in await story.walk("/assets")
    ]
    (sheet,) = opened(await exported(space, "vulnerabilities", "xlsx"))
    assert (sheet.max_row, sheet.auto_filter.ref) == (1, "A1:T1")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
async def test_no_cell_is_a_formula(space, start):
    names = {f"{start}1+2", f'{start}HYPERLINK("http://example.com")', f"{start}cmd|' /C calc'!A0"}
    items = [Item(plugin=number, name=name) for number, name in enumerate(sorted(names), 1)]
    await space.take(nessus(Host(items=items)))
    (sheet,) = opened(await exported(space, "vulnerabilities", "xlsx"))
    cells = [row[7] for row in sheet.iter_rows(min_row=2)]
    assert {cell.value for cell in cells} == names
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert all(cell.quotePrefix for cell in cells)


async def test_chunks_are_written_while_it_runs_and_are_the_file(space):
    chance = random.Random(7)
    words = ["".join(chance.choices(string.ascii_letters, k=900)) for _ in range(3000)]
    hosts = [
        Host(
            name=f"10.7.{n}.1",
            items=[Item(plugin=n * 100 + i, name=words[n * 100 + i - 1]) for i in range(1, 101)],
            end=day(1),
        )
        for n in range(30)
    ]
    await space.take(nessus(*hosts))
    export_id = await ask(space, "vulnerabilities", "xlsx")
    shown = await detail(space, export_id)
    assert (shown["state"], shown["rows"]) == ("completed", 3000)
    assert len(shown["chunks"]) > 1
    assert all(chunk["bytes"] < 1_200_000 for chunk in shown["chunks"])
    (sheet,) = opened(await exported(space, "vulnerabilities", "xlsx"))
    assert {row["name"] for row in table(sheet)} == set(words)


def test_what_does_not_fit_a_sheet_is_on_the_next():
    rows = [{"a": number, "b": f"row {number}"} for number in range(10)]
    book = opened(written(rows, most_rows=5))
    assert book.sheetnames == ["Rows", "Rows 2", "Rows 3"]
    assert [row for sheet in book for row in table(sheet)] == rows
    assert {(sheet["A1"].value, sheet.freeze_panes) for sheet in book} == {("a", "A2")}
    assert [sheet.auto_filter.ref for sheet in book] == ["A1:B5", "A1:B5", "A1:B3"]


@pytest.mark.parametrize(
    "text",
    [
        "a & b < c > d",
        "two\nlines\tand a tab",
        " leading and trailing ",
        "\U0001f600 astral",
        "]]>",
        '"quoted"',
        "<script>alert(1)</script>",
        "_x0041_ as it is",
    ],
)
def test_text_comes_back_as_it_was(text):
    (sheet,) = opened(written([{"a": text, "b": None}]))
    assert (unescape(sheet["A2"].value), sheet["B2"].value) == (text, None)


def test_what_xml_cannot_hold_is_escaped():
    odd = "".join(map(chr, [*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])) + "\r"
    (sheet,) = opened(written([{"a": odd, "b": "x"}]))
    assert sheet["A2"].value == "".join(f"_x{ord(one):04X}_" for one in odd)


@pytest.mark.parametrize("letter", ["x", "\U0001f600"])
def test_a_cell_holds_what_a_cell_can(letter):
    fits = 32_767 // (len(letter.encode("utf-16-le")) // 2)
    (sheet,) = opened(written([{"a": letter * 40_000, "b": letter * fits}]))
    units = [len(sheet[place].value.encode("utf-16-le")) // 2 for place in ("A2", "B2")]
    assert units[0] in (32_766, 32_767)
    assert sheet["A2"].value.endswith("…")
    assert not sheet["B2"].value.endswith("…")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (-5, -5),
        (2**62, str(2**62)),
        (9.8, 9.8),
        (True, True),
        (NOON, NOON.replace(tzinfo=None)),
        (NOON.astimezone(tz=None), NOON.replace(tzinfo=None)),
        (NOON + timedelta(milliseconds=250), NOON.replace(tzinfo=None) + timedelta(milliseconds=250)),
        (datetime(1899, 1, 1, tzinfo=UTC), "1899-01-01 00:00:00+00:00"),
        (["web", "db"], "web; db"),
        ([], None),
    ],
    ids=str,
)
def test_values_keep_their_kind(value, expected):
    (sheet,) = opened(written([{"a": value, "b": 1}]))
    assert sheet["A2"].value == expected


def test_the_columns_go_beyond_z():
    columns = [f"c{number}" for number in range(60)]
    (sheet,) = opened(written([{name: name for name in columns}], columns))
    assert [cell.value for cell in sheet[2]] == columns
    assert sheet.auto_filter.ref == "A1:BH2"


def test_memory_does_not_grow_with_the_rows():
    book = Workbook(["a", "b"])
    book.begin()
    tracemalloc.start()
    try:
        for number in range(20_000):
            book.row({"a": number, "b": f"row {number}" * 20})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    book.end()
    assert peak < 2_000_000


def test_the_same_rows_are_the_same_bytes():
    rows = [{"a": 1, "b": NOON}]
    assert written(rows) == written(rows)
