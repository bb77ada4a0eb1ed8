"""The fingerprint of a machine or an installation."""

import hashlib
import hmac

import pytest

from threatweaver_licensing import NoIdentity, fingerprint_of, read_identity
from threatweaver_licensing.fingerprint import MACHINE_ID

MACHINE = "9f8c1d2e3b4a5968778695a4b3c2d1e0"


def test_the_form_is_the_documented_one():
    digest = hmac.new(
        MACHINE.encode(), b"ThreatWeaver license node lock, version 1", hashlib.sha256
    ).hexdigest()
    assert fingerprint_of(MACHINE) == f"tw1-{digest[:40]}"


def test_one_id_one_fingerprint():
    assert fingerprint_of(f"{MACHINE}\n") == fingerprint_of(MACHINE)
    assert fingerprint_of(MACHINE[:-1] + "1") != fingerprint_of(MACHINE)
    assert MACHINE not in fingerprint_of(MACHINE)


@pytest.mark.parametrize(
    "identity", ["", "short", "0" * 32, "0-" * 20, "x" * 5000, "a\x00" * 20, "a\nb" * 20]
)
def test_no_id(identity):
    with pytest.raises(NoIdentity):
        fingerprint_of(identity)


class TestReading:
    def test_the_machine(self, tmp_path):
        (tmp_path / "machine-id").write_text(f"{MACHINE}\n")
        assert read_identity(machine_id=tmp_path / "machine-id") == MACHINE
        assert str(MACHINE_ID) == "/etc/machine-id"

    def test_the_installation_comes_first(self, tmp_path):
        (tmp_path / "machine-id").write_text(MACHINE)
        (tmp_path / "id").write_text("installation-4711-of-example\n")
        found = read_identity(tmp_path / "id", machine_id=tmp_path / "machine-id")
        assert found == "installation-4711-of-example"

    @pytest.mark.parametrize("content", [b"", b"uninitialized\n", b"9F" * 16, b"9f" * 17, b"\xff" * 32])
    def test_no_machine_id(self, tmp_path, content):
        (tmp_path / "machine-id").write_bytes(content)
        with pytest.raises(NoIdentity):
            read_identity(machine_id=tmp_path / "machine-id")

    def test_a_missing_installation_id_is_not_replaced_by_the_machines(self, tmp_path):
        (tmp_path / "machine-id").write_text(MACHINE)
        with pytest.raises(NoIdentity):
            read_identity(tmp_path / "nowhere", machine_id=tmp_path / "machine-id")

    def test_no_file(self, tmp_path):
        with pytest.raises(NoIdentity):
            read_identity(machine_id=tmp_path)
