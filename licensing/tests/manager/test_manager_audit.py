"""The audit log: a line for every write, and nothing in it that could be changed unnoticed."""

import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from threatweaver_licensing import generate_key, public_pem
from threatweaver_licensing.manager import book
from threatweaver_licensing.manager.models import AuditLine

TABLES = ("audit_line", "license", "list_issue", "revoked")


@pytest.fixture(scope="module")
def filled(manager):
    made = manager.issue("Audited Ltd", reference="A-1")
    renewed = manager.call("POST", f"/api/licenses/{made['jti']}/renew", {"days": 5})[1]["data"]
    manager.text(f"/api/licenses/{made['jti']}/file")
    manager.call("POST", f"/api/licenses/{renewed['jti']}/revoke", {"reason": "A test"})
    return made, renewed


def lines(manager, query=""):
    return manager.call("GET", f"/api/audit?{query}")[1]["data"]


def test_every_write_is_a_line(manager, filled):
    made, renewed = filled
    found = [(line["action"], line["target"], line["actor"]) for line in lines(manager)]
    assert found[0][:2] == ("client.create", "everything")
    assert found[0][2].startswith("cli:")
    assert [action for action, _, _ in found[1:4]] == ["key.add", "key.activate", "list.sign"]
    assert found[4:] == [
        ("customer.create", "Audited Ltd", "everything"),
        ("license.issue", made["jti"], "everything"),
        ("license.renew", renewed["jti"], "everything"),
        ("license.download", made["jti"], "everything"),
        ("license.revoke", renewed["jti"], "everything"),
        ("list.sign", "2", "everything"),
    ]


def test_a_line_says_what_and_where_from(manager, filled):
    made, renewed = filled
    (line,) = [line for line in lines(manager) if line["action"] == "license.renew"]
    assert line["details"] == {
        "customer": "Audited Ltd",
        "exp": int(datetime.fromisoformat(renewed["expiresAt"]).timestamp()),
        "modules": "*",
        "reference": None,
        "renews": made["jti"],
        "seats": 5,
        "type": "standard",
    }
    assert line["address"] == "127.0.0.1"
    assert line["requestId"] in manager.log.read_text()
    assert datetime.now(UTC) - datetime.fromisoformat(line["at"]) < timedelta(minutes=5)


def test_a_refused_write_is_none(manager, filled):
    before = len(lines(manager))
    made, renewed = filled
    for jti in (made["jti"], renewed["jti"]):
        assert manager.call("POST", f"/api/licenses/{jti}/renew", {"days": 5})[0] == 409
    manager.call("POST", "/api/customers", {"name": "Audited Ltd"})
    assert len(lines(manager)) == before


def test_pages(manager, filled):
    everything = lines(manager)
    assert lines(manager, "limit=3") == everything[:3]
    assert lines(manager, "after=3&limit=2") == everything[3:5]
    assert lines(manager, f"after={len(everything)}") == []


def test_the_chain_can_be_checked_from_outside(manager, filled):
    """What the API shows is all that the hashes cover."""
    known = book.GENESIS
    for line in lines(manager):
        row = AuditLine(
            seq=line["seq"],
            at=line["at"],
            actor=line["actor"],
            action=line["action"],
            target=line["target"],
            details=book.details_text(line["details"]),
            request_id=line["requestId"],
            address=line["address"],
        )
        known = book.link(known, row)
        assert line["hash"] == known
    code, said = manager.command("verify-audit")
    assert (code, said) == (0, f"{line['seq']} {known}\n")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_the_database_refuses_to_forget(manager, databases, filled, table, statement):
    column = {"audit_line": "seq", "license": "jti", "list_issue": "seq", "revoked": "jti"}[table]
    with pytest.raises((sqlite3.IntegrityError, subprocess.CalledProcessError)):
        databases.sql(manager.database, statement.format(table, column))


@pytest.fixture(scope="module")
def quiet(make_manager):
    """A manager with five lines that does not run."""
    made = make_manager()
    ring = "".join(public_pem(generate_key()) for _ in range(4))
    (made.folder / "ring.pub").write_text(ring)
    made.command("add-key", made.folder / "ring.pub")
    return made


def without_guard(databases, database, statement):
    """What somebody does who owns the database."""
    for verb in ("UPDATE", "DELETE"):
        databases.sql(database, f"DROP TRIGGER audit_line_{verb}_refused")
    databases.sql(database, statement)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)  # the walk is the same over both
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_line SET actor = 'nobody' WHERE seq = 3", "line 3 was changed"),
        ("UPDATE audit_line SET details = '{}' WHERE seq = 2", "line 2 was changed"),
        ("UPDATE audit_line SET at = '2020' WHERE seq = 1", "line 1 was changed"),
        ("DELETE FROM audit_line WHERE seq = 2", "line 2 is missing"),
        ("DELETE FROM audit_line WHERE seq > 3", "the log should end with line 5"),
        ("DELETE FROM audit_line", "the log should end with line 5"),
        ("UPDATE ledger SET audit_seq = 4", "the log should end with line 4"),
        ("UPDATE ledger SET audit_seq = 0", "the log should end with line 0"),
    ],
)
def test_changes_behind_the_managers_back_are_found(quiet, databases, statement, problem):
    copy = databases.copy(quiet.database)
    without_guard(databases, copy, statement)
    code, said = quiet.command("verify-audit", database=copy, check=False)
    assert (code, said.splitlines()[-1]) == (1, f"the audit log is broken: {problem}")
