"""The command line, called in this process."""

import sys
from pathlib import Path

import pytest

from threatweaver_licensing.cli import main

sys.path.insert(0, str(Path(__file__).parent))  # for rsa_of_tests.py


@pytest.fixture
def run(capsys):
    """Run a command in this process: exit code, standard output, standard error."""

    def call(*argv):
        try:
            code = main([str(part) for part in argv])
        except SystemExit as left:  # argparse leaves so
            code = left.code
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def keys(run, tmp_path):
    """A key pair in files: the private one, the public one, and their id."""
    code, out, err = run("keygen", "--out", tmp_path, "--name", "vendor")
    assert (code, err) == (0, "")
    return tmp_path / "vendor.key", tmp_path / "vendor.pub", out.strip()
