"""The upload sink: plain and gzip, in whatever pieces the network hands over, within bounds."""

import gzip
import hashlib
import io
import zlib

import pytest

from threatweaver.http.errors import PayloadTooLarge, ValidationFailed
from threatweaver.http.upload import CHUNK, EDGE, _Sink, clean_name

TEXT = b"<report>" + bytes(range(256)) * 40 + b"</report>"


def sink(*chunks, limit=1 << 30):
    file = io.BytesIO()
    made = _Sink(file, limit)
    for chunk in chunks:
        made.write(chunk)
    made.finish()
    return made, file.getvalue()


def pieces(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 4096, 1 << 20])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_any_split_gives_the_same_file(packed, size):
    made, written = sink(*pieces(gzip.compress(TEXT) if packed else TEXT, size))
    assert written == TEXT
    assert (made.size, made.digest.hexdigest()) == (len(TEXT), hashlib.sha256(TEXT).hexdigest())


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_members_of_a_gzip_file_are_joined(size):
    packed = gzip.compress(b"one ") + gzip.compress(b"", mtime=0) + gzip.compress(b"two")
    assert sink(*pieces(packed, size))[1] == b"one two"


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_padding_behind_the_last_member_is_no_damage(size):
    assert sink(*pieces(gzip.compress(TEXT) + b"\x00" * 512, size))[1] == TEXT


def test_a_single_byte_is_a_file():
    assert sink(b"x")[1] == b"x"


def test_head_and_tail_are_the_first_and_last_64_kib():
    data = b"a" * EDGE + b"b" * 1000 + b"c" * EDGE
    made, _ = sink(*pieces(data, 1000))
    assert (made.head, made.tail) == (b"a" * EDGE, b"c" * EDGE)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (gzip.compress(b"", mtime=0), "The file is empty."),
        (gzip.compress(TEXT)[:-1], "The gzip stream is cut short."),
        (gzip.compress(TEXT)[:-9], "The gzip stream is cut short."),
        (b"\x1f\x8b", "The gzip stream is cut short."),
        (gzip.compress(TEXT) + gzip.compress(TEXT)[:20], "The gzip stream is cut short."),
        (gzip.compress(TEXT) + b"trailing garbage", "The gzip stream is damaged."),
        (b"\x1f\x8b\x08\xff" + b"\xff" * 50, "The gzip stream is damaged."),
        (gzip.compress(TEXT)[:-8] + b"\x00" * 8, "The gzip stream is damaged."),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_damaged_and_empty_files_say_so(data, message, size):
    with pytest.raises(ValidationFailed) as caught:
        sink(*pieces(data, size))
    assert caught.value.members["details"] == [{"field": "file", "message": message}]


def test_the_limit_counts_decompressed_bytes():
    sink(b"a" * 1000, limit=1000)
    with pytest.raises(PayloadTooLarge):
        sink(b"a" * 1001, limit=1000)
    with pytest.raises(PayloadTooLarge):
        sink(gzip.compress(b"a" * 1001), limit=1000)


def test_a_bomb_is_stopped_long_before_the_limit():
    bomb = gzip.compress(bytes(64 << 20), 9)
    made = _Sink(io.BytesIO(), 1 << 40)
    with pytest.raises(PayloadTooLarge):
        made.write(bomb)
    assert made.size < 17 << 20


def test_decompression_never_holds_more_than_a_piece():
    class Measuring(io.BytesIO):
        longest = 0

        def write(self, data):
            self.longest = max(self.longest, len(data))
            return len(data)

    file = Measuring()
    _Sink(file, 1 << 30).write(zlib.compress(bytes(8 << 20), wbits=31))
    assert file.longest <= CHUNK


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("scan.nessus", "scan.nessus"),
        ("/etc/passwd", "passwd"),
        ("C:\\scans\\june.nessus", "june.nessus"),
        ("../../x", "x"),
        ("a\x00b\nc\x7f", "a_b_c_"),
        ("dir/", "upload"),
        ("", "upload"),
        ("é" * 300, "é" * 200),
        ("caf\udce9", "caf?"),
    ],
)
def test_clean_name(given, shown):
    assert clean_name(given) == shown
