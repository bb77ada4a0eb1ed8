"""Who may call what: every path with every scope, and tokens that hold no more."""

from datetime import UTC, datetime

import pytest
import requests

from threatweaver_licensing.manager.clients import SCOPES
from threatweaver_licensing.manager.routes import TABLE


@pytest.fixture(scope="module")
def tokens(manager):
    """A token with each scope alone."""
    create = ["token", "create"]
    return {
        scope: manager.command(*create, f"only {scope}", "--scopes", scope)[1].strip() for scope in SCOPES
    }


PATHS = [(method, path, scope) for method, path, scope, _ in TABLE]


def test_every_scope_opens_something():
    assert {scope for _, _, scope in PATHS} == set(SCOPES)


@pytest.mark.parametrize(("method", "path", "needed"), PATHS)
def test_the_one_scope_that_opens_a_path(manager, tokens, method, path, needed):
    for scope, token in tokens.items():
        status, answer = manager.call(method, path.format(jti="none") + "?x=1", {}, token=token)
        if scope == needed:
            assert (status, answer["code"]) == (400, "VALIDATION_ERROR")
        else:
            assert (status, answer["code"], answer["scope"]) == (403, "FORBIDDEN", needed)


@pytest.mark.parametrize(("method", "path", "needed"), PATHS)
def test_without_a_token(manager, method, path, needed):
    answer = requests.request(method, manager.url + path.format(jti="none"), timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (401, "NO_TOKEN")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("Bearer twlm_wrong", "INVALID_TOKEN"),
        ("Bearer " + "x" * 5000, "INVALID_TOKEN"),
        ("Bearer", "NO_TOKEN"),
        ("Bearer ", "NO_TOKEN"),
        ("Basic dXNlcjpwYXNz", "NO_TOKEN"),
        ("", "NO_TOKEN"),
    ],
)
def test_a_wrong_token(manager, value, code):
    headers = {"Authorization": value}
    answer = requests.get(f"{manager.url}/api/licenses", headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_a_revoked_token(manager):
    token = manager.command("token", "create", "leaver", "--scopes", "read")[1].strip()
    assert manager.call("GET", "/api/licenses", token=token)[0] == 200
    manager.command("token", "revoke", "leaver")
    status, answer = manager.call("GET", "/api/licenses", token=token)
    assert (status, answer["code"]) == (401, "INVALID_TOKEN")
    code, said = manager.command("token", "revoke", "leaver", check=False)
    assert (code, "no such client" in said) == (2, True)


def test_an_expired_token(manager, databases):
    token = manager.command("token", "create", "visitor", "--scopes", "read", "--days", 1)[1].strip()
    assert manager.call("GET", "/api/licenses", token=token)[0] == 200
    past = datetime(2020, 1, 1, tzinfo=UTC)
    databases.sql(manager.database, f"UPDATE client SET expires_at = '{past}' WHERE name = 'visitor'")
    status, answer = manager.call("GET", "/api/licenses", token=token)
    assert (status, answer["code"]) == (401, "INVALID_TOKEN")


def test_names_are_used_once(manager):
    manager.command("token", "create", "unique", "--scopes", "read")
    manager.command("token", "revoke", "unique")
    code, said = manager.command("token", "create", "unique", "--scopes", "read", check=False)
    assert (code, "the name is taken" in said) == (2, True)


def test_the_list_says_who_may_call(manager):
    manager.command("token", "create", "lister", "--scopes", "lists,read", "--days", 30)
    lines = manager.command("token", "list")[1].splitlines()
    (line,) = [line for line in lines if line.startswith("lister ")]
    assert " read lists " in line
    assert "until 20" in line


def test_no_token_is_kept(manager, databases, tokens):
    held = databases.sql(manager.database, "SELECT * FROM client")
    for token in (*tokens.values(), manager.token):
        assert token.startswith("twlm_")
        assert token not in held
        assert token.removeprefix("twlm_") not in held
    assert not any(token in manager.log.read_text() for token in tokens.values())
