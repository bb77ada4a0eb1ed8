"""Calls of these routes that succeed, for the contract tests."""

from threatweaver.http.example import Caller, Example
from threatweaver.tenancy import examples as tenants


async def some_module(caller: Caller) -> Example:
    """Name an installed module."""
    return Example(params={"moduleId": await caller.some("/modules")})


async def left_on(caller: Caller) -> Example:
    """Leave a module switched on."""
    return Example(params={"moduleId": await caller.some("/modules")}, body={"enabled": True})


async def allowed(caller: Caller) -> Example:
    """Allow a module to some tenant."""
    tenant = await tenants.some_tenant(caller)
    params = {"moduleId": await caller.some("/modules"), "tenantId": tenant.params["id"]}
    return Example(params=params, body={"allowed": True})
