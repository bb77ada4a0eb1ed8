"""Users: made in a tenant."""

from threatweaver.audit import service as audit
from threatweaver.auth import passwords, service
from threatweaver.auth.models import Membership, User
from threatweaver.auth.roles import Role
from threatweaver.commands.opening import CommandError, bring_up, opened, say, tenant_of
from threatweaver.config import Settings
from threatweaver.db.transaction import Database


async def user_create(settings: Settings, email: str, slug: str, role: str, password: str | None) -> None:
    """Create a user in a tenant."""
    if role not in set(Role):
        raise CommandError(f"{role!r} is no role; choose {', '.join(Role)}")
    if password is not None and len(password) < passwords.MIN_LENGTH:
        raise CommandError(f"a password needs at least {passwords.MIN_LENGTH} characters")
    secret = password or passwords.generate()

    async def work(database: Database) -> None:
        await bring_up(database)
        tenant = await tenant_of(database, slug)
        async with database.control(read_only=True):
            user = await User.get_or_none(email=email.strip().lower())
            if user is not None and await Membership.exists(user_id=user.id, tenant_id=tenant.id):
                raise CommandError(f"user {email} exists in {slug}")
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
