"""What is installed and what became of it; switching modules off and on. No request, no status code."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver.auth.principal import Principal
from threatweaver.db.transaction import connection
from threatweaver.http.errors import NotFound
from threatweaver.license.store import CHANNEL
from threatweaver.modules import queries
from threatweaver.modules.models import ModuleSwitch, TenantModule
from threatweaver.plugins.admission import Decision
from threatweaver.tenancy import operators
from threatweaver.tenancy.models import Tenant

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def described(kernel: "Kernel", principal: Principal) -> list[dict[str, Any]]:
    """Return every installed module with what became of it and what it contributes, in a control scope.

    How far the tenants are with its tables is for operators alone.
    """
    whole = await operators.acts(kernel, principal)
    progress = await queries.progress(kernel.registry.versions) if whole else {}
    denied = await queries.denied(principal.tenant_id)
    health = await _health(kernel)
    return [_told(kernel, item, progress, denied, health) for item in kernel.registry.decisions]


async def one(kernel: "Kernel", principal: Principal, module_id: str) -> dict[str, Any]:
    """Return one installed module, in a control scope. Raises NotFound."""
    found = next((item for item in await described(kernel, principal) if item["id"] == module_id), None)
    if found is None:
        raise NotFound
    return found


async def failures(kernel: "Kernel", module_id: str) -> list[Mapping[str, Any]]:
    """Return the tenants in which a module's tables could not be brought up, in a control scope."""
    decision = find(kernel, module_id)
    version = kernel.registry.versions.get(decision.manifest.name)
    return await queries.failures(decision.manifest.name, version) if version else []


def find(kernel: "Kernel", module_id: str) -> Decision:
    """Return what became of an installed module. Raises NotFound."""
    for item in kernel.registry.decisions:
        if item.manifest.module_id == module_id:
            return item
    raise NotFound


async def switch(kernel: "Kernel", module_id: str, *, enabled: bool, reason: str, by: UUID | None) -> bool:
    """Switch a module on or off for the installation, in a control scope; return how it was before.

    Every process rebuilds its application within a second. Raises NotFound.
    """
    find(kernel, module_id)
    was_off = await ModuleSwitch.filter(module_id=module_id).delete()
    if not enabled:
        await ModuleSwitch.create(module_id=module_id, reason=reason, disabled_by=by)
    await connection().execute("SELECT pg_notify($1, $2)", CHANNEL, f"module {module_id}")
    return not was_off


async def allow(kernel: "Kernel", module_id: str, tenant_id: UUID, *, allowed: bool, by: UUID | None) -> bool:
    """Say whether a tenant may use a module, in a control scope; return whether it might before.

    Raises NotFound.
    """
    find(kernel, module_id)
    if not await Tenant.exists(id=tenant_id):
        raise NotFound
    was_denied = await TenantModule.filter(tenant_id=tenant_id, module_id=module_id).delete()
    if not allowed:
        await TenantModule.create(tenant_id=tenant_id, module_id=module_id, denied_by=by)
    return not was_denied


def _told(
    kernel: "Kernel",
    decision: Decision,
    progress: Mapping[str, Mapping[str, int]],
    denied: set[str],
    health: Mapping[str, str],
) -> dict[str, Any]:
    manifest, registry = decision.manifest, kernel.registry
    module_id = manifest.module_id
    jobs = sorted(name for name, owner in registry.job_modules.items() if owner == module_id)
    return {
        "id": module_id,
        "plugin": manifest.name,
        "title": manifest.title,
        "version": manifest.version,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "allowed": decision.admitted and module_id not in denied,
        "prefixes": manifest.prefixes,
        "requires": manifest.requires,
        "kernelApi": manifest.kernel_api,
        "routes": sum(route.module_id == module_id for route in registry.routes),
        "jobs": jobs,
        "tables": registry.tables.get(manifest.name, ()),
        "flags": sorted(name for name in registry.flags if name.split(".")[0] == manifest.name),
        "health": {name: said for name, said in health.items() if name.split(".")[0] == manifest.name},
        "tenants": progress.get(manifest.name),
    }


async def _health(kernel: "Kernel") -> dict[str, str]:
    checks = kernel.registry.health_checks
    said = await asyncio.gather(*(item.state() for item in checks))
    return {item.name: state for item, state in zip(checks, said, strict=True)}
