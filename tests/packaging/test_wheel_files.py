"""What is in the wheels: the same bytes wherever they are built, license, types, bill of materials, sums."""

import base64
import csv
import hashlib
import json
import os
import shutil
import stat
from datetime import datetime
from email.parser import BytesParser
from importlib import metadata
from zipfile import ZipFile

import pytest
from places import OWN, ROOT, build, committed_at, required

NAMES = {"threatweaver", "threatweaver_exposure", "threatweaver_kernel", "threatweaver_licensing"}
SOURCES = (*("contrib", "kernel", "licensing", "plugin-template", "plugins"), "LICENSE", "README.md")
SETTINGS = ("pyproject.toml", "requirements.lock", "setup.cfg")


@pytest.fixture(scope="session")
def contents(wheels):
    """Name of a distribution → its files."""
    found = {}
    for path in wheels.glob("*.whl"):
        with ZipFile(path) as archive:
            found[path.name.split("-")[0]] = {name: archive.read(name) for name in archive.namelist()}
    assert set(found) >= NAMES
    return found


def one(files, ending):
    """The only file whose name ends so."""
    (name,) = [name for name in files if name.endswith(ending)]
    return files[name]


@pytest.fixture
def elsewhere(tmp_path):
    """A copy of the checkout in another folder, with the modes and leavings of another person."""
    copy = tmp_path / "some where else"
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, symlinks=True, ignore=shutil.ignore_patterns("*_cache"))
        else:
            shutil.copy(source, copy)
    for name in SETTINGS:
        shutil.copy(ROOT / name, copy)
    for path in copy.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1, 1))
            path.chmod(0o700)
    (copy / "plugin-template" / "build").mkdir(exist_ok=True)
    (copy / "plugin-template" / "build" / "left.py").write_text("")
    return copy


def test_the_same_bytes_come_out_elsewhere(wheels, elsewhere, tmp_path):
    """And at another time: the copy has no git, so it is told the moment."""
    again = build(elsewhere, tmp_path / "again", SOURCE_DATE_EPOCH=str(int(committed_at().timestamp())))
    assert sums(again) == sums(wheels)


def sums(folder):
    return (folder / "SHA256SUMS").read_text()


def test_every_entry_is_of_the_moment_of_the_commit(wheels):
    even = committed_at().replace(second=committed_at().second // 2 * 2)  # a zip file counts in twos
    for path in wheels.glob("*.whl"):
        with ZipFile(path) as archive:
            assert {item.date_time for item in archive.infolist()} == {even.timetuple()[:6]}


def test_the_sums_are_those_of_the_files(wheels):
    lines = [line.split("  ") for line in sums(wheels).splitlines()]
    assert {name for _, name in lines} == {path.name for path in wheels.glob("*.whl")}
    for digest, name in lines:
        assert hashlib.sha256((wheels / name).read_bytes()).hexdigest() == digest


def test_every_entry_has_one_order_one_mode_and_no_leavings(wheels):
    for path in wheels.glob("*.whl"):
        with ZipFile(path) as archive:
            entries = archive.infolist()
        names = [item.filename for item in entries]
        split = next(number for number, name in enumerate(names) if ".dist-info/" in name)
        assert names[:split] == sorted(names[:split])
        assert names[split:-1] == sorted(names[split:-1])
        assert names[-1].endswith(".dist-info/RECORD")
        assert {item.external_attr >> 16 for item in entries} == {stat.S_IFREG | 0o644}
        assert [name for name in names if "__pycache__" in name or "/build/" in name] == []


def test_the_record_names_every_file_with_its_hash(contents):
    for files in contents.values():
        rows = list(csv.reader(one(files, "/RECORD").decode().splitlines()))
        assert sorted(row[0] for row in rows) == sorted(files)
        for name, digest, size in rows[:-1]:
            expected = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={expected}", len(files[name]))


def test_each_has_the_license_and_says_which(contents):
    text = (ROOT / "LICENSE").read_bytes()
    for files in contents.values():
        said = BytesParser().parsebytes(one(files, ".dist-info/METADATA"))
        assert (said["License-Expression"], said["License-File"]) == ("Apache-2.0", "LICENSE")
        assert one(files, ".dist-info/licenses/LICENSE") == text


def test_each_package_is_typed_and_its_plugin_declared(contents):
    packages = {name for files in contents.values() for name in files if name.count("/") == 1}
    roots = {name.split("/")[0] for name in packages if name.endswith("/__init__.py")}
    assert {f"{root}/py.typed" for root in roots} <= packages
    assert roots >= {"threatweaver", "threatweaver_exposure", "threatweaver_licensing"}
    assert b"exposure = threatweaver_exposure.plugin" in one(
        contents["threatweaver_exposure"], "entry_points.txt"
    )
    assert [
        n for n in contents["threatweaver"] if ".dist-info/" not in n
    ] == []  # the full install has no code


def bill(files):
    return json.loads(one(files, ".cdx.json"))


@pytest.mark.parametrize("name", ["threatweaver", "threatweaver_licensing"])  # the longest, the shortest
def test_a_bill_is_valid(contents, name):
    text = one(contents[name], ".cdx.json").decode()
    # Takes seconds, which no other process need spend.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_each_bill_says_whose_it_is_and_of_when(contents):
    for name, files in contents.items():
        known_as = name.replace("_", "-")
        said = json.loads(one(files, f".dist-info/sboms/{known_as}.cdx.json"))
        assert datetime.fromisoformat(said["metadata"]["timestamp"]) == committed_at()
        assert said["metadata"]["component"]["purl"] == f"pkg:pypi/{known_as}@0.1.0"
    assert len({bill(files)["serialNumber"] for files in contents.values()}) == len(contents)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_bill_lists_what_is_installed_and_who_needs_it(contents, name):
    """The lock's comments say the same as the metadata of what is installed here."""
    wanted = own_requirements(contents, name)
    installed = {key: dist.version for key, dist in required(wanted).items()}
    listed = {(item["name"], item["version"]): item for item in bill(contents[name])["components"]}
    assert set(installed.items()) <= set(listed)
    for item in listed.values():
        hashes = [digest for ref in item.get("externalReferences", []) for digest in ref["hashes"]]
        assert hashes or item.get("hashes") or item["name"].startswith(OWN)
    extra = {key for key, _ in listed if key not in installed and not key.startswith(OWN)}
    elsewhere = {item["name"] for item in listed.values() if item.get("properties")}
    assert extra <= elsewhere | {"swagger-ui-dist"}
    edges = {item["ref"]: item.get("dependsOn", []) for item in bill(contents[name])["dependencies"]}
    for key, version in installed.items():
        needs = required([key]).keys() - {key} if metadata.requires(key) else set()
        assert needs <= reachable(edges, f"{key}=={version}"), key


def own_requirements(contents, name):
    """What a distribution needs from outside, by itself and by those of ours that it needs."""
    said = BytesParser().parsebytes(one(contents[name], ".dist-info/METADATA")).get_all("Requires-Dist", [])
    said = [text for text in said if "extra ==" not in text]
    ours = {text.split("=")[0].split(">")[0].split("<")[0] for text in said if text.startswith(OWN)}
    found = [text for text in said if not text.startswith(OWN)]
    return found + [text for item in ours for text in own_requirements(contents, item.replace("-", "_"))]


def reachable(edges, ref):
    found, asked = set(), [ref]
    while asked:
        for inner in edges.get(asked.pop(), []):
            if inner not in found:
                found.add(inner)
                asked.append(inner)
    return {item.split("==")[0] for item in found}


def test_the_playgrounds_script_is_in_the_bill(contents):
    (found,) = [
        i for i in bill(contents["threatweaver_kernel"])["components"] if i["name"] == "swagger-ui-dist"
    ]
    script = one(contents["threatweaver_kernel"], "/swagger-ui-bundle.js")
    assert found["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(script).hexdigest()}]
    assert f"swagger-ui-dist {found['version']} (npm)" in (ROOT / "docs" / "dependencies.md").read_text()
