"""Commands of a plugin: listed without importing it, run only when it is admitted, as a tenant."""

import shutil

import pytest
from e2e_product import run
from written_plugin import write

MANIFEST = """
module_id = "acme"
prefixes = ["/acme"]
kernel_api = ">=1.0,<2"
commands = "Tags of assets: count, add."
"""
PLUGIN = """
from pathlib import Path
from threatweaver.sdk import hookimpl

Path({imported!r}).touch()

@hookimpl
def cli_commands():
    return ["tw_acme.commands"]
"""
COMMANDS = """
from typing import Annotated

import typer
from threatweaver.sdk import Conflict, connection, run_in_tenant

app = typer.Typer(help="Tags.")
Tenant = Annotated[str | None, typer.Option("--tenant")]


async def count():
    return await connection().fetchval("SELECT count(*) FROM exposure_tag")


@app.command("count")
def count_tags(tenant: Tenant = None):
    \"\"\"Count the tags.\"\"\"
    typer.echo(run_in_tenant("acme.count_tags", count, tenant=tenant, read_only=True))


@app.command("add")
def add_tag(name: str, tenant: Tenant = None, twice: bool = False):
    \"\"\"Add a tag.\"\"\"

    async def add():
        insert = "INSERT INTO exposure_tag VALUES (gen_random_uuid(), $1, '#000000', now())"
        await connection().execute(insert, name)
        if twice:
            raise Conflict("There is such a tag.")

    run_in_tenant("acme.add_tag", add, tenant=tenant)
    run_in_tenant("acme.count_tags", count, tenant=tenant, read_only=True)


@app.command("cheat")
def cheat():
    \"\"\"Write where it said that it only reads.\"\"\"

    async def write():
        await connection().execute("DELETE FROM exposure_tag")

    run_in_tenant("acme.cheat", write, read_only=True)


@app.command("leave")
def leave(code: int):
    \"\"\"End with a code.\"\"\"
    raise typer.Exit(code)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder for PYTHONPATH with the plugin, and the file that it leaves where it is imported."""
    folder = tmp_path_factory.mktemp("site")
    files = {
        "__init__.py": "",
        "manifest.toml": MANIFEST,
        "plugin.py": PLUGIN.format(imported=str(folder / "imported")),
        "commands.py": COMMANDS,
    }
    return write(folder, "acme", files)


@pytest.fixture
def changed(site, tmp_path, product):
    """A function: run a command line of the plugin with another text in one of its files."""

    def ran(name, text, *arguments):
        shutil.copytree(site, tmp_path / "site")
        (tmp_path / "site" / "tw_acme" / name).write_text(text)
        return run("acme", *arguments, "--home", str(product.home), PYTHONPATH=str(tmp_path / "site"))

    return ran


@pytest.fixture
def acme(site, product):
    """A function: run a command line of the plugin."""

    def ran(*arguments):
        return run("acme", *arguments, "--home", str(product.home), PYTHONPATH=str(site))

    return ran


def test_help_names_the_plugin_without_importing_it(site):
    said = run("--help", PYTHONPATH=str(site)).stdout
    assert "  acme      Tags of assets: count, add." in said
    assert not (site / "imported").exists()
    assert "acme" not in run("--help").stdout.split("Commands:")[1]


def test_commands_of_an_admitted_plugin(acme, product):
    assert acme("count").stdout == "0\n"
    added = acme("add", "from-cli")
    assert (added.returncode, added.stderr) == (0, "")
    assert acme("count", "--tenant", product.line["tenant"]).stdout == "1\n"


def test_its_help_is_its_own(acme):
    said = acme("--help").stdout
    assert "Usage: threatweaver acme [OPTIONS] COMMAND" in said
    assert "Add a tag." in said
    assert "--twice" in acme("add", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["add", "refused", "--twice"], "threatweaver: There is such a tag."),
        (["count", "--tenant", "nowhere"], "threatweaver: there is no tenant 'nowhere'"),
        (["cheat"], "threatweaver: cannot execute DELETE in a read-only transaction"),
    ],
)
def test_what_goes_wrong_is_one_line_and_leaves_nothing(acme, arguments, line):
    before = acme("count").stdout
    ran = acme(*arguments)
    assert (ran.returncode, ran.stderr.strip()) == (1, line)
    assert acme("count").stdout == before


def test_a_plugin_that_is_not_admitted_runs_nothing(changed, site):
    (site / "imported").unlink(missing_ok=True)
    ran = changed("manifest.toml", MANIFEST.replace("<2", "<2,>9"), "count")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "threatweaver: plugin acme does not run: " in ran.stderr
    assert not (site / "imported").exists()


@pytest.mark.parametrize("text", ["import no_such_module", "app = 1/0", "", "app = 7"])
def test_a_module_without_commands_is_named(changed, text):
    ran = changed("commands.py", text, "count")
    assert ran.returncode == 1
    lines = [line for line in ran.stderr.splitlines() if not line.startswith("{")]
    assert [line[:55] for line in lines] == ["threatweaver: plugin acme: tw_acme.commands has no comm"]


def test_exit_codes_and_wrong_usage(acme):
    assert acme("leave", "7").returncode == 7
    wrong = acme("add")
    assert (wrong.returncode, "Missing argument" in wrong.stderr) == (2, True)
    assert acme("nonsense").returncode == 2


def test_the_audit_log_has_what_was_written_and_nothing_else(acme, product):
    acme("add", "for-the-log")
    acme("count")
    written, looked = (
        product.get("/api/security/audit", params={"action": f"cli:acme.{name}"}).json()["data"]
        for name in ("add_tag", "count_tags")
    )
    assert {(line["via"], line["target"]) for line in written} == {("cli", "command:acme.add_tag")}
    assert looked == []
