"""The template, copied under another name, installed apart, licensed, served, tested by its own tests."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_copy_of_the_template_passes_its_own_tests(tmp_path):
    run(ROOT / "contrib" / "new-plugin.sh", "acme", tmp_path)
    plugin, site = tmp_path / "acme", tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--no-deps", "--no-build-isolation", "--target", site, plugin)
    (plugin / "threatweaver_acme").rename(plugin / "moved_away")  # the installed wheel is what is tested
    said = run(
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests",
        cwd=plugin,
        env={**os.environ, "PYTHONPATH": str(site)},
    )
    assert "2 passed" in said
    assert "template" not in "".join(path.read_text() for path in site.glob("threatweaver_acme/**/*.py"))


def test_a_bad_name_is_refused(tmp_path):
    done = subprocess.run(
        [ROOT / "contrib" / "new-plugin.sh", "Bad-Name", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "lower case" in done.stderr) == (1, True)
