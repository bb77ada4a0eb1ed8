"""Parts of a JSON file, built one at a time while it is read, however large the whole is."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from typing import Any, BinaryIO

import ijson

from threatweaver.reports import ReportError, ReportFault

PART_BYTES = 16 << 20
TOKEN_BYTES = 10 << 20  # of one text, as in XML
MOST_VALUES = 500_000  # of one part: each takes up to 300 bytes
DEPTH = 100
_SEEN_DEPTH = 12
_CHUNK = 64 << 10
_LARGE_CHUNK = 1 << 20
_ANY = "[]"
_INSIDE = frozenset({"map_key", "end_map", "end_array"})
_MARK = b"\xef\xbb\xbf"
_DIGITS = b"0123456789"
# Python makes no number of more digits, and ijson does not look whether it did: the process dies. What stands
# in their place is no number, and text says that something was left out.
_TOO_LONG = re.compile(rb"(?<![0-9])([0-9]{4300})[0-9]+")
_SHORTENED = r"\1…".encode()

Path = tuple[str, ...]


class _Source:
    """The bytes of a file, without a mark at their beginning; refuses a part that grows too large."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = b""
        self._begun = False
        self.pending = 0
        self.silent = 0
        """Bytes since the last event: those of one text, as a rule."""
        self.total = 0

    def read(self, size: int = _CHUNK) -> bytes:
        """Return the next bytes, more of them within a long text, which ijson reads anew with each chunk."""
        if not size:
            return b""  # ijson asks whether it gets bytes
        data = self._whole_numbers(min(_LARGE_CHUNK, max(size, self.silent)))
        if data and not self._begun:
            self._begun = True
            data = data.removeprefix(_MARK)
        self.pending += len(data)
        self.silent += len(data)
        self.total += len(data)
        if self.pending > PART_BYTES or self.silent > TOKEN_BYTES:
            raise ReportError(ReportFault.LIMIT, "one part of the report is too large")
        return data

    def _whole_numbers(self, size: int) -> bytes:
        """Return bytes that do not end within a number, and none that is too long."""
        while more := self._stream.read(size):
            data = _TOO_LONG.sub(_SHORTENED, self._held + more)
            whole = data.rstrip(_DIGITS)
            self._held = data[len(whole) :]
            if whole:
                return whole
        rest, self._held = self._held, b""
        return rest


class _Builder:
    """Builds one value from events; text comes without what PostgreSQL cannot hold."""

    def __init__(self) -> None:
        self.value: Any = None
        self._values = 0
        self._open: list[Any] = []
        self._keys: list[str] = []

    def take(self, event: str, value: Any) -> bool:
        """Take an event; say whether the value is complete."""
        match event:
            case "map_key":
                self._keys[-1] = _clean(value)
                return False
            case "start_map" | "start_array":
                made: Any = {} if event == "start_map" else []
                self._put(made)
                self._open.append(made)
                self._keys.append("")
                return False
            case "end_map" | "end_array":
                self._open.pop()
                self._keys.pop()
            case "string":
                self._put(_clean(value))
            case _:
                self._put(float(value) if isinstance(value, Decimal) else value)
        return not self._open

    def _put(self, value: Any) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise ReportError(
                ReportFault.LIMIT, f"one part of the report has more than {MOST_VALUES:,} values"
            )
        if not self._open:
            self.value = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        else:
            self._open[-1][self._keys[-1]] = value


def items(stream: BinaryIO, *paths: str) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) for each value at one of these paths, in the file's order.

    A path is written `runs.[].results.[]`: names of members, and `[]` for any item of a list; `""` is the
    whole file, and `*` anything. Numbers are int or float. What lies in a yielded value is not looked for.
    Raises ReportError for what is no JSON, ends in the middle, nests too deep or has too large a part.
    """
    wanted = {_split(path): path for path in paths}
    source = _Source(stream)
    for where, built in _walk(source, wanted):
        source.pending = 0
        yield where, built


def _split(path: str) -> Path:
    return tuple(path.split(".")) if path else ()


def _walk(source: _Source, wanted: dict[Path, str]) -> Iterator[tuple[str, Any]]:
    lengths = {len(path) for path in wanted}
    at: list[str] = []  # the place of the value that comes next
    builder, found = _Builder(), None
    for event, value in _events(source):
        source.silent = 0
        begins = event not in _INSIDE
        if begins and found is None:
            source.pending = 0
            if len(at) in lengths and (found := _match(at, wanted)) is not None:
                builder = _Builder()
        if found is not None and builder.take(event, value):
            yield found, builder.value
            found = None
        _follow(at, event, value)


def _events(source: _Source) -> Iterator[tuple[str, Any]]:
    try:
        # Not with use_float: serial numbers of certificates are whole numbers beyond 64 bits.
        yield from ijson.basic_parse(source, buf_size=_CHUNK)
    except ijson.IncompleteJSONError as error:
        raise _refused(source, error) from None
    except ArithmeticError:  # of an exponent
        raise ReportError(ReportFault.MALFORMED, "the report is no JSON: a number is too large") from None
    except (ijson.JSONError, UnicodeError, ValueError) as error:
        raise ReportError(ReportFault.MALFORMED, f"the report is no JSON: {_first_line(error)}") from None


def _follow(at: list[str], event: str, value: Any) -> None:
    """Keep the place of the next value up to date."""
    if event == "map_key":
        at[-1] = value
    elif event in {"end_map", "end_array"}:
        at.pop()
    elif event in {"start_map", "start_array"}:
        if len(at) >= DEPTH:
            raise ReportError(ReportFault.LIMIT, "the report nests too deep")
        at.append(_ANY if event == "start_array" else "")


def _match(at: Sequence[str], wanted: dict[Path, str]) -> str | None:
    exact = wanted.get(tuple(at))
    if exact is not None:
        return exact
    for path, text in wanted.items():
        if len(path) == len(at) and all(a in (b, "*") for a, b in zip(path, at, strict=True)):
            return text
    return None


def _refused(source: _Source, error: Exception) -> ReportError:
    # The library says "incomplete" of what is wrong, too; only the end of the file tells the two apart.
    text = _first_line(error)
    if "premature" in text.lower() or "incomplete" in text.lower() or not source.total:
        return ReportError(ReportFault.TRUNCATED, "the report ends in the middle")
    return ReportError(ReportFault.MALFORMED, f"the report is no JSON: {text}")


def _first_line(error: Exception) -> str:
    return "".join(character for character in str(error).partition("\n")[0][:120] if character.isprintable())


def _clean(text: str) -> str:
    """Leave out what JSON can say and PostgreSQL cannot hold."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else text.encode(errors="ignore").decode()


@dataclass(slots=True)
class Peek:
    """What the beginning of a JSON file shows: which paths there are, and the first scalar at each."""

    keys: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)

    def has(self, *paths: str) -> bool:
        """Say whether all of these paths were seen."""
        return self.keys.issuperset(paths)


@lru_cache(maxsize=8)
def peek(head: bytes) -> Peek:
    """Look at the first bytes of a file; nothing is seen of what is no JSON. Paths as for `items`."""
    seen, at = Peek(), list[str]()
    with suppress(ReportError):  # the head ends in the middle of the file, as a rule
        for event, value in _events(_Source(BytesIO(head))):
            if event not in _INSIDE:
                where = ".".join(at)
                seen.keys.add(where)
                if event not in {"start_map", "start_array"}:
                    seen.values.setdefault(where, value)
            _follow(at, event, value)
            if len(at) > _SEEN_DEPTH:
                break
    return seen


def lines(stream: BinaryIO) -> Iterator[Any]:
    """Yield the value of each line of a file of JSON lines. Raises ReportError, as `items` does."""
    for number, line in enumerate(_lines(stream), start=1):
        if not line.strip():
            continue
        try:
            yield from (value for _, value in items(BytesIO(line), ""))
        except ReportError as error:
            if error.code is ReportFault.TRUNCATED and not line.endswith(b"\n"):
                raise
            code = ReportFault.MALFORMED if error.code is ReportFault.TRUNCATED else error.code
            raise ReportError(code, f"line {number} of the report: {error.message}", line=number) from None


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(PART_BYTES):
        if len(line) >= PART_BYTES:
            raise ReportError(ReportFault.LIMIT, "one line of the report is too large")
        yield line
