"""The tables of every plugin: its own names, made by its migrations, which can come late and run again."""

from collections.abc import Sequence

import pytest
import pytest_asyncio
from tortoise import Tortoise

from threatweaver.db import migrate
from threatweaver.db.orm import KERNEL_APPS, ModelApp
from threatweaver.ids import uuid7
from threatweaver.kernel import Kernel
from threatweaver.plugins.manifest import Manifest
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.conformance import tables
from threatweaver.testing.conformance.fixtures import Plugins

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def bare(kernel: Kernel) -> Tenant:
    """A tenant from the time before any plugin."""
    slug = f"bare-{uuid7().hex[-12:]}"
    return await provision.create(kernel.database, slug=slug, name=slug, apps=KERNEL_APPS)


@pytest.fixture
def storing(kernel: Kernel, plugins: Plugins) -> list[Manifest]:
    """The plugins that have tables."""
    labels = {app.label for app in kernel.registry.apps}
    return [plugin for plugin in plugins if plugin.name in labels]


def required_by(plugin: Manifest, kernel: Kernel) -> list[ModelApp]:
    """Return the kernel's tables, and those of what the plugin requires."""
    manifests = {item.manifest.name: item.manifest for item in kernel.registry.decisions}
    wanted: set[str] = set()
    asked = list(plugin.requires)
    while asked:
        name = asked.pop()
        if name not in wanted:
            wanted.add(name)
            asked += manifests[name].requires
    return [*KERNEL_APPS, *(app for app in kernel.registry.apps if app.label in wanted)]


async def test_what_a_plugin_stores_is_named_after_it(
    kernel: Kernel, bare: Tenant, storing: Sequence[Manifest]
) -> None:
    wrong = {}
    for plugin in storing:
        before = await _migrated(kernel, bare, required_by(plugin, kernel))
        own = [app for app in kernel.registry.apps if app.label == plugin.name]
        after = await _migrated(kernel, bare, [*required_by(plugin, kernel), *own])
        wrong[plugin.name] = [item for item in after - before if not item.startswith(f"{plugin.name}_")]
    assert {name: found for name, found in wrong.items() if found} == {}


async def _migrated(kernel: Kernel, tenant: Tenant, apps: Sequence[ModelApp]) -> set[str]:
    """Bring a tenant to these apps; return the names of its tables."""
    await migrate.migrate_tenant(kernel.database, tenant.schema, apps)
    async with kernel.database.owner(tenant.schema):
        return await tables.names(tenant.schema)


async def test_the_tables_are_what_the_models_say(
    kernel: Kernel, tenant: Tenant, storing: Sequence[Manifest]
) -> None:
    models = [model for plugin in storing for model in (Tortoise.apps or {})[plugin.name].values()]
    async with kernel.database.owner(tenant.schema):
        assert await tables.differences(tenant.schema, models) == []


async def test_migrating_again_does_nothing(kernel: Kernel, tenant: Tenant) -> None:
    apps = kernel.registry.apps
    async with kernel.database.owner(tenant.schema):
        before = await tables.fingerprint(tenant.schema)
    assert await migrate.plan(kernel.database, tenant.schema, apps) == []
    await migrate.migrate_tenant(kernel.database, tenant.schema, apps)
    async with kernel.database.owner(tenant.schema):
        assert await tables.fingerprint(tenant.schema) == before
