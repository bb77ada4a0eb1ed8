import json

import pytest

from threatweaver import bootstrap
from threatweaver.admin.network import service as network
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.tenancy import commands
from threatweaver.tenancy.models import NetworkRule, Tenant
from threatweaver.tenancy.operators import OperatorError


async def lines_of(database, schema, target):
    """Action and `after` of the log's lines about this target."""
    async with database.control(read_only=True) as unit:
        rows = await unit.connection.fetch(
            f"SELECT action, via, after::text FROM {schema}.audit_line WHERE target = $1 ORDER BY id", target
        )
    assert {row["via"] for row in rows} <= {"cli"}
    return [(row["action"], json.loads(row["after"] or "null")) for row in rows]


async def test_the_commands_name_operators_and_nobody_else(kernel, tenant, capsys):
    email = f"{uuid7().hex}@example.com"
    async with kernel.database.control():
        user = await User.create(email=email, password_hash="-")
        await Membership.create(user_id=user.id, tenant_id=tenant.id, role="viewer")
    await commands.grant(kernel, email.upper(), tenant.slug)
    await commands.list_(kernel)
    assert f"{email}  {tenant.slug}\n" in capsys.readouterr().out
    await commands.revoke(kernel, email)
    await commands.list_(kernel)
    assert f"{email}  {tenant.slug}" not in capsys.readouterr().out.split("\n", 1)[1]
    assert await lines_of(kernel.database, "control", f"user:{user.id}") == [
        ("cli:operator-grant", {"tenant": tenant.slug}),
        ("cli:operator-revoke", None),
    ]
    for act in (
        lambda: commands.revoke(kernel, email),
        lambda: commands.grant(kernel, "nobody@example.com", tenant.slug),
        lambda: commands.grant(kernel, email, "no-such-tenant"),
    ):
        with pytest.raises(OperatorError):
            await act()


async def test_a_locked_out_tenant_is_opened_from_the_host(kernel, tenant, capsys):
    async with kernel.database.control():
        for kind in ("allow", "block"):
            await NetworkRule.create(
                tenant_id=tenant.id, kind=kind, range="203.0.113.0/24", created_by=uuid7()
            )
    await commands.open_network(kernel, tenant.slug)
    assert capsys.readouterr().out.startswith("2 lines removed")
    async with kernel.database.control(read_only=True):
        assert (await network.check(tenant.id, "192.0.2.1")).allowed
    assert await lines_of(kernel.database, tenant.schema, f"tenant:{tenant.id}") == [
        ("cli:tenant-open-network", {"removed": 2})
    ]


async def test_the_first_start_leaves_the_lines_that_commands_would(separate, settings):
    async with separate() as fresh:
        database = fresh.database
        await bootstrap.prepare(database, settings)
        await bootstrap.prepare(database, settings)
        async with database.control(read_only=True):
            tenant = await Tenant.get(slug=settings.tenant)
            user = await User.get(email=settings.admin_email)
        assert await lines_of(database, "control", f"tenant:{tenant.id}") == [
            ("cli:tenant-create", {"slug": tenant.slug})
        ]
        who = f"user:{user.id}"
        assert await lines_of(database, tenant.schema, who) == [("cli:user-create", {"role": "admin"})]
        assert await lines_of(database, "control", who) == [("cli:operator-grant", {"tenant": tenant.slug})]
