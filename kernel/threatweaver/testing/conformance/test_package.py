"""The wheel of every plugin: manifest, metadata, types, and what its sources import."""

import pytest

from threatweaver.kernel import Kernel
from threatweaver.testing.conformance import packages
from threatweaver.testing.conformance.fixtures import Plugins


@pytest.mark.asyncio(loop_scope="session")
async def test_every_plugin_is_admitted(kernel: Kernel, plugins: Plugins) -> None:
    """The reason of a refusal is what is wrong: manifest, kernel API, claims, what it requires or imports."""
    judged = {item.name for item in plugins}
    refused = [item for item in kernel.registry.decisions if not item.admitted]
    assert {item.manifest.name: item.reason for item in refused if item.manifest.name in judged} == {}


def test_the_metadata_says_what_an_installation_needs_to_know(plugins: Plugins) -> None:
    faults = {item.name: packages.metadata_faults(packages.distribution_of(item), item) for item in plugins}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize("file", ["__init__.py", "manifest.toml", "plugin.py", "py.typed"])
def test_the_package_holds(plugins: Plugins, file: str) -> None:
    assert [item.name for item in plugins if not (packages.folder_of(item) / file).is_file()] == []


def test_nothing_but_the_sdk_is_imported_of_the_kernel(plugins: Plugins) -> None:
    faults = {item.name: packages.import_faults(packages.folder_of(item), item) for item in plugins}
    assert {name: found for name, found in faults.items() if found} == {}
