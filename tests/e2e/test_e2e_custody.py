"""The commands of who keeps the installation: logs that tell of tampering, keys that change, operators, mail.

They run as processes beside the running product, in a tenant of their own. What is tampered with as the
database's superuser is put right again: the product is everybody's.
"""

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass

import asyncpg
import pyotp
import pytest
import requests
from e2e_product import PASSWORD, Product, run

SLUG = "custody"
KEEPER = "keeper@custody.example"
WRITES = 8


@dataclass
class Custody:
    """A tenant of the running product, its administrator, and the way behind the product's back."""

    product: Product
    schema: str
    token: str

    def command(self, *arguments: str, code: int = 0) -> str:
        """What a command says on stdout; its exit code must be this one."""
        ran = run(*arguments, "--home", str(self.product.home))
        assert ran.returncode == code, (arguments, ran.stdout, ran.stderr)
        assert "Traceback" not in ran.stderr
        return ran.stdout

    def sql(self, *statements: str) -> list:
        """Run statements as the database's superuser, triggers off; return the last one's rows."""

        async def go() -> list:
            held = await asyncpg.connect(dsn(self.product))
            try:
                await held.execute(f"SET session_replication_role = replica; SET search_path = {self.schema}")
                async with held.transaction():
                    return [await held.fetch(statement) for statement in statements][-1]
            finally:
                await held.close()

        return asyncio.run(go())

    def ask(self, method: str, path: str, body: dict | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(
            method, f"{self.product.url}/api{path}", json=body, headers=headers, timeout=20
        )

    @contextmanager
    def tampered(self, *statements: str):
        """Change the log's lines for as long as the block lasts; a job of the minute adds none meanwhile."""
        with asyncio.Runner() as runner:
            held = runner.run(asyncpg.connect(dsn(self.product)))
            runner.run(held.execute(f"BEGIN; SELECT 1 FROM {self.schema}.audit_head FOR UPDATE"))
            self.sql("CREATE TABLE kept AS SELECT * FROM audit_line", *statements)
            try:
                yield
            finally:
                self.sql(
                    "DELETE FROM audit_line WHERE id IN (SELECT id FROM kept)",
                    "INSERT INTO audit_line SELECT * FROM kept",
                    "DROP TABLE kept",
                )
                runner.run(held.close())


def dsn(product: Product) -> str:
    folder = (product.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[4]
    return f"postgresql://threatweaver@/threatweaver?host={folder}"


def sign_in(product: Product) -> dict:
    body = {"email": KEEPER, "password": PASSWORD}
    return requests.post(f"{product.url}/api/auth/login", json=body, timeout=20).json()


@pytest.fixture(scope="module")
def custody(product):
    """The tenant, with a log of some lines."""
    home = ("--home", str(product.home))
    made = run("tenant", "create", SLUG, *home)
    assert made.returncode == 0, made.stderr
    schema = f"t_{made.stdout.split()[-1].replace('-', '')}"
    words = ("user", "create", KEEPER, "--tenant", SLUG, "--role", "admin", "--password", PASSWORD)
    assert run(*words, *home).returncode == 0
    found = Custody(product, schema, sign_in(product)["token"])
    for number in range(WRITES):
        assert found.ask("POST", "/tags", {"name": f"tag {number}"}).status_code == 201
    return found


def test_an_export_is_whole_and_is_checked_without_the_product(custody, tmp_path):
    file = tmp_path / "log.jsonl"
    said = custody.command("audit", "export", "--tenant", SLUG, str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert f"lines 1 to {lines[-1]['root']['seq']}" in said
    assert "cli:user-create" in [line.get("action") for line in lines]
    checked = run("audit", "verify", str(file), TW_HOME=str(tmp_path / "nowhere"))
    assert (checked.returncode, checked.stdout.split()[0]) == (0, "whole")
    assert not (tmp_path / "nowhere").exists()
    assert custody.command("audit", "verify", "--tenant", SLUG).startswith("whole")
    assert custody.command("audit", "verify").startswith("whole  log control")


MOVE = "UPDATE audit_line SET id = {} WHERE id = {}"


@pytest.mark.parametrize(
    ("statements", "line", "why"),
    [
        (["DELETE FROM audit_line WHERE id = 4"], 4, "deleted"),
        (["UPDATE audit_line SET actor_email = 'mallory@example.com' WHERE id = 5"], 5, "changed"),
        ([MOVE.format(-1, 3), MOVE.format(3, 6), MOVE.format(6, -1)], 3, "changed"),
    ],
    ids=["deleted", "edited", "swapped"],
)
def test_a_tampered_log_is_named_by_its_first_broken_line(custody, tmp_path, statements, line, why):
    file = tmp_path / "log.jsonl"
    with custody.tampered(*statements):
        said = custody.command("audit", "verify", "--tenant", SLUG, code=1)
        assert said.startswith(f"BROKEN  line {line}: {why}")
        custody.command("audit", "export", "--tenant", SLUG, str(file))
        assert custody.command("audit", "verify", "--home", "/nowhere", str(file), code=1) == said


def test_the_doctor_sees_that_the_end_of_a_log_is_gone(custody):
    with custody.tampered("DELETE FROM audit_line WHERE id = (SELECT max(id) FROM audit_line)"):
        checks = custody.command("doctor", code=1)
        assert f"FAIL  audit: lines are missing at the end of {custody.schema}" in checks
        assert checks.count("FAIL") == 1


def test_what_was_tampered_with_and_put_right_is_whole(custody):
    assert custody.command("audit", "verify", "--tenant", SLUG).startswith("whole")


def test_keys_change_and_what_was_sealed_still_opens(custody):
    secret = custody.ask("POST", "/auth/mfa/setup", {}).json()["secret"]
    enabled = custody.ask("POST", "/auth/mfa/enable", {"code": pyotp.TOTP(secret).now()})
    assert enabled.status_code == 200, enabled.text
    hook = {"kind": "webhook", "name": "hook", "url": "https://hooks.invalid/tw"}
    channel = custody.ask("POST", "/notification/channels", hook).json()["data"]["id"]
    assert custody.command("keys", "status").startswith("key 0  current")

    assert custody.command("keys", "rotate").startswith("key 1 seals from")
    refused = run("keys", "rotate", "--home", str(custody.product.home))
    assert (refused.returncode, refused.stdout) == (1, "")
    pass_by(custody, "2 minutes")
    assert "0 unreadable" in custody.command("keys", "reseal")
    old, new = custody.command("keys", "status").splitlines()
    assert old.startswith("key 0  opens     0 texts")
    assert new.startswith("key 1  current")
    assert "FAIL" not in custody.command("doctor")

    in_use = run("keys", "retire", "0", "--home", str(custody.product.home))
    assert in_use.returncode == 1
    pass_by(custody, "20 minutes")
    assert custody.command("keys", "retire", "0") == "key 0 is destroyed\n"
    assert custody.command("keys", "status").startswith("key 0  retired")
    assert sign_in_with(custody, secret) == 200
    assert custody.ask("POST", f"/notification/channels/{channel}/rotate-secret").status_code == 200


def pass_by(custody: Custody, time: str) -> None:
    """Let the last rotation be longer ago, and the processes know."""
    custody.sql(
        f"UPDATE control.secret_key SET seals_from = seals_from - interval '{time}' WHERE id > 0",
        "NOTIFY threatweaver_license",
    )


def sign_in_with(custody: Custody, secret: str) -> int:
    """The status of a sign-in with the second factor; its last code was an eternity ago."""
    custody.sql(f"UPDATE control.user_account SET mfa_counter = 0 WHERE email = '{KEEPER}'")
    body = {"mfaToken": sign_in(custody.product)["mfaToken"], "code": pyotp.TOTP(secret).now()}
    url = f"{custody.product.url}/api/auth/mfa/validate"
    return requests.post(url, json=body, timeout=20).status_code


def test_operators_come_and_go(custody):
    line = f"{KEEPER}  {SLUG}\n"
    custody.command("operator", "grant", KEEPER, "--tenant", SLUG)
    assert line in custody.command("operator", "list")
    custody.command("operator", "revoke", KEEPER)
    again = run("operator", "revoke", KEEPER, "--home", str(custody.product.home))
    assert (again.returncode, f"{KEEPER} is no operator" in again.stderr) == (1, True)
    rows = custody.sql("SELECT action FROM control.audit_line WHERE action LIKE 'cli:operator-%' ORDER BY id")
    assert [row["action"] for row in rows][-2:] == ["cli:operator-grant", "cli:operator-revoke"]


def test_mail_without_a_server_is_held_and_can_be_read(custody):
    url = f"{custody.product.url}/api/auth/forgot-password"
    assert requests.post(url, json={"email": KEEPER}, timeout=20).status_code < 300
    line = next(line for line in custody.command("mail", "list").splitlines() if KEEPER in line)
    mail_id, _, _, status, recipient, *_ = line.split()
    assert (status, recipient) == ("held", KEEPER)
    assert custody.command("mail", "show", mail_id).startswith(f"To: {KEEPER}\nSubject: ")


def test_a_tenants_network_is_opened_from_the_host(custody):
    rule = {"range": "203.0.113.0/24"}
    assert custody.ask("POST", "/admin/security/ip-blacklist", rule).status_code == 201
    assert custody.command("tenant", "open-network", SLUG).startswith("1 lines removed")
    assert custody.ask("GET", "/admin/security/ip-blacklist").json()["data"] == []
