"""Raw feeds become records: what is hostile or damaged is refused in words, and never kept."""

import gzip
import json
import tracemalloc
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from threatweaver_exposure.engine import intel_snapshot
from threatweaver_exposure.engine.intel_feeds import Raw
from threatweaver_exposure.engine.intel_snapshot import SnapshotFault, trusted

AT = datetime(2024, 1, 1, tzinfo=UTC)


def records(path, feed, data):
    path.write_bytes(data)
    return list(Raw(feed, [path]).records())


@pytest.mark.parametrize(
    ("feed", "data"),
    [
        ("kev", b""),
        ("kev", b"[]"),
        ("kev", b'{"vulnerabilities": 5}'),
        ("kev", b"{" * 100_000),
        ("epss", b"cve;epss\n"),
        ("epss", b"cve,epss,percentile\nCVE-2024-0001," + b"x" * 200_000 + b",0\n"),
        ("osv", b"5\n"),
        ("osv", b'{"id": NaN\n'),
        ("osv", b"x" * (17 << 20)),
        ("cve", b"\xff\xfe\n"),
        ("cve", gzip.compress(b"{}\n" * 1000, mtime=0)[:-20]),
        ("cve", gzip.compress(b"{}\n", mtime=0)[:12] + b"\x00" * 20),
    ],
)
def test_what_is_no_feed_is_refused(tmp_path, feed, data):
    with pytest.raises(SnapshotFault):
        records(tmp_path / "raw", feed, data)


def test_single_records_that_say_nothing_are_left_out(tmp_path):
    kev = {"vulnerabilities": [5, {}, {"cveID": "CVE-2024-0001"}, {"cveID": "x", "dateAdded": "2024-01-01"}]}
    assert records(tmp_path / "a", "kev", json.dumps(kev).encode()) == []
    epss = b"cve,epss,percentile\nCVE-2024-0001,2,0\nCVE-2024-0002,nan,0\nx,0.5,0\nCVE-2024-0003\n"
    assert records(tmp_path / "b", "epss", epss) == []
    osv = (
        b'{"id": "GO-1"}\n\n{"id": 5, "aliases": ["CVE-1"]}\n{"id": "GO-2", "aliases": ["GO-2", 7, "a b"]}\n'
    )
    assert records(tmp_path / "c", "osv", osv) == []


def test_what_a_record_says_wrongly_is_left_out_of_it(tmp_path):
    said = {
        "cve": "cve-2024-0001",
        "title": "a\0b\ud800",
        "published": "soon",
        "cwe": ["CWE-79", 7, None, "none"],
        "cvss": [{"vector": "CVSS:3.1/AV:X"}, {"src": "cna", "vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}, 5],
        "ssvc": {"Exploitation": "PoC", "Automatable": "Yes", "Technical Impact": "huge"},
    }
    (made,) = records(tmp_path / "raw", "cve", json.dumps(said).encode())
    assert made == {
        "cve": "CVE-2024-0001",
        "state": "PUBLISHED",
        "published": None,
        "updated": None,
        "title": "ab\ud800",
        "cwes": [79, 7],
        "cvss": [{"source": "cna", "vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}],
        "ssvc": None,
    }
    path = tmp_path / "made"
    key = Ed25519PrivateKey.generate()
    manifest = intel_snapshot.write(path, [made], feed="cve", published=lambda: AT, key=key)
    assert [record["title"] for _, record in intel_snapshot.records(path, manifest)] == ["ab?"]


def test_the_same_records_make_the_same_bytes(tmp_path):
    key = Ed25519PrivateKey.generate()
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        intel_snapshot.write(path, [{"id": "GO-1"}], feed="osv", published=lambda: AT, key=key)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_files_that_do_not_say_when_they_were_published_need_to_be_told(tmp_path):
    raw = Raw("epss", [tmp_path / "raw"])
    (tmp_path / "raw").write_bytes(b"cve,epss,percentile\n")
    assert list(raw.records()) == []
    with pytest.raises(SnapshotFault, match="published"):
        raw.published()


def test_memory_holds_no_more_of_a_large_snapshot(tmp_path):
    key, path = Ed25519PrivateKey.generate(), tmp_path / "large"
    rows = ({"cve": f"CVE-2024-{n:06}", "score": 0.5, "percentile": 0.5} for n in range(30_000))
    manifest = intel_snapshot.write(path, rows, feed="epss", published=lambda: AT, key=key)
    tracemalloc.start()
    count = sum(1 for _ in intel_snapshot.records(path, manifest))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert most < 1 << 20


@pytest.mark.parametrize("text", ["x", "AAAA", "é", "A" * 44 + "A"])
def test_a_setting_that_holds_no_keys_is_said_to(text):
    with pytest.raises(SnapshotFault, match="no key"):
        trusted(text)


def test_a_setting_of_no_or_several_keys():
    keys = [Ed25519PrivateKey.generate().public_key() for _ in range(2)]
    texts = [intel_snapshot.key_text(key) for key in keys]
    assert trusted(" ") == {}
    assert set(trusted(f" {texts[0]},\n{texts[1]} ")) == {intel_snapshot.key_id(key) for key in keys}
