"""First start and every start: schema, trial license, first tenant and its admin. Safe to repeat."""

from dataclasses import dataclass

from threatweaver import app as application
from threatweaver.admin.settings.values import TenantSettings
from threatweaver.audit import service as audit
from threatweaver.auth import passwords, service
from threatweaver.auth.models import Membership, User
from threatweaver.auth.password import policy
from threatweaver.auth.password.errors import PasswordRefused
from threatweaver.auth.roles import Role
from threatweaver.config import ConfigError, Settings
from threatweaver.db import migrate, orm
from threatweaver.db.transaction import Database
from threatweaver.license import service as license_service
from threatweaver.license import store as license_store
from threatweaver.modules import queries as modules
from threatweaver.tenancy import operators, provision
from threatweaver.tenancy.models import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a start found or made; the password is known only when this start made the admin."""

    tenant: str
    admin_email: str
    admin_password: str | None


async def admitted(database: Database, settings: Settings) -> list[str]:
    """Return the Python modules whose import loads the plugins that a start admits; imports none of them."""
    await open_control(database, settings)
    current = await license_store.load(database, settings)
    decisions = application.admit(settings, current, await modules.disabled(database))
    return [item.manifest.entry_point.module for item in decisions if item.admitted]


async def prepare(database: Database, settings: Settings) -> Installation:
    """Bring the database to this version and make what a first start needs."""
    await open_control(database, settings)
    kernel = await application.assemble(settings, database)
    apps = kernel.registry.apps
    await provision.bring_up_all(database, apps)
    async with database.control(read_only=True):
        tenant = await Tenant.all().order_by("created_at").first()
    if tenant is None:
        tenant = await provision.create(
            database, slug=settings.tenant, name=settings.tenant.replace("-", " ").title(), apps=apps
        )
        await audit.command(
            database, "tenant-create", target=f"tenant:{tenant.id}", after={"slug": tenant.slug}
        )
    if (known := await _oldest_admin(database, tenant)) is not None:
        email = known or settings.admin_email
        return Installation(tenant=tenant.slug, admin_email=email, admin_password=None)
    password = await _make_admin(database, settings, tenant)
    if not settings.saas:  # who owns it operates it; else `threatweaver operator grant` says who
        async with database.control():
            user_id = await operators.grant(settings.admin_email, tenant)
        await audit.command(
            database, "operator-grant", target=f"user:{user_id}", after={"tenant": tenant.slug}
        )
    return Installation(tenant=tenant.slug, admin_email=settings.admin_email, admin_password=password)


async def open_control(database: Database, settings: Settings) -> None:
    """Bring the control schema to this version, and issue the first license."""
    await orm.bind(orm.KERNEL_APPS)
    await migrate.migrate_control(database)
    if settings.trial == "on":
        await license_service.issue_first_trial(database)


async def _oldest_admin(database: Database, tenant: Tenant) -> str | None:
    """Return the address of the tenant's first administrator, "" if it has none, None if nobody is in it."""
    async with database.control(read_only=True):
        if not await Membership.exists(tenant_id=tenant.id):
            return None
        held = Membership.filter(tenant_id=tenant.id, role=Role.ADMIN.value)
        members = await held.values_list("user_id", flat=True)
        user = await User.filter(id__in=list(members)).order_by("created_at", "id").first()
    return user.email if user else ""


async def _make_admin(database: Database, settings: Settings, tenant: Tenant) -> str:
    password = settings.admin_password or passwords.generate()
    try:
        policy.check(password, email=settings.admin_email, min_length=TenantSettings().password_min_length)
    except PasswordRefused as refused:
        raise ConfigError(f"TW_ADMIN_PASSWORD: {refused.message}") from None
    made = await service.create_user(
        database,
        email=settings.admin_email,
        password=password,
        role=Role.ADMIN,
        tenant_id=tenant.id,
        name="Administrator",
    )
    await audit.command(
        database, "user-create", schema=tenant.schema, target=f"user:{made.id}", after={"role": Role.ADMIN}
    )
    return password
