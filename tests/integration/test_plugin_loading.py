"""What can be wrong with an installed plugin: start-up stops, and the message names it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from threatweaver import app, config
from threatweaver.config import ConfigError
from threatweaver.plugins import manifest
from threatweaver.plugins.admission import AdmissionError
from threatweaver.plugins.loader import PluginLoadError
from threatweaver.plugins.manifest import ManifestError
from threatweaver.plugins.registry import RegistryError

MANIFEST = 'module_id = "{name}"\nprefixes = ["/{name}"]\nkernel_api = ">=1.0,<2"\n'
PLUGIN = "from threatweaver.sdk import *\nfrom threatweaver.sdk import hookimpl\n"
ROUTE = """
table = RouteTable(path="{path}", tag="T")

@table.route("GET", "{tail}", permission={permission}, returns=EMPTY)
async def {word}(ctx):
    \"\"\"Do it.\"\"\"

@hookimpl
def route_tables():
    return [table]
"""
SIGNED_IN = "__import__('threatweaver.http.route').http.route.SIGNED_IN"


@dataclass(frozen=True)
class Licensed:
    """A license for what a function says."""

    grants: Callable[[str], bool]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function: writes a package with an entry point beside those that are installed."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(name, plugin=PLUGIN, manifest=MANIFEST, *, package=None, target=None):
        package = package or f"tw_{tmp_path.name.replace('-', '_')}_{name}"
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text('"""A plugin."""\n')
        if plugin is not None:
            (folder / "plugin.py").write_text(plugin)
        if manifest is not None:
            (folder / "manifest.toml").write_text(manifest.replace("{name}", name))
        info = tmp_path / f"{package}_{name}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}-{name}\nVersion: 1.2.3\n")
        entry = f"[threatweaver.plugins]\n{name} = {target or package + '.plugin'}\n"
        (info / "entry_points.txt").write_text(entry)
        return package

    yield installed
    for module in [m for m in sys.modules if m.startswith("tw_")]:
        del sys.modules[module]


def load(environment=None, *, licensed=lambda _: True):
    settings = config.load(environment or {}, home=Path("/nowhere"))
    return app.load_registry(settings, Licensed(licensed))


def test_a_plugin_that_is_fine(install):
    install("alpha", PLUGIN + ROUTE.format(path="/alpha", tail="", permission=SIGNED_IN, word="list_alphas"))
    found = load()
    (decision,) = [item for item in found.decisions if item.manifest.name == "alpha"]
    assert (decision.admitted, decision.manifest.version) == (True, "1.2.3")
    assert [route.module_id for route in found.routes if route.path == "/alpha"] == ["alpha"]


def test_an_unlicensed_one_may_be_broken_for_it_is_not_imported(install):
    package = install("alpha", "raise SystemExit('imported')", MANIFEST.replace("<2", "<2,>9"))
    found = load(licensed=lambda module: module != "alpha")
    assert not any(name.startswith(package) for name in sys.modules)
    assert {item.manifest.name: item.admitted for item in found.decisions} == {
        "alpha": False,
        "exposure": True,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r".*No such file"),
        ("module_id = ", r"manifest\.toml: "),
        ('prefixes = []\nkernel_api = ">=1"', "module_id is missing or malformed"),
        (MANIFEST.replace('"{name}"', '"No-Id"', 1), "module_id is missing or malformed"),
        (MANIFEST.replace('">=1.0,<2"', "1"), "kernel_api is missing"),
        (MANIFEST + 'colour = "red"', "unknown key colour"),
        (MANIFEST.replace('["/{name}"]', '"/x"'), "prefixes must be a list"),
        (MANIFEST.replace("/{name}", "x"), "prefixes must be a list"),
        (MANIFEST.replace("/{name}", "/a/b"), "prefixes must be a list"),
        (MANIFEST.replace("/{name}", "/{id}"), "prefixes must be a list"),
        (MANIFEST + 'requires = "assets"', "requires must be a list"),
    ],
)
def test_a_manifest_that_is_missing_or_wrong(install, text, message):
    install("alpha", manifest=text)
    with pytest.raises(ManifestError, match=f"plugin alpha: .*{message}"):
        load()


def test_a_bad_name(install):
    install("Alpha")
    with pytest.raises(ManifestError, match=r"plugin Alpha: .*entry point's name"):
        load()


def test_a_package_that_is_not_there(install):
    install("alpha", target="tw_never_there.plugin")
    with pytest.raises(ManifestError, match="plugin alpha: package tw_never_there is not there"):
        load()


def test_a_manifest_is_read_without_importing(install):
    package = install("alpha", "raise SystemExit")
    names = [item.name for item in manifest.installed()]
    assert (names, package in sys.modules) == (["alpha", "exposure"], False)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (MANIFEST.replace('"/{name}"', '"/{name}", "/assets"'), "prefix /assets"),
        (MANIFEST.replace('"{name}"', '"vulnerability_dashboard"', 1), "module vulnerability_dashboard"),
    ],
)
def test_two_plugins_with_one_claim(install, text, claim):
    install("alpha", manifest=text)
    with pytest.raises(ManifestError, match=f"plugins alpha and exposure both claim {claim}"):
        load(licensed=lambda _: False)


def test_two_plugins_with_one_name(install):
    install("exposure")
    with pytest.raises(ManifestError, match="plugins exposure and exposure both claim name exposure"):
        load()


def test_a_prefix_of_the_kernel(install):
    install("alpha", manifest=MANIFEST.replace("/{name}", "/auth"))
    with pytest.raises(RegistryError, match="plugin alpha claims /auth"):
        load(licensed=lambda module: module != "alpha")


def test_another_kernel_api_and_a_missing_requirement(install):
    install("alpha", manifest=MANIFEST.replace(">=1.0,<2", ">=2"))
    with pytest.raises(AdmissionError, match="plugin alpha needs kernel API >=2"):
        load()


def test_a_missing_requirement(install):
    install("alpha", manifest=MANIFEST + 'requires = ["beta"]')
    with pytest.raises(AdmissionError, match="plugin alpha requires beta"):
        load()


HOOK = PLUGIN + "@hookimpl\ndef {hook}:\n    {body}\n"


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        ("import no_such_module_at_all", "alpha does not import: .*no_such_module_at_all"),
        ("1/0", "alpha does not import: ZeroDivisionError"),
        ("def broken(:", "alpha does not import: SyntaxError"),
        (None, "alpha does not import: ModuleNotFoundError"),
        (HOOK.format(hook="route_table()", body="return []"), "route_table"),
        (
            HOOK.format(hook="settings(environment)", body="return []"),
            "alpha does not register: (?s:.*)environment",
        ),
        (
            HOOK.format(hook="permissions()", body="return 1/0"),
            "alpha: hook permissions failed: ZeroDivision",
        ),
        (HOOK.format(hook="permissions()", body="return 7"), "alpha: hook permissions failed: TypeError"),
        (HOOK.format(hook="permissions()", body="return ['a:b:c']"), "returned 'a:b:c', no Permission"),
        (HOOK.format(hook="route_tables()", body="return [[]]"), r"returned \[\], no RouteTable"),
        (HOOK.format(hook="model_modules()", body="return [1]"), "returned 1, no str"),
    ],
)
def test_a_plugin_that_does_not_load(install, plugin, message):
    install("alpha", plugin)
    with pytest.raises(PluginLoadError, match=message):
        load()


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ({"path": "/beta"}, "plugin alpha: /beta is outside"),
        ({"path": "/assets"}, "plugin alpha: /assets is outside"),
        ({"permission": "'alpha:thing:read'"}, "GET /alpha asks for undeclared alpha:thing:read"),
    ],
)
def test_routes_out_of_bounds(install, route, message):
    parts = {"path": "/alpha", "tail": "", "permission": SIGNED_IN, "word": "list_alphas"} | route
    install("alpha", PLUGIN + ROUTE.format(**parts))
    with pytest.raises(RegistryError, match=message):
        load()


def test_models_without_migrations(install):
    install("alpha", HOOK.format(hook="model_modules()", body="return ['json']"))
    with pytest.raises(RegistryError, match="plugin alpha has tables and no"):
        load()


def test_settings_of_plugins_reach_them_and_are_checked(install):
    declared = "return [Setting(name='size', default=5, minimum=2, title='Size')]"
    install("alpha", HOOK.format(hook="settings()", body=declared))
    assert load({"TW_ALPHA_SIZE": "7"}).settings["alpha"] == {"size": 7}
    for environment, message in (
        ({"TW_ALPHA_SIZE": "1"}, "TW_ALPHA_SIZE must be a whole number of at least 2"),
        ({"TW_ALPHA_SICE": "3"}, "unknown setting TW_ALPHA_SICE; alpha has TW_ALPHA_SIZE"),
        ({"TW_BETA_SIZE": "3"}, "unknown setting TW_BETA_SIZE"),
    ):
        with pytest.raises(ConfigError, match=message):
            load(environment)
