"""Which role a person's groups give: the first rule that fires, else the default, else none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from threatweaver.access.rights import refuse_beyond
from threatweaver.access.roles import service as roles
from threatweaver.audit import service as audit
from threatweaver.auth.models import Membership
from threatweaver.auth.principal import Principal
from threatweaver.auth.roles import Role
from threatweaver.db.transaction import connection
from threatweaver.http.errors import NotFound, Unprocessable
from threatweaver.kernel import Kernel
from threatweaver.sso.models import SsoProvider, SsoTenant
from threatweaver.sso.saml import party


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The role, None to refuse; and the rule that gave it, None when it was the default.

    `kept`: the rules give the tenant's last administrator this role instead, and it was not taken up.
    """

    role: str | None
    rule: Mapping[str, Any] | None
    kept: bool = False


def decide(row: SsoTenant, groups: Iterable[str], provider_id: UUID | None) -> Decision:
    """Apply the tenant's rules in their order; the name of a group is compared exactly."""
    held = set(groups)
    for rule in row.rules:
        if rule["group"] in held and rule["providerId"] in (None, str(provider_id)):
            return Decision(role=rule["role"], rule=rule)
    return Decision(role=row.default_role, rule=None)


def described(row: SsoTenant) -> dict[str, Any]:
    """Return the wire form of a tenant's mapping."""
    return {"rules": row.rules, "defaultRole": row.default_role}


async def replace(
    kernel: Kernel, caller: Principal, *, rules: Sequence[Mapping[str, Any]], default_role: str | None
) -> SsoTenant:
    """Replace the mapping as a whole.

    Raises NoSuchRole, NotFound for a provider, BeyondYourRights for a role that may more than the caller.
    """
    tenant_id = caller.tenant_id
    await party.settings_of(kernel, tenant_id)
    named = {rule["role"] for rule in rules} | ({default_role} if default_role else set())
    providers = {rule["provider_id"] for rule in rules} - {None}
    async with kernel.database.control():
        await _check_roles(kernel, caller, named)
        if await SsoProvider.filter(tenant_id=tenant_id, id__in=list(providers)).count() != len(providers):
            raise NotFound
        kept = [
            {
                "group": rule["group"],
                "role": rule["role"],
                "providerId": str(rule["provider_id"]) if rule["provider_id"] else None,
            }
            for rule in rules
        ]
        before = await SsoTenant.get(tenant_id=tenant_id)
        await SsoTenant.filter(tenant_id=tenant_id).update(rules=kept, default_role=default_role)
        after = await SsoTenant.get(tenant_id=tenant_id)
        await audit.record("sso:role-mapping", before=described(before), after=described(after))
    return after


async def _check_roles(kernel: Kernel, caller: Principal, names: Iterable[str]) -> None:
    """Whoever decides what a group gives holds all of it."""
    for name in sorted(names):
        refuse_beyond(
            caller, await roles.permissions_of(kernel.registry.grants, schema=caller.schema, name=name)
        )


async def break_glass(tenant_id: UUID) -> list[dict[str, Any]]:
    """Return who keeps their password where single sign-on is required, in a control scope."""
    rows = await connection().fetch(
        """SELECT u.id, u.email, m.role FROM membership m JOIN user_account u ON u.id = m.user_id
           WHERE m.tenant_id = $1 AND m.break_glass AND m.deactivated_at IS NULL ORDER BY u.email""",
        tenant_id,
    )
    return [dict(row) for row in rows]


async def set_break_glass(tenant_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Let these members, and no others, be break-glass accounts. Raises NotFound, Unprocessable."""
    chosen = set(user_ids)
    members = await Membership.filter(tenant_id=tenant_id, user_id__in=list(chosen))
    if len(members) != len(chosen):
        raise NotFound
    if any(member.role != Role.ADMIN.value for member in members):
        raise Unprocessable("A break-glass account is an administrator's.")
    await Membership.filter(tenant_id=tenant_id, break_glass=True).update(break_glass=False)
    await Membership.filter(tenant_id=tenant_id, user_id__in=list(chosen)).update(break_glass=True)
