"""Kernel alone, with a plugin, everything, and with somebody else's plugin: each from wheels alone.

The place is a virtual environment that sees what its wheels declare and nothing else of this checkout. It
boots, serves its document, and passes what of the conformance suite that it brought along can depend on which
wheels there are; all of it passes in the checkout.
"""

import json
import sys
import urllib.request

import e2e_product as products
import pytest
from places import ROOT, make, ours, outside, required

SUBSETS = {
    "kernel": (["threatweaver-kernel[testing]"], "test_every_call or test_package"),
    "exposure": (
        ["threatweaver-kernel[testing]", "threatweaver-exposure"],
        "test_package or test_tables or test_declarations or test_every_permission_but_the_right_one",
    ),
    "all": (["threatweaver", "threatweaver-kernel[testing]"], "test_package"),
}


@pytest.fixture(scope="module")
def place(shared_folder):
    """An environment for one subset after the other: what an earlier one compiled is not compiled again."""
    return make(shared_folder / "venv")


@pytest.fixture
def installed(place, wheels):
    """A function: the place with these of our wheels, and what they declare, and nothing else."""

    def hold(wanted):
        names = [text.partition("[")[0] for text in wanted]
        place.see(required(outside(wheels, names)))
        place.uninstall(place.ours() - ours(wheels, names))
        place.install(*wanted, wheels=wheels)
        assert place.ours() == ours(wheels, names)
        return place

    return hold


def imported_from(place, module):
    return place.run(place.python, "-c", f"import {module}; print({module}.__file__)").stdout.strip()


def paths_of(product):
    with urllib.request.urlopen(f"{product.url}/api-docs/swagger.json", timeout=20) as answer:
        return set(json.load(answer)["paths"])


def booted(place, folder):
    """Start the product of a place, read the paths of its document, and stop it; nothing may be left."""
    home = folder / "home"
    product = products.start(home, program=str(place.path / "bin" / "threatweaver"), TW_PROCESSES="1")
    try:
        found = paths_of(product)
    finally:
        assert product.stop() == 0, product.log[-3000:]
    product.assert_nothing_left()
    return found


def conforms(place, folder, *options):
    """Run the conformance suite that is installed in a place; return what it said.

    Its assertions are those of Python: pytest would rewrite every module of a wheel that has a plugin for it.
    """
    empty = folder / "empty"
    empty.mkdir()
    pytest_ = [place.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "filterwarnings=error"]
    pytest_ += ["--assert=plain"]
    pytest_ += ["-o", "asyncio_default_fixture_loop_scope=session", "--threatweaver-conformance"]
    return place.run(*pytest_, *options, cwd=empty, timeout=300).stdout


@pytest.mark.parametrize("subset", SUBSETS)
def test_a_subset_installs_boots_and_conforms(installed, folder, subset):
    wanted, chosen = SUBSETS[subset]
    place = installed(wanted)
    assert str(ROOT) not in place.run(place.python, "-c", "import sys; print(sys.path)").stdout
    assert imported_from(place, "threatweaver").startswith(str(place.site))
    paths = booted(place, folder)
    assert {"/api/auth/login", "/api/license/status"} <= paths
    assert ("/api/vulnerabilities" in paths) == (subset != "kernel")
    options = ["--threatweaver-plugin", "exposure"] if subset == "exposure" else []
    said = conforms(place, folder, *options, "-k", chosen)
    assert " passed" in said
    assert " skipped" not in said


def test_a_plugin_from_the_template_installs_boots_and_conforms_wholly(installed, folder, wheels):
    """Started, built and tested with what a third party has: the kernel's wheel."""
    place = installed(["threatweaver-kernel[testing]"])
    threatweaver = place.path / "bin" / "threatweaver"
    place.run(threatweaver, "plugins", "new", "threat_intel", "--into", folder)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
    plugin, built = folder / "threat_intel", folder / "built"
    place.run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", built, plugin)
    place.install(*built.glob("*.whl"), wheels=wheels)
    assert imported_from(place, "threatweaver_threat_intel").startswith(str(place.site))
    assert "/api/threat-intel/notes/{id}/finish" in booted(place, folder)
    (plugin / "threatweaver_threat_intel").rename(plugin / "moved_away")  # the wheel is what is tested
    said = conforms(place, folder, "--threatweaver-plugin", "threat_intel", plugin / "tests")
    assert " passed" in said
    assert " skipped" not in said
