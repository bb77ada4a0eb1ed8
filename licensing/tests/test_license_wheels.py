"""The digest of a wheel: before and after a real installation, and after somebody's edit."""

import base64
import hashlib
import subprocess
import sys
from zipfile import ZipFile

import pytest

from threatweaver_licensing.wheels import WheelRefused, record_digest, wheel_digest

FILES = {
    "acme_plugin/__init__.py": '"""Nothing."""\n',
    "acme_plugin/plugin.py": "VALUE = 1\n",
    "acme_plugin-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme-plugin\nVersion: 1.2\n",
    "acme_plugin-1.2.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "acme_plugin-1.2.dist-info/entry_points.txt": "[console_scripts]\nacme = acme_plugin.plugin:main\n",
}


def row(name, content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}"


def record_of(files):
    return "\n".join([*(row(*item) for item in files.items()), "acme_plugin-1.2.dist-info/RECORD,,", ""])


def build(folder, files=FILES):
    path = folder / "acme_plugin-1.2-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr("acme_plugin-1.2.dist-info/RECORD", record_of(files))
    return path


@pytest.mark.parametrize("compiled", ["--compile", "--no-compile"])
def test_an_installation_keeps_the_digest(tmp_path, compiled):
    wheel, target = build(tmp_path), tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", compiled]
    subprocess.run([*install, "--target", target, wheel], check=True, capture_output=True)
    installed = (target / "acme_plugin-1.2.dist-info" / "RECORD").read_text()
    assert installed != record_of(FILES)
    assert record_digest(installed) == wheel_digest(wheel)


@pytest.mark.parametrize("name", FILES)
def test_every_file_counts(name):
    changed = record_of(FILES | {name: FILES[name] + "# more\n"})
    gone = record_of({other: content for other, content in FILES.items() if other != name})
    assert len({record_digest(text) for text in (record_of(FILES), changed, gone)}) == 3


def test_the_order_of_rows_does_not_count():
    lines = record_of(FILES).splitlines()
    assert record_digest("\n".join(reversed(lines))) == record_digest("\n".join(lines))


def test_the_form_is_the_documented_one():
    rows = sorted(",".join(row(*item).split(",")[:2]) for item in FILES.items())
    expected = hashlib.sha256("".join(f"{line}\n" for line in rows).encode()).hexdigest()
    assert record_digest(record_of(FILES)) == expected


@pytest.mark.parametrize(
    "record",
    [
        "",
        "\n",
        "a/RECORD",
        ",sha256=a,1",
        '"a.py',
        "a-1.dist-info/RECORD,,",
        "a.py,,",
        "a.pyc,,",
        "a.py,md5=xyz,5",
        "a-1.data/scripts/x,sha256=a,1",
    ],
)
def test_what_cannot_be_pinned(record):
    with pytest.raises(WheelRefused):
        record_digest(record)


@pytest.mark.parametrize("content", [b"", b"PK garbage", b"\x00" * 100])
def test_no_wheel(tmp_path, content):
    (tmp_path / "x.whl").write_bytes(content)
    with pytest.raises(WheelRefused):
        wheel_digest(tmp_path / "x.whl")


def test_a_zip_without_record(tmp_path):
    with ZipFile(tmp_path / "x.whl", "w") as archive:
        archive.writestr("a.py", "")
    with pytest.raises(WheelRefused):
        wheel_digest(tmp_path / "x.whl")
