"""Revocation lists, fingerprints and digests on the command line."""

import json
import subprocess
import sys

import pytest

from threatweaver_licensing import fingerprint_of, load_ring, verify_list


@pytest.fixture
def rev(run, keys, tmp_path):
    """A list that revokes nothing yet."""
    path = tmp_path / "revocations.jwt"
    assert run("sign-list", "--create", "--list", path, "--key", keys[0]) == (0, "1\n", "")
    return path


@pytest.fixture
def license_file(run, keys, tmp_path):
    path = tmp_path / "a.license"
    order = ["issue", "--key", keys[0], "--customer", "Example Ltd", "--modules", "all", "--seats", 5]
    return path, run(*order, "--days", 30, "--out", path)[1].strip()


@pytest.fixture
def revoke(run, keys, rev):
    def call(*what, reason="Key leaked"):
        return run("revoke", *what, "--list", rev, "--key", keys[0], "--reason", reason)

    return call


def listed(path, keys):
    return verify_list(path.read_text().strip(), load_ring(keys[1]))


class TestRevoke:
    def test_by_file_token_and_id(self, revoke, rev, keys, license_file, run):
        path, jti = license_file
        assert revoke(path) == (0, "2\n", "")
        renewed = run("renew", path, "--key", keys[0], "--days", 5)[1].strip()
        assert revoke(renewed, "--id", "lic-7", "--id", "lic-8") == (0, "3\n", "")
        found = listed(rev, keys)
        assert (found.seq, len(found.entries)) == (3, 4)
        assert found.revoked.keys() >= {jti, "lic-7", "lic-8"}
        assert {entry.reason for entry in found.entries} == {"Key leaked"}

    def test_shown(self, revoke, rev, keys, run):
        revoke("--id", "lic-7")
        code, out, _ = run("revocations", rev, "--keys", keys[1], "--json")
        report = json.loads(out)
        assert (code, report["signature"], report["seq"]) == (0, "verified", 2)
        assert [(entry["jti"], entry["reason"]) for entry in report["entries"]] == [("lic-7", "Key leaked")]
        text = run("revocations", rev)[1]
        assert "not checked" in text
        assert "lic-7  Key leaked" in text

    @pytest.mark.parametrize(
        ("what", "reason"),
        [
            ([], "x"),
            (["/nowhere"], "x"),
            (["--id", "a b"], "x"),
            (["--id", "lic-7"], ""),
            (["--id", "lic-7"], "a\nb"),
            (["--id", "lic-7", "--id", "lic-7"], "x"),
        ],
    )
    def test_wrong_use_changes_nothing(self, revoke, rev, what, reason):
        before = rev.read_text()
        code, out, err = revoke(*what, reason=reason)
        assert (code, out, err.count("\n"), rev.read_text()) == (2, "", 1, before)

    def test_twice(self, revoke, rev):
        revoke("--id", "lic-7")
        before = rev.read_text()
        code, _, err = revoke("--id", "lic-8", "--id", "lic-7")
        assert (code, "lic-7 is revoked already" in err, rev.read_text()) == (2, True, before)

    def test_a_license_of_another_vendor(self, revoke, run, tmp_path):
        run("keygen", "--out", tmp_path, "--name", "other")
        order = [
            "issue",
            "--key",
            tmp_path / "other.key",
            "--customer",
            "x",
            "--modules",
            "all",
            "--seats",
            5,
        ]
        theirs = run(*order, "--days", 5)[1].strip()
        code, _, err = revoke(theirs)
        assert (code, err.split(":")[0]) == (1, "LICENSE_UNKNOWN_KEY")

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "REVOCATIONS_MALFORMED"),
            (b"garbage", "REVOCATIONS_MALFORMED"),
            (b"\xff\xfe", "REVOCATIONS_MALFORMED"),
            (b"a" * (1024 * 1024 + 1), "REVOCATIONS_TOO_LARGE"),
        ],
    )
    def test_a_file_that_is_no_list(self, revoke, rev, run, content, code):
        rev.write_bytes(content)
        for found in (revoke("--id", "lic-7"), run("revocations", rev)):
            assert (found[0], found[1], found[2].split(":")[0]) == (1, "", code)

    def test_a_license_is_no_list(self, run, license_file):
        code, _, err = run("revocations", license_file[0])
        assert (code, err.split(":")[0]) == (1, "REVOCATIONS_MALFORMED")

    def test_no_list_there(self, revoke, rev):
        rev.unlink()
        assert revoke("--id", "lic-7")[0] == 2
        assert not rev.exists()


class TestSignList:
    def test_it_starts_no_second_list(self, run, keys, revoke, rev):
        revoke("--id", "lic-7")
        before = rev.read_text()
        assert run("sign-list", "--create", "--list", rev, "--key", keys[0])[0] == 2
        assert rev.read_text() == before

    def test_with_a_new_key(self, run, keys, revoke, rev, tmp_path):
        revoke("--id", "lic-7")
        before = listed(rev, keys)
        run("rotate-keys", "--old", keys[1], "--out", tmp_path, "--name", "next")
        new = ["--list", rev, "--key", tmp_path / "next.key"]
        assert run("sign-list", *new)[0] == 1
        assert run("sign-list", *new, "--keys", tmp_path / "next-ring.pub") == (0, "3\n", "")
        after = verify_list(rev.read_text().strip(), load_ring(tmp_path / "next.pub"))
        assert (after.seq, after.entries) == (3, before.entries)


class TestDigests:
    def test_fingerprint(self, run, tmp_path):
        (tmp_path / "id").write_text("installation-of-example-ltd\n")
        found = run("fingerprint", "--id-file", tmp_path / "id")
        assert found == (0, fingerprint_of("installation-of-example-ltd") + "\n", "")
        code, out, err = run("fingerprint", "--id-file", tmp_path / "nowhere")
        assert (code, out, err.count("\n")) == (2, "", 1)

    def test_no_wheel(self, run, tmp_path):
        (tmp_path / "x.whl").write_text("no wheel")
        code, out, err = run("wheel-digest", tmp_path / "x.whl")
        assert (code, out, err.count("\n")) == (2, "", 1)

    def test_a_wheel_built_here(self, run, tmp_path):
        (tmp_path / "acme").mkdir()
        (tmp_path / "acme" / "__init__.py").write_text('"""Nothing."""\n')
        (tmp_path / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
            '[project]\nname = "acme"\nversion = "1.2"\n[tool.setuptools]\npackages = ["acme"]\n'
        )
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*build, "--wheel-dir", tmp_path, tmp_path], check=True, capture_output=True)
        code, out, err = run("wheel-digest", tmp_path / "acme-1.2-py3-none-any.whl")
        assert (code, len(out.strip()), err) == (0, 64, "")
