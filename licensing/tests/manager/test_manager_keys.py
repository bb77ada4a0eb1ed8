"""Keys of the manager: where the private ones are, how a new one takes over, and what came before."""

from datetime import UTC, datetime, timedelta

import pytest

from threatweaver_licensing import (
    Claims,
    KeyRing,
    Revocation,
    RevocationList,
    issue,
    issue_list,
    load_ring,
    verify,
    verify_list,
)
from threatweaver_licensing.cli import main
from threatweaver_licensing.keys import load_private

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


def claims(jti, start, end, **more):
    return Claims(
        jti=jti,
        customer="Adopted Ltd",
        issued_at=NOW + min(start, -1) * DAY,
        not_before=NOW + start * DAY,
        expires_at=NOW + end * DAY,
        type="standard",
        modules="*",
        seats=5,
        **more,
    )


OLD = [
    claims("active", -10, 10),
    claims("ends-today", -10, 0.1),
    claims("grace", -10, -3),
    claims("no-grace", -10, -3, grace_days=0),
    claims("locked", -30, -8),
    claims("long-grace", -30, -8, grace_days=30),
    claims("coming", 5, 10),
    claims("revoked", -10, 10),
    claims("revoked-locked", -30, -8),
]
STATES = {
    "ACTIVE": {"active", "ends-today"},
    "GRACE": {"grace", "long-grace"},
    "LOCKED": {"locked", "no-grace", "coming"},
    "REVOKED": {"revoked", "revoked-locked"},
}


def ring(manager):
    return KeyRing.from_pem(manager.text("/api/keys/file"))


def kids(manager):
    return {key["kid"]: key for key in manager.call("GET", "/api/keys")[1]["data"]}


@pytest.fixture(scope="module")
def files(tmp_path_factory, make_manager):
    """A manager that takes over what was issued with files; it runs."""
    manager = make_manager()
    key = load_private(manager.key)
    paths = []
    for item in OLD:
        paths.append(manager.folder / f"{item.jti}.license")
        paths[-1].write_text(issue(item, key) + "\n")
    entries = tuple(
        Revocation(jti=jti, at=NOW - DAY, reason="Before")
        for jti in ("revoked", "revoked-locked", "elsewhere")
    )
    listed = manager.folder / "revocations.jwt"
    listed.write_text(issue_list(RevocationList(seq=7, issued_at=NOW, entries=entries), key) + "\n")
    assert manager.command("adopt", *paths, check=False)[0] == 1
    manager.command("add-key", manager.folder / "first.pub")
    assert manager.command("adopt", *paths, "--list", listed)[1] == f"{len(OLD)}\n"
    assert manager.command("adopt", *paths)[1] == "0\n"
    manager.start()
    return manager, listed


class TestAdoption:
    @pytest.mark.parametrize(("state", "ids"), STATES.items())
    def test_a_state_is_found_as_it_is_judged(self, files, state, ids):
        manager, _ = files
        found = manager.call("GET", f"/api/licenses?customer=Adopted%20Ltd&state={state}")[1]
        assert {row["jti"] for row in found["data"]} == ids
        assert {row["state"] for row in found["data"]} == {state}
        assert found["meta"]["total"] == len(ids)

    def test_the_lists_number_goes_on(self, files):
        manager, _ = files
        assert manager.call("GET", "/api/revocations")[1]["data"]["seq"] == 7
        made = manager.issue("Adopted Ltd")
        manager.call("POST", f"/api/licenses/{made['jti']}/revoke", {"reason": "After"})
        listed = verify_list(manager.text("/api/revocations/file").strip(), ring(manager))
        assert (listed.seq, listed.revoked.keys()) == (
            8,
            {"revoked", "revoked-locked", "elsewhere", made["jti"]},
        )

    def test_an_adopted_license_is_renewed(self, files):
        manager, _ = files
        status, answer = manager.call("POST", "/api/licenses/grace/renew", {"days": 30})
        assert (status, answer["data"]["state"], answer["data"]["renews"]) == (201, "ACTIVE", "grace")

    def test_a_second_list_is_refused(self, files):
        manager, listed = files
        code, said = manager.command("adopt", "--list", listed, check=False)
        assert (code, "keeps a revocation list already" in said) == (2, True)

    def test_what_another_key_signed_is_refused_wholly(self, files, tmp_path):
        manager, _ = files
        main(["keygen", "--out", str(tmp_path), "--name", "other"])
        (tmp_path / "theirs").write_text(issue(OLD[0], load_private(tmp_path / "other.key")))
        (tmp_path / "ours").write_text(issue(claims("new", -1, 5), load_private(manager.key)))
        code, said = manager.command("adopt", tmp_path / "ours", tmp_path / "theirs", check=False)
        assert (code, said.split(":")[0]) == (1, "LICENSE_UNKNOWN_KEY")
        assert manager.call("GET", "/api/licenses/new")[0] == 404

    def test_the_audit_log_says_so(self, files):
        manager, _ = files
        actions = [line["action"] for line in manager.call("GET", "/api/audit")[1]["data"]]
        assert (actions.count("license.adopt"), actions.count("list.adopt")) == (len(OLD), 1)


class TestRotation:
    @pytest.fixture(scope="class")
    @classmethod
    def rotated(cls, make_manager):
        """A manager whose key was replaced, the license it issued before, and the two key ids."""
        manager = make_manager()
        manager.start()
        made = manager.issue("Rotated Ltd")
        (old,) = kids(manager)
        out = str(manager.folder)
        public = str(manager.folder / "first.pub")
        main(["rotate-keys", "--old", public, "--out", out, "--name", "next"])
        (new,) = load_ring(manager.folder / "next.pub")
        before_announcement = refused_to_start(manager)
        manager.command("add-key", manager.folder / "next.pub")
        announced = manager.text("/api/keys/file")
        manager.stop()
        manager.start(key=manager.folder / "next.key")
        return manager, made, (old, new.kid), before_announcement, announced

    def test_a_key_that_nobody_knows_does_not_sign(self, rotated):
        assert "is not in the ring: announce it" in rotated[3]

    def test_it_is_in_the_ring_before_it_signs(self, rotated):
        assert {key.kid for key in KeyRing.from_pem(rotated[4])} == set(rotated[2])

    def test_the_old_key_is_retired_and_still_needed(self, rotated):
        manager, made, (old, new), *_ = rotated
        keys = kids(manager)
        assert keys[new]["retiredAt"] is None
        assert keys[old]["retiredAt"] is not None
        ends = datetime.fromisoformat(made["expiresAt"]) + 7 * DAY
        assert datetime.fromisoformat(keys[old]["neededUntil"]) == ends
        assert {key.kid for key in ring(manager)} == {old, new}

    def test_the_list_is_signed_anew(self, rotated):
        manager, _, (_, new), *_ = rotated
        shown = manager.call("GET", "/api/revocations")[1]["data"]
        assert (shown["seq"], shown["kid"]) == (2, new)
        (key,) = load_ring(manager.folder / "next.pub")
        assert verify_list(manager.text("/api/revocations/file").strip(), KeyRing([key])).seq == 2

    def test_old_licenses_hold_and_are_renewed_with_the_new_key(self, rotated):
        manager, made, (_, new), *_ = rotated
        text = manager.text(f"/api/licenses/{made['jti']}/file")
        assert verify(text.strip(), ring(manager)).jti == made["jti"]
        renewed = manager.call("POST", f"/api/licenses/{made['jti']}/renew", {"days": 5})[1]["data"]
        assert renewed["kid"] == new

    def test_back_to_the_old_key(self, rotated):
        manager, _, (old, new), *_ = rotated
        manager.stop()
        manager.start()
        keys = kids(manager)
        assert (keys[old]["retiredAt"], keys[new]["retiredAt"] is None) == (None, False)
        assert manager.call("GET", "/api/revocations")[1]["data"]["kid"] == old


def refused_to_start(manager):
    code, said = manager.command("serve", "--key", manager.folder / "next.key", "--port", 0, check=False)
    assert code == 2
    return said


def test_a_key_without_licenses_leaves_the_ring_once_it_is_retired(make_manager):
    manager = make_manager()
    manager.start()
    manager.stop()
    main(
        [
            "rotate-keys",
            "--old",
            str(manager.folder / "first.pub"),
            "--out",
            str(manager.folder),
            "--name",
            "b",
        ]
    )
    manager.command("add-key", manager.folder / "b.pub")
    assert "already" in manager.command("add-key", manager.folder / "b.pub")[1]
    manager.start(key=manager.folder / "b.key")
    (kept,) = load_ring(manager.folder / "b.pub")
    assert [key.kid for key in ring(manager)] == [kept.kid]
    assert len(kids(manager)) == 2


def test_no_private_key_is_kept_or_told(files, databases):
    manager, _ = files
    secret = "".join(manager.key.read_text().splitlines()[1:-1])
    for table in ("signing_key", "license", "list_issue", "audit_line", "ledger"):
        assert secret not in databases.sql(manager.database, f"SELECT * FROM {table}")
    assert secret not in manager.log.read_text()
    assert secret not in str(kids(manager))
