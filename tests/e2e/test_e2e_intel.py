"""Snapshots of threat intelligence from the command line: a key, a raw feed, a tenant that then knows it."""

import json

import pytest
from e2e_product import run

CATALOG = {
    "title": "a catalog",
    "dateReleased": "2025-08-25T17:04:19.9796Z",
    "vulnerabilities": [
        {
            "cveID": "CVE-2021-44228",
            "vendorProject": "Apache",
            "product": "Log4j2",
            "vulnerabilityName": "Apache Log4j2 Remote Code Execution Vulnerability",
            "dateAdded": "2021-12-10",
            "requiredAction": "Apply updates.",
            "dueDate": "2021-12-24",
            "knownRansomwareCampaignUse": "Known",
            "cwes": ["CWE-20", "CWE-400"],
        }
    ],
}


@pytest.fixture
def intel(product):
    """A function: run a command below `threatweaver exposure intel`."""

    def ran(*arguments, **settings):
        return run("exposure", "intel", *map(str, arguments), "--home", str(product.home), **settings)

    return ran


def test_a_snapshot_is_packed_imported_and_not_replayed(intel, tmp_path, product):
    key, raw = tmp_path / "key.pem", tmp_path / "kev.json"
    made = intel("keygen", "--out", key)
    assert (made.returncode, made.stderr) == (0, "")
    assert key.stat().st_mode & 0o077 == 0
    trusted = {"TW_EXPOSURE_INTEL_KEYS": made.stdout.strip()}
    raw.write_text(json.dumps(CATALOG))

    def packed(name, *more):
        done = intel("pack", "kev", raw, "--key", key, "--out", tmp_path / name, *more)
        assert (done.returncode, done.stderr) == (0, "")
        return tmp_path / name

    newer, older = packed("newer.intel"), packed("older.intel", "--published", "2025-01-01")
    assert (
        intel("import", newer).stderr
        == "threatweaver: The key that signed the snapshot is not trusted here.\n"
    )
    done = intel("import", newer, "--tenant", product.line["tenant"], **trusted)
    assert (done.stderr, done.stdout) == (
        "",
        "kev of 2025-08-25: 1 records, 1 added, 0 changed, 0 removed, 0 rescored\n",
    )
    refused = intel("import", older, **trusted)
    assert (refused.returncode, refused.stderr) == (
        1,
        "threatweaver: A newer snapshot of the feed holds; `replay` brings an older one back.\n",
    )
    assert intel("import", older, "--replay", **trusted).stdout.startswith(
        "kev of 2025-01-01: 1 records, 0 added"
    )


def test_what_cannot_be_packed_is_one_line(intel, tmp_path):
    key, raw = tmp_path / "key.pem", tmp_path / "raw"
    assert intel("keygen", "--out", key).returncode == 0
    again = intel("keygen", "--out", key)
    assert (again.returncode, "File exists" in again.stderr) == (1, True)
    raw.write_text("[]")
    pack = ("--key", key, "--out", tmp_path / "out")
    for feed in ("kev", "epss", "osv", "cve"):
        done = intel("pack", feed, raw, *pack)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert intel("pack", "news", raw, *pack).returncode == 2
    assert intel("pack", "osv", raw, "--key", raw, "--out", tmp_path / "out").stderr.count("\n") == 1
