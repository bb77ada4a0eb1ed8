"""Renewing licenses and rotating keys on the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from threatweaver_licensing import check_import, evaluate, issue, load_ring, trial_claims, verify
from threatweaver_licensing.keys import load_private

PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def old(run, keys):
    """A license of 30 days with everything said."""
    more = (
        "--type enterprise --tenants 3 --assets 100 --sensors 9 --grace-days 14 --fingerprint here --days 30"
    )
    order = ["issue", "--key", keys[0], "--customer", "Example Ltd", "--modules", "appsec", "--seats", 5]
    code, out, _ = run(*order, *more.split(), "--plugin", "acme>=1", "--tenant-names", "a,b")
    assert code == 0
    return out.strip()


@pytest.fixture
def renew(run, keys, old):
    def call(*more, token=old):
        code, out, err = run("renew", token, "--key", keys[0], *more)
        assert (code, err) == (0, "")
        return verify(out.strip(), load_ring(keys[1]))

    return call


class TestRenew:
    def test_it_says_the_same_for_longer(self, renew, keys, old):
        before = verify(old, load_ring(keys[1]))
        after = renew("--days", 365)
        assert after.expires_at == before.expires_at + timedelta(days=365)
        assert after.jti != before.jti
        changed = {"jti", "iat", "exp"}
        said = [
            {name: part for name, part in claims.to_payload().items() if name not in changed}
            for claims in (before, after)
        ]
        assert said[0] == said[1]

    def test_a_deployment_takes_it_and_not_the_old_one_again(self, renew, keys, old):
        before, after = verify(old, load_ring(keys[1])), renew("--days", 365)
        now = datetime.now(UTC)
        check_import(after, before, now=now, fingerprint="here")
        assert evaluate(after, now=now, fingerprint="here").state == "ACTIVE"

    def test_what_is_named_changes(self, renew):
        more = "--seats 50 --modules all --assets 7 --type oem --deployment saas --tenants 9 --grace-days 3"
        after = renew("--days", 1, *more.split(), "--plugin", "acme>=2", "--tenant-names", "c")
        assert (after.seats, after.modules, after.type, after.deployment) == (50, "*", "oem", "saas")
        assert (after.limits.assets, after.limits.sensors, after.tenants_max) == (7, 9, 9)
        assert (after.grace_days, after.fingerprint, after.tenant_names) == (3, "here", ("c",))
        assert [item.versions for item in after.plugins] == [">=2"]

    def test_nothing_is_a_change_too(self, renew):
        after = renew("--days", 1, "--assets", 0, "--grace-days", 0)
        assert (after.limits.assets, after.grace_days) == (0, 0)

    def test_an_ended_license_is_renewed_from_today_on(self, renew, keys):
        ended = issue(trial_claims(now=PAST), load_private(keys[0]))
        after = renew("--days", 10, token=ended)
        assert abs(after.expires_at - datetime.now(UTC) - timedelta(days=10)) < timedelta(minutes=1)

    def test_until_a_day(self, renew):
        assert renew("--expires", "2044-01-01").expires_at == datetime(2044, 1, 1, tzinfo=UTC)

    def test_into_a_new_file(self, run, keys, old, tmp_path):
        out = tmp_path / "new.license"
        code, printed, _ = run("renew", old, "--key", keys[0], "--days", 5, "--out", out)
        assert (code, verify(out.read_text().strip(), load_ring(keys[1])).jti) == (0, printed.strip())
        assert run("renew", old, "--key", keys[0], "--days", 5, "--out", out)[0] == 2

    @pytest.mark.parametrize(
        "more",
        [
            "",
            "--days 0",
            "--expires 2001-01-01",
            "--days 5 --seats 0",
            "--days 5 --tenants 1",
            "--days 5 --customer Else",
        ],
    )
    def test_wrong_use(self, run, keys, old, more):
        code, out, err = run("renew", old, "--key", keys[0], *more.split())
        assert (code, out, err.count("\n")) == (2, "", 1)

    def test_what_was_not_signed_by_us_is_not_renewed(self, run, keys, old, tmp_path):
        run("keygen", "--out", tmp_path, "--name", "other")
        theirs = issue(trial_claims(now=PAST), load_private(tmp_path / "other.key"))
        edited = ".".join([*old.split(".")[:2], theirs.split(".")[2]])
        for token, code in ((theirs, "LICENSE_UNKNOWN_KEY"), (edited, "LICENSE_SIGNATURE")):
            found = run("renew", token, "--key", keys[0], "--days", 5)
            assert (found[0], found[1], found[2].split(":")[0]) == (1, "", code)

    def test_a_license_from_the_future_is_not_renewed(self, run, keys):
        ahead = trial_claims(now=datetime.now(UTC) + timedelta(days=2))
        code, _, err = run("renew", issue(ahead, load_private(keys[0])), "--key", keys[0], "--days", 5)
        assert (code, "iat" in err) == (2, True)


class TestRotate:
    def rotate(self, run, keys, tmp_path, *more):
        return run("rotate-keys", "--old", keys[1], "--out", tmp_path, "--name", "next", *more)

    def test_old_and_new_licenses_hold_with_the_ring(self, run, keys, tmp_path, old):
        assert self.rotate(run, keys, tmp_path)[0] == 0
        ring = load_ring(tmp_path / "next-ring.pub")
        (new,) = load_ring(tmp_path / "next.pub")
        assert [key.kid for key in ring] == [keys[2], new.kid]
        code, out, _ = run("renew", old, "--key", tmp_path / "next.key", "--keys", keys[1], "--days", 9)
        assert code == 0
        assert verify(out.strip(), ring).expires_at > verify(old, ring).expires_at

    def test_it_says_when_the_old_key_may_go(self, run, keys, tmp_path, old):
        short = issue(trial_claims(now=PAST), load_private(keys[0]))
        (tmp_path / "a").write_text(old)
        code, out, err = self.rotate(run, keys, tmp_path, "--licenses", short, tmp_path / "a", "--json")
        report, claims = json.loads(out), verify(old, load_ring(keys[1]))
        last = (claims.expires_at + timedelta(days=14)).isoformat().replace("+00:00", "Z")
        assert (code, err, report["old"]) == (0, "", [{"kid": keys[2], "neededUntil": last}])

    def test_without_licenses_it_does_not_guess(self, run, keys, tmp_path):
        code, out, _ = self.rotate(run, keys, tmp_path)
        assert code == 0
        assert f"old key {keys[2]} needed until the end of its last license" in out
        assert str(tmp_path / "next-ring.pub") in out

    def test_twice_in_a_row(self, run, keys, tmp_path):
        self.rotate(run, keys, tmp_path)
        again = ["--old", tmp_path / "next-ring.pub", "--out", tmp_path, "--name", "third"]
        assert run("rotate-keys", *again)[0] == 0
        assert len(load_ring(tmp_path / "third-ring.pub")) == 3

    @pytest.mark.parametrize("left", ["next.key", "next.pub", "next-ring.pub"])
    def test_nothing_is_overwritten(self, run, keys, tmp_path, left):
        (tmp_path / left).write_text("mine")
        code, out, err = self.rotate(run, keys, tmp_path)
        assert (code, out, left in err) == (2, "", True)
        assert (tmp_path / left).read_text() == "mine"
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("next")] == [left]

    def test_a_license_of_another_vendor_makes_no_plan(self, run, keys, tmp_path):
        run("keygen", "--out", tmp_path, "--name", "other")
        theirs = issue(trial_claims(now=PAST), load_private(tmp_path / "other.key"))
        code, _, err = self.rotate(run, keys, tmp_path, "--licenses", theirs)
        assert (code, err.split(":")[0]) == (1, "LICENSE_UNKNOWN_KEY")
        assert not (tmp_path / "next.key").exists()

    def test_a_passphrase(self, run, keys, tmp_path):
        (tmp_path / "secret").write_text("correct horse\n")
        self.rotate(run, keys, tmp_path, "--passphrase-file", tmp_path / "secret")
        assert load_private(tmp_path / "next.key", "correct horse")
