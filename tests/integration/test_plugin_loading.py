"""What can be wrong with an installed plugin: it is refused with its reason, and the rest runs."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from threatweaver import app, config
from threatweaver.config import ConfigError
from threatweaver.plugins import manifest

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
    claims: None = None


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function: writes a package with an entry point beside those that are installed."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(name, plugin=PLUGIN, manifest=MANIFEST, *, package=None, target=None, **modules):
        package = package or f"tw_{tmp_path.name.replace('-', '_')}_{name}"
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text('"""A plugin."""\n')
        if plugin is not None:
            (folder / "plugin.py").write_text(plugin)
        for module, text in modules.items():
            (folder / f"{module}.py").write_text(text)
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


def refused(environment=None, **options):
    """(verdict, reason) of alpha; everybody else runs."""
    found = load(environment, **options)
    by_name = {item.manifest.name: item for item in found.decisions}
    assert by_name["exposure"].admitted
    assert any(route.path == "/assets" for route in found.routes)
    assert not any(route.module_id == "alpha" for route in found.routes)
    return by_name["alpha"].verdict.value, by_name["alpha"].reason


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
        "appsec": True,
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
        (MANIFEST + "commands = true", "commands must be a sentence"),
        (MANIFEST + "title = 7", "title must be a text"),
    ],
)
def test_a_manifest_that_is_missing_or_wrong(install, text, message):
    install("alpha", manifest=text)
    verdict, reason = refused()
    assert verdict == "misfit"
    assert re.search(message, reason), reason


def test_a_bad_name(install):
    install("Alpha")
    (decision,) = [item for item in load().decisions if item.manifest.name == "Alpha"]
    assert (decision.admitted, "entry point's name" in decision.reason) == (False, True)


def test_a_package_that_is_not_there(install):
    install("alpha", target="tw_never_there.plugin")
    assert refused() == ("misfit", "package tw_never_there is not there")


def test_a_manifest_is_read_without_importing(install):
    package = install("alpha", "raise SystemExit")
    names = [item.name for item in manifest.installed()]
    assert (names, package in sys.modules) == (["alpha", "appsec", "exposure"], False)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (MANIFEST.replace('"/{name}"', '"/{name}", "/assets"'), "prefix /assets"),
        (MANIFEST.replace('"{name}"', '"vulnerability_dashboard"', 1), "module vulnerability_dashboard"),
    ],
)
def test_of_two_plugins_with_one_claim_neither_runs(install, text, claim):
    install("alpha", manifest=text)
    found = {item.manifest.name: (item.verdict.value, item.reason) for item in load().decisions}
    assert found == {
        "appsec": ("admitted", "licensed"),
        "alpha": ("misfit", f"{claim} is claimed by exposure, too"),
        "exposure": ("misfit", f"{claim} is claimed by alpha, too"),
    }


def test_an_unlicensed_plugin_claims_nothing(install):
    install("alpha", manifest=MANIFEST.replace('"/{name}"', '"/{name}", "/assets", "/auth"'))
    verdict, _ = refused(licensed=lambda module: module != "alpha")
    assert verdict == "unlicensed"


def test_a_prefix_of_the_kernel(install):
    install("alpha", manifest=MANIFEST.replace("/{name}", "/auth"))
    assert refused() == ("misfit", "prefix /auth belongs to the kernel")


@pytest.mark.parametrize(
    "line",
    [
        "from threatweaver.auth import sessions",
        "import threatweaver.db.transaction",
        "    from threatweaver import app",
        "import threatweaver",
    ],
)
def test_a_plugin_that_imports_the_inside_of_the_kernel_is_not_even_imported(install, line):
    package = install("alpha", f"from threatweaver.sdk import hookimpl\ndef late():\n    pass\n{line}\n")
    verdict, reason = refused()
    assert (verdict, "plugin.py imports threatweaver" in reason) == ("misfit", True)
    assert not any(name.startswith(package) for name in sys.modules)


def test_another_kernel_api_and_a_missing_requirement(install):
    install("alpha", manifest=MANIFEST.replace(">=1.0,<2", ">=2"))
    assert refused() == ("misfit", "it needs kernel API >=2; this kernel has 1.0")


def test_a_missing_requirement(install):
    install("alpha", manifest=MANIFEST + 'requires = ["beta"]')
    assert refused() == ("unmet", "it requires beta, which does not run: install and license it")


HOOK = PLUGIN + "@hookimpl\ndef {hook}:\n    {body}\n"


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        ("import no_such_module_at_all", "it does not import: .*no_such_module_at_all"),
        ("1/0", "it does not import: ZeroDivisionError"),
        ("def broken(:", "it does not import: SyntaxError"),
        (None, "it does not import: ModuleNotFoundError"),
        (HOOK.format(hook="route_table()", body="return []"), "route_table"),
        (
            HOOK.format(hook="settings(environment)", body="return []"),
            "it does not register: (?s:.*)environment",
        ),
        (
            HOOK.format(hook="permissions()", body="return 1/0"),
            "its hook permissions failed: ZeroDivision",
        ),
        (HOOK.format(hook="permissions()", body="return 7"), "its hook permissions failed: TypeError"),
        (HOOK.format(hook="permissions()", body="return ['a:b:c']"), "returned 'a:b:c', no Permission"),
        (HOOK.format(hook="route_tables()", body="return [[]]"), r"returned \[\], no RouteTable"),
        (HOOK.format(hook="model_modules()", body="return [1]"), "returned 1, no str"),
    ],
)
def test_a_plugin_that_does_not_load(install, plugin, message):
    install("alpha", plugin)
    verdict, reason = refused()
    assert verdict == "broken"
    assert re.search(message, reason), reason


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
    verdict, reason = refused()
    assert (verdict, message in reason) == ("misfit", True), reason


def test_models_without_migrations(install):
    install("alpha", HOOK.format(hook="model_modules()", body="return ['json']"))
    verdict, reason = refused()
    assert (verdict, "has tables and no" in reason) == ("misfit", True)


EVENTS = """
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class NoteWritten:
    \"\"\"A note was written.\"\"\"

    note: str
"""
PUBLISHER = (
    PLUGIN
    + """
from .events import NoteWritten

@hookimpl
def event_types():
    return [NoteWritten]
"""
)
SUBSCRIBER = (
    PLUGIN
    + """
from datetime import timedelta
from {package}.events import NoteWritten

table = SubscriberTable()

@table.on(NoteWritten, "beta.count_note", timeout=timedelta(minutes=1))
async def count_note(run, event):
    \"\"\"Count it.\"\"\"

@hookimpl
def event_subscribers():
    return [table]
"""
)


def test_an_event_reaches_the_plugins_that_require_its_publisher(install):
    package = install("alpha", PUBLISHER, events=EVENTS)
    install("beta", SUBSCRIBER.format(package=package), MANIFEST + 'requires = ["alpha"]')
    found = load()
    (kind,) = [kind for kind, name in found.event_types.items() if name == "alpha.NoteWritten"]
    assert [item.job.name for item in found.subscribers[kind]] == ["beta.count_note"]
    assert found.job_modules["beta.count_note"] == "beta"
    assert found.jobs["beta.count_note"].summary == "Count it."


def test_an_event_of_a_plugin_that_is_not_required(install):
    package = install("alpha", PUBLISHER, events=EVENTS)
    install("beta", SUBSCRIBER.format(package=package))
    found = {item.manifest.name: item for item in load().decisions}
    assert (found["alpha"].admitted, found["beta"].verdict.value) == (True, "misfit")
    assert "beta.count_note takes alpha.NoteWritten: its manifest" in found["beta"].reason


def test_an_event_that_is_not_in_the_module_events(install):
    install("alpha", PUBLISHER.replace(".events", ".facts"), facts=EVENTS)
    verdict, reason = refused()
    assert (verdict, "the event NoteWritten is not of" in reason) == ("misfit", True)


def test_a_subscriber_outlives_a_stranger_that_does_not_fit(install):
    """Those that fit are found one after the other: what somebody requires must come before them."""
    package = install("zeta", PUBLISHER, events=EVENTS)
    install("beta", SUBSCRIBER.format(package=package), MANIFEST + 'requires = ["zeta"]')
    install("alpha", PUBLISHER.replace(".events", ".facts"), facts=EVENTS)
    found = load()
    assert {item.manifest.name: item.admitted for item in found.decisions} == {
        "alpha": False,
        "appsec": True,
        "beta": True,
        "exposure": True,
        "zeta": True,
    }


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
