"""An Office Open XML workbook (XLSX), written a row at a time and given away as it grows. Pure.

It is a ZIP file of XML parts (ECMA-376). Nothing of it is kept but the compressor's window: neither rows nor
parts, and no file beside. Text is inline and always text, so that no cell is a formula.
"""

import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, its header included: Excel opens no more."""
_MOST_BYTES = 2_000_000_000  # of a sheet before compression: from 2 GiB on ZIP needs what Excel cannot read
_LONGEST = 32_767  # UTF-16 units of a cell
_DIGITS = 10**15  # numbers from here on lose digits in a spreadsheet
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST_DAY = datetime(1900, 3, 1, tzinfo=UTC)  # before it spreadsheets do not agree on days
_MOMENT, _QUOTED, _HEADER = 1, 2, 3  # cell formats, by their place in the styles

# What XML cannot hold or would change, and what looks like the escape that is written instead.
_ODD = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# A part is a sheet unless it is named, so that this can come first, before anybody knows how many there are.
_TYPES = f"""<Types xmlns="{_PACKAGE}/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>\
<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>"""
_ROOT = f"""<Relationships xmlns="{_PACKAGE}/relationships">\
<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_STYLES = f"""<styleSheet xmlns="{_MAIN}">\
<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>\
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>\
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""
_SHEET_HEAD = f"""<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">\
<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>\
<sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/><sheetData>"""


class _Sink:
    """What the ZIP is written into: bytes that are fetched again and again."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: it is all there."""

    def taken(self) -> bytes:
        data, self._held = bytes(self._held), bytearray()
        return data


class Workbook:
    """One table: `begin`, a `row` after the other, `end`; each returns the bytes that are ready."""

    def __init__(self, columns: Sequence[str], *, most_rows: int = MOST_ROWS) -> None:
        self._columns = [(name, _letters(number)) for number, name in enumerate(columns)]
        self._most_rows = most_rows
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4)  # type: ignore[call-overload] # it writes and flushes, no more
        self._ends: list[int] = []  # the last row of each sheet
        self._row = self._size = 0
        self._sheet: Any = None

    def begin(self) -> bytes:
        """Return the first parts, and the header of the first sheet."""
        self._part("[Content_Types].xml", _TYPES)
        self._part("_rels/.rels", _ROOT)
        self._part("xl/styles.xml", _STYLES)
        self._open_sheet()
        return self._sink.taken()

    def row(self, row: Mapping[str, Any]) -> bytes:
        """Add a row, on a new sheet when the one before is full."""
        if self._row >= self._most_rows or self._size > _MOST_BYTES:
            self._close_sheet()
            self._open_sheet()
        number = self._row + 1
        cells = [cell(row[name], f"{letters}{number}") for name, letters in self._columns]
        self._write(f'<row r="{number}">{"".join(cells)}</row>')
        self._row = number
        return self._sink.taken()

    def end(self) -> bytes:
        """Return what names the sheets, and the end of the file."""
        self._close_sheet()
        self._part("xl/workbook.xml", self._workbook())
        self._part("xl/_rels/workbook.xml.rels", self._relations())
        self._zip.close()
        return self._sink.taken()

    def _part(self, name: str, text: str) -> None:
        with self._zip.open(name, "w") as part:
            part.write((_XML + text).encode())

    def _open_sheet(self) -> None:
        self._sheet = self._zip.open(f"xl/worksheets/sheet{len(self._ends) + 1}.xml", "w")
        self._size = 0
        cells = "".join(_text(name, f"{letters}1", _HEADER) for name, letters in self._columns)
        self._write(f'{_XML}{_SHEET_HEAD}<row r="1">{cells}</row>')
        self._row = 1

    def _close_sheet(self) -> None:
        last = f"{self._columns[-1][1]}{self._row}"
        self._write(f'</sheetData><autoFilter ref="A1:{last}"/></worksheet>')
        self._sheet.close()
        self._ends.append(self._row)

    def _write(self, text: str) -> None:
        data = text.encode()
        self._size += len(data)
        self._sheet.write(data)

    def _workbook(self) -> str:
        last = self._columns[-1][1]
        names = ["Rows", *(f"Rows {number}" for number in range(2, len(self._ends) + 1))]
        sheets = "".join(
            f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(names, 1)
        )
        # Without its hidden name Excel shows a filter and does not use it.
        filtered = "".join(
            f'<definedName name="_xlnm._FilterDatabase" localSheetId="{place}" hidden="1">'
            f"'{name}'!$A$1:${last}${end}</definedName>"
            for place, (name, end) in enumerate(zip(names, self._ends, strict=True))
        )
        return (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
            f"<sheets>{sheets}</sheets><definedNames>{filtered}</definedNames></workbook>"
        )

    def _relations(self) -> str:
        count = len(self._ends)
        sheets = "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" '
            f'Target="worksheets/sheet{number}.xml"/>'
            for number in range(1, count + 1)
        )
        styles = f'<Relationship Id="rId{count + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        return f'<Relationships xmlns="{_PACKAGE}/relationships">{sheets}{styles}</Relationships>'


def cell(value: Any, place: str) -> str:
    """Return a value as a cell: moments as such in UTC, numbers, truth, nothing, and all else as text."""
    if isinstance(value, str):
        return _text(value, place)
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)) and -_DIGITS < value < _DIGITS:
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if isinstance(value, datetime) and value >= _FIRST_DAY:
        days = (value - _EPOCH).total_seconds() / 86_400
        return f'<c r="{place}" s="{_MOMENT}"><v>{days!r}</v></c>'
    return _text("; ".join(map(str, value)) if isinstance(value, list) else str(value), place)


def _text(text: str, place: str, style: int = 0) -> str:
    if not text:
        return ""
    if len(text) > _LONGEST // 2:
        text = _shortened(text)
    if text.startswith(_FORMULA):
        style = _QUOTED  # else a spreadsheet makes a formula of it once somebody edits the cell
    if _ODD.search(text):
        text = _ODD.sub(_escaped, text)
    styled = f' s="{style}"' if style else ""
    return f'<c r="{place}" t="inlineStr"{styled}><is><t xml:space="preserve">{text}</t></is></c>'


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if found in _NAMED:
        return _NAMED[found]
    return f"_x{ord(found):04X}_" if len(found) == 1 else f"_x005F{found}"


def _shortened(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _LONGEST:
        return text
    return units[: 2 * (_LONGEST - 1)].decode("utf-16-le", "ignore") + "…"


def _letters(number: int) -> str:
    """Return the name of a column, A for 0."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
