import pytest

from threatweaver.admin.network import service as network
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.tenancy import commands
from threatweaver.tenancy.models import NetworkRule
from threatweaver.tenancy.operators import OperatorError


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
