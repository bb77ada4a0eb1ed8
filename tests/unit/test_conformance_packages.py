"""What the conformance suite sees in a plugin's sources and metadata, without importing them."""

from dataclasses import dataclass, field
from email.message import Message

import pytest
from importlib_metadata import EntryPoint

from threatweaver.plugins.manifest import GROUP, Manifest
from threatweaver.testing.conformance import packages

POINT = EntryPoint(name="acme", value="threatweaver_acme.plugin", group=GROUP)
ACME = Manifest(
    name="acme",
    package="threatweaver_acme",
    entry_point=POINT,
    module_id="acme",
    title="Acme",
    prefixes=("/acme",),
    kernel_api=">=1.0,<2",
    requires=("other",),
    version="0.1.0",
)


@pytest.fixture
def faults(tmp_path):
    """A function: what is wrong with the imports of this source."""

    def found(source):
        folder = tmp_path / ACME.package
        (folder / "notes").mkdir(parents=True, exist_ok=True)
        (folder / "notes" / "service.py").write_text(source)
        return packages.import_faults(folder, ACME)

    return found


@pytest.mark.parametrize(
    "source",
    [
        "import threatweaver.sdk",
        "from threatweaver.sdk import Schema",
        "from threatweaver import sdk",
        "from threatweaver.reports import Asset",
        "from threatweaver_acme.notes import models",
        "from . import models\nfrom ..notes.models import Note",
        "from threatweaver_other.public import find",
        "from threatweaver_other.events import Found",
        "import threatweaver_other.events.assets",
        "import json, threatweavers",
        "import importlib\nimportlib.import_module('json')\nimportlib.import_module(name)",
        "'from threatweaver.db import x'  # text",
    ],
)
def test_what_a_plugin_may_import(faults, source):
    assert faults(source) == []


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import threatweaver", "threatweaver"),
        ("import json\nimport threatweaver.db.transaction as t", "threatweaver.db.transaction"),
        ("from threatweaver import db", "threatweaver.db"),
        ("from threatweaver.sdk_like import x", "threatweaver.sdk_like.x"),
        ("from threatweaver.testing import licenses", "threatweaver.testing.licenses"),
        ("from threatweaver_licensing import verify", "threatweaver_licensing.verify"),
        ("from threatweaver_other.assets.models import Asset", "threatweaver_other.assets.models.Asset"),
        ("from threatweaver_stranger.public import f", "threatweaver_stranger.public.f"),
        ("def f():\n    from threatweaver.http import route", "threatweaver.http.route"),
        ("__import__('threatweaver.app')", "threatweaver.app"),
        ("import importlib\nimportlib.import_module('threatweaver.app')", "threatweaver.app"),
        ("if TYPE_CHECKING:\n    from threatweaver.kernel import Kernel", "threatweaver.kernel.Kernel"),
    ],
)  # fmt: skip
def test_what_it_must_not_see_is_named_with_its_line(faults, source, named):
    line = 1 + source.partition(named.split(".")[0])[0].count("\n")
    assert faults(source) == [f"threatweaver_acme/notes/service.py:{line}: {named}"]


def metadata(**changes):
    said = {
        "Requires-Python": ">=3.11",
        "Description": "Notes.",
        "License-File": "LICENSE",
    } | changes
    message = Message()
    for name, text in said.items():
        if text is not None:
            message[name] = text
    return message


@dataclass
class Found:
    """A distribution as importlib.metadata gives it."""

    metadata: Message = field(default_factory=metadata)
    entry_points: tuple = (POINT,)
    version: str = "0.1.0"
    requires: tuple = ("ThreatWeaver.Kernel>=0.1", "lxml; python_version > '3'")


def test_metadata_that_says_everything():
    assert packages.metadata_faults(Found(), ACME) == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(entry_points=()), "one wheel is one plugin"),
        (Found(entry_points=(POINT, POINT)), "one wheel is one plugin"),
        (Found(version="latest"), "is no version"),
        (Found(requires=()), "does not require threatweaver-kernel"),
        (Found(requires=("threatweaver-kernels",)), "does not require threatweaver-kernel"),
        (Found(metadata=metadata(**{"Requires-Python": None})), "which Python"),
        (Found(metadata=metadata(Description=" \n")), "no description"),
        (Found(metadata=metadata(Description=None)), "no description"),
        (Found(metadata=metadata(**{"License-File": None})), "no license text"),
    ],
)
def test_metadata_that_lacks_something(found, said):
    (fault,) = packages.metadata_faults(found, ACME)
    assert said in fault
