"""The command line, end to end."""

import io
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from threatweaver_licensing import KeyRing, PluginConstraint, issue, load_ring, trial_claims, verify
from threatweaver_licensing.keys import load_private


@pytest.fixture
def order(keys):
    return [
        "issue",
        "--key",
        keys[0],
        "--customer",
        "Example Ltd",
        "--modules",
        "appsec,exposure",
        "--seats",
        25,
    ]


@pytest.fixture
def token(run, order):
    return run(*order, "--expires", "2040-01-01", "--not-before", "2030-01-01")[1].strip()


def one_line(text):
    return text.endswith("\n") and text.count("\n") == 1 and "Traceback" not in text


class TestKeygen:
    def test_two_files_and_the_key_id(self, keys):
        private, public, kid = keys
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
        assert [key.kid for key in load_ring(public)] == [kid]
        assert "PRIVATE" not in public.read_text()

    def test_rsa(self, run, tmp_path):
        assert run("keygen", "--out", tmp_path / "new", "--algorithm", "rsa")[0] == 0
        (key,) = load_ring(tmp_path / "new" / "threatweaver-license.pub")
        assert (key.algorithm, key.key.key_size) == ("RS256", 3072)

    @pytest.mark.parametrize("left", ["vendor.key", "vendor.pub"])
    def test_nothing_is_overwritten(self, run, keys, tmp_path, left):
        for path in keys[:2]:
            if path.name != left:
                path.unlink()
        before = (tmp_path / left).read_bytes()
        code, out, err = run("keygen", "--out", tmp_path, "--name", "vendor")
        assert (code, out) == (2, "")
        assert one_line(err)
        assert left in err
        assert (tmp_path / left).read_bytes() == before
        assert [path.name for path in tmp_path.iterdir()] == [left]

    def test_passphrase(self, run, tmp_path, keys, order):
        (tmp_path / "secret").write_text("correct horse\n")
        made = run("keygen", "--out", tmp_path, "--name", "safe", "--passphrase-file", tmp_path / "secret")
        assert made[0] == 0
        assert load_private(tmp_path / "safe.key", "correct horse")
        order[2] = tmp_path / "safe.key"
        code, _, err = run(*order, "--days", 5)
        assert (code, one_line(err)) == (2, True)
        assert run(*order, "--days", 5, "--passphrase-file", tmp_path / "secret")[0] == 0
        (tmp_path / "secret").write_text("\n")
        code, _, err = run(
            "keygen", "--out", tmp_path, "--name", "x", "--passphrase-file", tmp_path / "secret"
        )
        assert (code, one_line(err), (tmp_path / "x.key").exists()) == (2, True, False)


class TestIssue:
    def test_everything_said_is_in_the_license(self, run, keys, order):
        more = "--type enterprise --tenants 3 --deployment saas --grace-days 14 --fingerprint host-1"
        end = "--expires 2040-01-01 --not-before 2030-06-01 --assets 1000 --sensors 0"
        code, out, err = run(*order, *more.split(), *end.split())
        assert (code, err) == (0, "")
        claims = verify(out.strip(), load_ring(keys[1]))
        assert claims.modules == {"appsec", "exposure"}
        assert (claims.customer, claims.seats, claims.type) == ("Example Ltd", 25, "enterprise")
        assert (claims.tenants_max, claims.deployment, claims.grace_days) == (3, "saas", 14)
        assert (claims.limits.assets, claims.limits.sensors, claims.fingerprint) == (1000, 0, "host-1")
        assert claims.not_before == datetime(2030, 6, 1, tzinfo=UTC)
        assert claims.expires_at == datetime(2040, 1, 1, tzinfo=UTC)

    def test_tenants_and_plugins(self, run, keys, order):
        digest = "ab" * 32
        more = ["--tenants", 3, "--tenant-names", "acme, globex", "--plugin", "threatweaver-exposure>=1.2,<2"]
        more += ["--plugin", f"acme ==1.*@sha256:{digest}", "--days", 5]
        claims = verify(run(*order, *more)[1].strip(), load_ring(keys[1]))
        assert (claims.tenants_max, claims.tenant_names) == (3, ("acme", "globex"))
        assert claims.plugins == (
            PluginConstraint(name="threatweaver-exposure", versions=">=1.2,<2"),
            PluginConstraint(name="acme", versions="==1.*", sha256=digest),
        )

    def test_defaults(self, run, keys, order):
        order[6] = "all"
        claims = verify(run(*order, "--days", 30)[1].strip(), load_ring(keys[1]))
        assert (claims.modules, claims.type, claims.deployment) == ("*", "standard", "dedicated")
        assert (claims.tenants_max, claims.grace_days, claims.fingerprint) == (None, 7, None)
        assert claims.expires_at - claims.issued_at == timedelta(days=30)
        assert abs(datetime.now(UTC) - claims.issued_at) < timedelta(minutes=1)

    def test_days_count_from_the_start(self, run, keys, order):
        claims = verify(
            run(*order, "--days", 30, "--not-before", "2035-01-01")[1].strip(), load_ring(keys[1])
        )
        assert claims.expires_at == datetime(2035, 1, 31, tzinfo=UTC)

    def test_into_a_new_file(self, run, keys, order, tmp_path):
        out_file = tmp_path / "example.license"
        code, out, _ = run(*order, "--days", 30, "--out", out_file)
        assert code == 0
        assert verify(out_file.read_text().strip(), load_ring(keys[1])).jti == out.strip()
        code, _, err = run(*order, "--days", 30, "--out", out_file)
        assert (code, one_line(err)) == (2, True)

    @pytest.mark.parametrize(
        "extra",
        [
            "",
            "--days 5 --expires 2040-01-01",
            "--days 0",
            "--days -1",
            "--days 99999999999",
            "--days 5.5",
            "--days 5 --seats 0",
            "--days 5 --seats many",
            "--days 5 --modules Upper",
            "--days 5 --modules ,",
            "--days 5 --modules all,appsec",
            "--days 5 --type gold",
            "--days 5 --deployment cloud",
            "--days 5 --tenants 0",
            "--days 5 --grace-days 366",
            "--days 5 --customer=",
            "--days 5 --not-before 9999-12-31",
            "--expires 2001-01-01",
            "--expires 9999-12-31T23:59:59-23:59",
            "--expires 0001-01-01T00:00:00+23:59",
            "--expires tomorrow",
            "--expires 2040-01-01 --not-before 2041-01-01",
            "--days 5 --tenant-names Acme",
            "--days 5 --tenant-names a,a",
            "--days 5 --tenant-names a,b --tenants 1",
            "--days 5 --plugin acme",
            "--days 5 --plugin acme>=x",
            "--days 5 --plugin acme>=1@md5:ab",
            "--days 5 --plugin acme>=1 --plugin acme<2",
            "--days 5 --key /nowhere",
            "--days 5 --key .",
            "--days 5 --unknown",
        ],
    )
    def test_wrong_use(self, run, order, extra):
        code, out, err = run(*order, *extra.split())
        assert (code, out) == (2, "")
        assert one_line(err)

    def test_a_public_key_cannot_sign(self, run, keys, order):
        order[2] = keys[1]
        code, _, err = run(*order, "--days", 5)
        assert (code, one_line(err)) == (2, True)


class TestInspect:
    @pytest.mark.parametrize(
        ("at", "state", "following"),
        [
            ("2029-12-31T23:59:59.999999Z", "LOCKED", "ACTIVE"),
            ("2030-01-01", "ACTIVE", "GRACE"),
            ("2040-01-01T00:59:59+01:00", "ACTIVE", "GRACE"),
            ("2040-01-01T01:00:00+01:00", "GRACE", "LOCKED"),
            ("2040-01-08", "LOCKED", None),
        ],
    )
    def test_state_at(self, run, keys, token, at, state, following):
        code, out, err = run("inspect", token, "--keys", keys[1], "--json", "--at", at)
        report = json.loads(out)
        assert (code, err) == (0, "")
        assert (report["signature"], report["kid"]) == ("verified", keys[2])
        assert (report["state"], report["nextState"]) == (state, following)
        assert report["claims"]["exp"] == "2040-01-01T00:00:00Z"

    def test_for_people(self, run, keys, token):
        code, out, _ = run("inspect", token, "--keys", keys[1], "--at", "2031-01-01")
        lines = dict(line.split(maxsplit=1) for line in out.splitlines())
        assert code == 0
        assert (lines["state"], lines["signature"]) == ("ACTIVE", "verified")
        assert (lines["customer"], lines["modules"]) == ("Example Ltd", "appsec, exposure")
        assert (lines["tenants"], lines["limits"]) == ("max -", "assets -, sensors -")

    def test_without_keys_nothing_is_verified(self, run, token):
        code, out, _ = run("inspect", token, "--json")
        assert (code, json.loads(out)["signature"]) == (0, "not checked")

    def test_from_a_file_and_from_standard_input(self, run, keys, token, tmp_path, monkeypatch):
        (tmp_path / "a.license").write_text(f"{token}\n")
        given = run("inspect", token, "--at", "2031-01-01")
        assert run("inspect", tmp_path / "a.license", "--at", "2031-01-01") == given
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{token}\n".encode())))
        assert run("inspect", "-", "--at", "2031-01-01") == given

    def test_a_license_of_another_vendor(self, run, token, tmp_path):
        run("keygen", "--out", tmp_path, "--name", "other")
        code, out, err = run("inspect", token, "--keys", tmp_path / "other.pub", "--json")
        assert (code, one_line(err)) == (1, True)
        assert err.startswith("LICENSE_UNKNOWN_KEY: ")
        assert json.loads(out)["signature"] == "LICENSE_UNKNOWN_KEY"
        assert json.loads(out)["state"] is None

    def test_an_edited_license(self, run, keys, token):
        header, payload, signature = token.split(".")
        other = run(*_order(keys), "--days", "5")[1].strip().split(".")[1]
        code, _, err = run("inspect", f"{header}.{other}.{signature}", "--keys", keys[1])
        assert (code, err.split(":")[0]) == (1, "LICENSE_SIGNATURE")
        assert payload != other

    def test_several_key_files(self, run, keys, token, tmp_path):
        run("keygen", "--out", tmp_path, "--name", "other")
        assert run("inspect", token, "--keys", tmp_path / "other.pub", keys[1])[0] == 0

    @pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe\x00", b"eyJ.eyJ.eyJ", b"a.b.c"])
    def test_a_file_that_is_no_license(self, run, tmp_path, content):
        (tmp_path / "x").write_bytes(content)
        code, out, err = run("inspect", tmp_path / "x")
        assert (code, out, one_line(err)) == (1, "", True)
        assert err.startswith("LICENSE_MALFORMED: ")

    @pytest.mark.parametrize("size", [16 * 1024 + 1, 10**7])
    def test_a_file_too_large(self, run, tmp_path, size):
        (tmp_path / "x").write_bytes(b"a" * size)
        code, _, err = run("inspect", tmp_path / "x")
        assert (code, err.split(":")[0]) == (1, "LICENSE_TOO_LARGE")

    @pytest.mark.parametrize("argument", ["/nowhere", ".", "x" * 5000])
    def test_nothing_to_inspect(self, run, argument):
        code, out, err = run("inspect", argument)
        assert (code, out, one_line(err)) == (2, "", True)
        assert len(err) < 200

    def test_a_key_file_that_is_none(self, run, keys, token):
        for wrong in (keys[0], "/nowhere"):
            code, _, err = run("inspect", token, "--keys", wrong)
            assert (code, one_line(err)) == (2, True)

    def test_a_bound_license_is_judged_on_its_own_deployment(self, run, order):
        bound = run(*order, "--days", 5, "--fingerprint", "host-1")[1].strip()
        assert json.loads(run("inspect", bound, "--json")[1])["state"] == "ACTIVE"


def _order(keys):
    return ["issue", "--key", keys[0], "--customer", "Someone Else", "--modules", "all", "--seats", "1"]


@pytest.mark.parametrize("argv", [[], ["unknown"], ["keygen"], ["keygen", "--out", ".", "--name", "../x"]])
def test_wrong_commands(run, argv):
    code, out, err = run(*argv)
    assert (code, out, one_line(err)) == (2, "", True)


def test_as_a_process(tmp_path):
    def call(*argv, **more):
        command = [sys.executable, "-m", "threatweaver_licensing.cli", *map(str, argv)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, **more)
        return done.returncode, done.stdout, done.stderr

    assert call("keygen", "--out", tmp_path, "--name", "vendor")[0] == 0
    key = ["--key", tmp_path / "vendor.key"]
    issued = call("issue", *key, "--customer", "Example Ltd", "--modules", "all", "--seats", 5, "--days", 5)
    assert (issued[0], issued[2]) == (0, "")
    assert call("inspect", "-", "--keys", tmp_path / "vendor.pub", input=issued[1])[0] == 0
    refused = call("inspect", "-", "--keys", tmp_path / "vendor.pub", input=issued[1][:-5])
    assert refused[0] == 1
    assert one_line(refused[2])
    assert call("issue")[0] == 2
    assert call("--help")[0] == 0


def test_a_license_of_the_library_is_read_by_the_tool(run, keys):
    token = issue(trial_claims(now=datetime(2030, 1, 1, tzinfo=UTC)), load_private(keys[0]))
    assert verify(token, KeyRing.from_pem(keys[1].read_text())).type == "trial"
    assert run("inspect", token, "--keys", keys[1], "--at", "2030-01-02")[0] == 0
