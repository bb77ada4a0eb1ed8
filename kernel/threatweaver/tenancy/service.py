"""Operating tenants: create, change, suspend, resume, drop. No request, no schema, no status code."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from threatweaver.auth import passwords
from threatweaver.auth import service as auth
from threatweaver.auth.account import invitations
from threatweaver.auth.models import User
from threatweaver.auth.roles import Role
from threatweaver.events.kernel import TenantResumed
from threatweaver.events.service import publish_in
from threatweaver.http.errors import Conflict, NotFound
from threatweaver.jobs import store as jobs
from threatweaver.jobs.lanes import Lane
from threatweaver.tenancy import drop as dropping
from threatweaver.tenancy import export, provision
from threatweaver.tenancy.errors import (
    NotConfirmed,
    NotSuspended,
    OperatorsTenant,
    TenantBusy,
    TenantLimit,
)
from threatweaver.tenancy.models import PlatformOperator, Tenant

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def create(
    kernel: "Kernel", *, slug: str, name: str, plan: str, admin: Mapping[str, str] | None
) -> tuple[Tenant, str | None]:
    """Create a tenant and its first administrator; return it, and the password of a new account.

    Who has an account already is invited.

    Outside of any scope. Raises Conflict, TenantLimit.
    """
    claims = kernel.license.claims
    try:
        tenant = await provision.create(
            kernel.database,
            slug=slug,
            name=name,
            plan=plan,
            apps=kernel.registry.apps,
            most=claims.tenants_max if claims else None,
        )
    except provision.TooManyTenants as error:
        raise TenantLimit(str(error)) from None
    except provision.TenantError as error:
        raise Conflict(str(error)) from None
    return tenant, await _first_admin(kernel, tenant, admin) if admin else None


async def _first_admin(kernel: "Kernel", tenant: Tenant, admin: Mapping[str, str]) -> str | None:
    """Make the first administrator and return their password; somebody who has an account is invited.

    Another tenant may have made that account for an address that is not theirs, and know its password.
    """
    async with kernel.database.control():
        if await User.exists(email=admin["email"].strip().lower()):
            await invitations.create(
                kernel,
                tenant_id=tenant.id,
                email=admin["email"],
                name=admin["name"],
                role=Role.ADMIN.value,
                invited_by=None,
            )
            return None
    password = passwords.generate()
    user = await auth.create_user(
        kernel.database,
        email=admin["email"],
        name=admin["name"],
        password=password,
        role=Role.ADMIN,
        tenant_id=tenant.id,
    )
    async with kernel.database.control():
        await User.filter(id=user.id).update(must_change_password=True)
    return password


async def find(tenant_id: UUID) -> Tenant:
    """Return a tenant, locked until the end of the transaction. Raises NotFound."""
    tenant = await Tenant.filter(id=tenant_id).select_for_update().first()
    if tenant is None:
        raise NotFound
    return tenant


async def update(tenant_id: UUID, members: Mapping[str, Any]) -> Tenant:
    """Change a tenant's name or plan; return it as it was. Raises NotFound."""
    before = await find(tenant_id)
    if members:
        await Tenant.filter(id=tenant_id).update(**members)
    return before


async def suspend(tenant_id: UUID, reason: str) -> Tenant:
    """Let nobody in and run no job, everywhere within five seconds. Raises NotFound, OperatorsTenant.

    A job that is running comes to its end.
    """
    tenant = await find(tenant_id)
    await refuse_own(tenant)
    tenant.suspended_at = tenant.suspended_at or datetime.now(UTC)
    tenant.suspended_reason = reason
    await tenant.save(update_fields=["suspended_at", "suspended_reason"])
    return tenant


async def resume(tenant_id: UUID, lanes: Mapping[str, Lane]) -> Tenant:
    """Let people in again and run the jobs that waited, each in its kind's lane. Raises NotFound."""
    tenant = await find(tenant_id)
    await Tenant.filter(id=tenant_id).update(suspended_at=None, suspended_reason="")
    await jobs.release_parked(tenant_id, lanes)
    if tenant.suspended_at is not None:
        await publish_in(tenant_id, TenantResumed(tenant_id))
    return tenant


async def refuse_own(tenant: Tenant) -> None:
    """Raise OperatorsTenant for a tenant that operators of the platform sign in to."""
    if await PlatformOperator.exists(tenant_id=tenant.id):
        raise OperatorsTenant


async def drop(kernel: "Kernel", tenant_id: UUID, *, confirm: str) -> None:
    """Remove a suspended tenant with everything about it, files included.

    Outside of any scope. Raises NotFound, NotConfirmed, NotSuspended, OperatorsTenant, TenantBusy.
    """
    async with kernel.database.control():
        tenant = await find(tenant_id)
        await refuse_own(tenant)
        if confirm != tenant.slug:
            raise NotConfirmed
        if tenant.suspended_at is None:
            raise NotSuspended
        if await jobs.running(tenant_id):
            raise TenantBusy
        waiting = await jobs.waiting(tenant_id)
    await dropping.drop(kernel.database, tenant)
    for row in waiting:  # jobs that will never run leave their uploads behind
        job = kernel.registry.jobs.get(row["kind"])
        if job is not None and job.cleanup is not None:
            await job.cleanup(**orjson.loads(row["payload"]))
    await export.forget(kernel.settings, tenant_id)
    kernel.standings.forget(tenant_id)
