"""Users: made in a tenant."""

from threatweaver.admin.settings import queries as settings_queries
from threatweaver.admin.settings import values
from threatweaver.audit import service as audit
from threatweaver.auth import passwords, service
from threatweaver.auth.models import Membership, User
from threatweaver.auth.password import policy
from threatweaver.auth.password.errors import PasswordRefused
from threatweaver.auth.roles import Role
from threatweaver.commands.opening import CommandError, bring_up, opened, say, tenant_of
from threatweaver.config import Settings
from threatweaver.db.transaction import Database


async def user_create(settings: Settings, email: str, slug: str, role: str, password: str | None) -> None:
    """Create a user in a tenant."""
    if role not in set(Role):
        raise CommandError(f"{role!r} is no role; choose {', '.join(Role)}")
    secret = password or passwords.generate()

    async def work(database: Database) -> None:
        await bring_up(database)
        tenant = await tenant_of(database, slug)
        async with database.control(read_only=True):
            user = await User.get_or_none(email=email.strip().lower())
            if user is not None and await Membership.exists(user_id=user.id, tenant_id=tenant.id):
                raise CommandError(f"user {email} exists in {slug}")
            if password is not None and user is None:
                asked = values.load(await settings_queries.latest_of(tenant.schema)).password_min_length
                _check(password, email, asked)
        made = await service.create_user(
            database, email=email, password=secret, role=role, tenant_id=tenant.id
        )
        await audit.command(
            database, "user-create", schema=tenant.schema, target=f"user:{made.id}", after={"role": role}
        )
        say(f"user {email}  {role} in {slug}")
        if user is not None:  # a member of another tenant
            say("keeps the password they have")
        elif password is None:
            say(f"password {secret}  (shown once)")

    await opened(settings, work)


def _check(password: str, email: str, min_length: int) -> None:
    try:
        policy.check(password, email=email, min_length=min_length)
    except PasswordRefused as refused:
        raise CommandError(refused.message) from None
