"""A plugin started from the template: its name in every spelling, and what is refused."""

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from threatweaver import app as application
from threatweaver.cli import app
from threatweaver.plugins import starter
from threatweaver.plugins.starter import StarterError

TEMPLATE = Path(__file__).parents[2] / "plugin-template"


def texts(folder):
    """What files say, by their path; without what lies about after work on the template."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        str(name): path.read_text(encoding="utf-8")
        for name, path in found.items()
        if not any(part == "__pycache__" or part.endswith("_cache") for part in name.parts)
    }


def test_under_its_own_name_the_copy_is_the_template(tmp_path):
    made = texts(starter.start("template", tmp_path))
    assert made == texts(TEMPLATE)
    assert {".gitignore", ".github/workflows/ci.yml", "LICENSE", "README.md"} <= set(made)


def test_nothing_of_the_template_is_left(tmp_path):
    made = starter.start("threat_intel", tmp_path)
    assert made == tmp_path / "threat_intel"
    license_text = "LICENSE"
    for name, text in texts(made).items():
        assert "template" not in name
        assert name == license_text or "template" not in text.lower(), name


def test_each_place_has_the_name_in_its_spelling(tmp_path):
    made = starter.start("threat_intel", tmp_path)
    project = tomllib.loads((made / "pyproject.toml").read_text())["project"]
    manifest = tomllib.loads((made / "threatweaver_threat_intel" / "manifest.toml").read_text())
    assert project["name"] == "threatweaver-threat-intel"
    assert project["entry-points"]["threatweaver.plugins"] == {
        "threat_intel": "threatweaver_threat_intel.plugin"
    }
    assert (manifest["module_id"], manifest["prefixes"]) == ("threat_intel", ["/threat-intel"])
    assert manifest["title"] == "Threat Intel"
    readme = (made / "README.md").read_text()
    for text in ("TW_THREAT_INTEL_KEEP_DAYS", "/api/threat-intel/notes", "`threat_intel:note:read`"):
        assert text in readme


@pytest.mark.parametrize(
    "name", ["", "Acme", "1st", "a-b", "a__b", "_a", "a_", "a b", "../a", "ä", "x" * 31, "a\n"]
)
def test_what_is_no_name(tmp_path, name):
    with pytest.raises(StarterError, match="is no name"):
        starter.start(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["kernel", "licensing", "exposure", "auth", "admin"])
def test_a_name_that_somebody_has_is_refused(tmp_path, name):
    with pytest.raises(StarterError, match="is taken"):
        starter.start(name, tmp_path, taken={"exposure"} | application.reserved_prefixes())


def test_what_is_there_is_never_written_over(tmp_path):
    (tmp_path / "acme").mkdir()
    with pytest.raises(StarterError, match="is there already"):
        starter.start("acme", tmp_path)
    assert list((tmp_path / "acme").iterdir()) == []


def test_the_command_makes_the_folder_it_is_told(tmp_path):
    into = tmp_path / "far" / "away"
    done = CliRunner().invoke(app, ["plugins", "new", "acme", "--into", str(into)])
    assert (done.exit_code, f"Made {into / 'acme'}" in done.stdout) == (0, True)
    assert (into / "acme" / "threatweaver_acme" / "plugin.py").is_file()


@pytest.mark.parametrize(("name", "said"), [("exposure", "is taken"), ("Acme", "is no name")])
def test_the_command_says_in_one_line_why_not(tmp_path, name, said):
    done = CliRunner().invoke(app, ["plugins", "new", name, "--into", str(tmp_path)])
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_one_line_too(tmp_path):
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["plugins", "new", "acme", "--into", str(tmp_path / "file")])
    assert (done.exit_code, "cannot be made" in done.stderr) == (1, True)
