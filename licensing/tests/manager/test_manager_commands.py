"""The manager's commands as they are refused before they touch a database, and without the extra."""

import os
import subprocess
import sys

import pytest

CREATE = ["token", "create"]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["unknown"],
        ["serve"],
        ["serve", "--key", "/nowhere"],
        ["add-key", "/nowhere"],
        [*CREATE, "x"],
        [*CREATE, "x", "--scopes", ""],
        [*CREATE, "x", "--scopes", "everything"],
        [*CREATE, "x", "--scopes", "read,admin"],
        [*CREATE, "cli:root", "--scopes", "read"],
        [*CREATE, "", "--scopes", "read"],
        [*CREATE, " ", "--scopes", "read"],
        [*CREATE, "a\nb", "--scopes", "read"],
        [*CREATE, "x" * 101, "--scopes", "read"],
        [*CREATE, "x", "--scopes", "read", "--days", "0"],
        ["token"],
        ["adopt", "/nowhere"],
        ["adopt", "--list", "/nowhere"],
    ],
)
def test_wrong_use(run, tmp_path, argv):
    place = ["--database", tmp_path / "x.sqlite3"] if argv[1:] else []
    code, out, err = run("manager", *argv, *place)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert not (tmp_path / "x.sqlite3").exists()


@pytest.mark.parametrize(
    "database",
    [
        "mysql://root@localhost/x",
        "postgresql://owner@/x?options=-c",
        "postgresql://owner@/x?host=/tmp&password=x",
        "http://localhost/",
        "/nowhere/at/all/x.sqlite3",
    ],
)
def test_a_database_that_is_none(run, database):
    code, out, err = run("manager", "init", "--database", database)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_without_a_database(run, monkeypatch):
    monkeypatch.delenv("LICENSE_MANAGER_DATABASE", raising=False)
    code, out, err = run("manager", "init")
    assert (code, out, "LICENSE_MANAGER_DATABASE" in err) == (2, "", True)


@pytest.mark.parametrize("name", ["others.key", "pass.key"])
def test_a_key_that_cannot_be_used(run, tmp_path, keys, name):
    (tmp_path / "secret").write_text("correct horse\n")
    run("keygen", "--out", tmp_path, "--name", "pass", "--passphrase-file", tmp_path / "secret")
    (tmp_path / "others.key").write_bytes(keys[0].read_bytes())
    (tmp_path / "others.key").chmod(0o640)
    serve = ["manager", "serve", "--key", tmp_path / name, "--database", tmp_path / "x.sqlite3"]
    code, out, err = run(*serve)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert {"others.key": "chmod 600", "pass.key": "needs its passphrase"}[name] in err


@pytest.mark.parametrize("missing", ["aiohttp", "tortoise", "asyncpg"])
def test_without_the_extra(missing):
    """The other commands run, and the manager says what to install."""
    program = f"import sys; sys.modules['{missing}'] = None; from threatweaver_licensing.cli import main; "
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    def call(*argv):
        code = program + f"sys.exit(main({list(argv)}))"
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
        )

    done = call("manager", "init", "--database", "x")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "install threatweaver-licensing[manager]" in done.stderr
    assert call("--help").returncode == 0


def test_the_other_commands_load_no_library_of_the_extra():
    program = (
        "import sys, threatweaver_licensing.cli; "
        "print([name for name in ('aiohttp', 'aiosqlite', 'asyncpg', 'tortoise') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help(run):
    for argv in (["--help"], ["serve", "--help"], ["token", "create", "--help"]):
        code, out, err = run("manager", *argv)
        assert (code, err) == (0, "")
        assert out.startswith("usage: threatweaver-license manager")
