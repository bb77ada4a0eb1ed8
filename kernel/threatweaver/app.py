"""The application: the one place that knows all parts and puts them together."""

import asyncio
from collections.abc import Collection

import aiohttp_session
from aiohttp import web

from threatweaver import __version__, config
from threatweaver.access import routes as access
from threatweaver.admin import parts as admin
from threatweaver.admin.flags.kernel import FLAGS
from threatweaver.admin.retention.kernel import CLASSES
from threatweaver.audit import jobs as audit_jobs
from threatweaver.audit import routes as audit
from threatweaver.auth import jobs as auth_jobs
from threatweaver.auth import keys
from threatweaver.auth.browser import FlowStorage
from threatweaver.auth.identify import Identifier
from threatweaver.auth.permissions import PERMISSIONS
from threatweaver.auth.refusals import Refusals
from threatweaver.auth.tables import TABLES as AUTH
from threatweaver.config import Settings
from threatweaver.db import orm
from threatweaver.db.signals import Signals
from threatweaver.db.transaction import Database
from threatweaver.events.kernel import KERNEL_EVENT_TYPES
from threatweaver.http import edge, mount, system
from threatweaver.http.answers import Answers
from threatweaver.http.cors import Origins
from threatweaver.http.proxies import Proxies
from threatweaver.isolation import routes as isolation
from threatweaver.jobs import routes as jobs
from threatweaver.kernel import KERNEL, Kernel
from threatweaver.license import jobs as license_jobs
from threatweaver.license import routes as license_routes
from threatweaver.license import store as license_store
from threatweaver.license.current import CurrentLicense
from threatweaver.modules import queries as modules
from threatweaver.modules import routes as module_routes
from threatweaver.notify import parts as notify
from threatweaver.notify.events.catalog import KERNEL_EVENTS
from threatweaver.plugins import admission, constraints, imports, loader, manifest, registry
from threatweaver.plugins.admission import Decision, Grounds
from threatweaver.plugins.contribution import Contribution
from threatweaver.plugins.registry import Registry
from threatweaver.ratelimits import routes as ratelimits
from threatweaver.ratelimits.limiter import RateLimiter
from threatweaver.secrets import jobs as secrets_jobs
from threatweaver.secrets import ring
from threatweaver.security import routes as security
from threatweaver.sso.tables import SSO
from threatweaver.tenancy import export_routes as tenant_exports
from threatweaver.tenancy import jobs as tenant_jobs
from threatweaver.tenancy import routes as tenants
from threatweaver.tenancy.standing import Standings

_KERNEL = Contribution(
    manifest=None,
    route_tables=(
        *access.tables,
        system.table,
        *AUTH,
        audit.admin,
        audit.table,
        license_routes.table,
        module_routes.table,
        jobs.table,
        *admin.ROUTES,
        isolation.table,
        security.table,
        tenants.table,
        tenant_exports.table,
        *SSO,
        *notify.ROUTE_TABLES,
        ratelimits.table,
    ),
    job_tables=(
        auth_jobs.table,
        *notify.JOB_TABLES,
        tenant_jobs.table,
        *admin.JOBS,
        audit_jobs.table,
        secrets_jobs.table,
        license_jobs.table,
    ),
    event_types=KERNEL_EVENT_TYPES,
    notification_events=KERNEL_EVENTS,
    permissions=PERMISSIONS,
    flags=FLAGS,
    data_classes=CLASSES,
    settings={},
)


def reserved_prefixes() -> set[str]:
    """Return the first parts of the kernel's own paths, which no plugin may claim."""
    return registry.prefixes(_KERNEL)


def admit(
    settings: Settings, current: CurrentLicense, disabled: Collection[str] = frozenset()
) -> list[Decision]:
    """Find the plugins, and decide which the license names and nobody switched off; imports none.

    Raises ConfigError.
    """
    manifests = manifest.installed()
    config.refuse_unknown(settings, {item.name for item in manifests})
    grounds = Grounds(
        licensed=current.grants,
        disabled=disabled,
        reserved=reserved_prefixes(),
        constrained=constraints.of(current.claims),
        foreign=imports.foreign,
    )
    return admission.decide(manifests, grounds)


def load_registry(
    settings: Settings, current: CurrentLicense, disabled: Collection[str] = frozenset()
) -> Registry:
    """Load and freeze the plugins that are admitted. Raises ConfigError."""
    contributions, decisions = loader.load(admit(settings, current, disabled), settings.plugin_values)
    return registry.build_what_fits(_KERNEL, contributions, decisions)


async def assemble(settings: Settings, database: Database, before: Kernel | None = None) -> Kernel:
    """Read the license and build the kernel it allows; binds the models of the admitted plugins.

    It takes over what the kernel before it has drawn of rate limits.
    """
    await orm.bind(orm.KERNEL_APPS)
    current = await license_store.load(database, settings)
    disabled = await modules.disabled(database)
    return await compose(settings, database, current, disabled, before)


async def compose(
    settings: Settings,
    database: Database,
    current: CurrentLicense,
    disabled: Collection[str] = frozenset(),
    before: Kernel | None = None,
) -> Kernel:
    """Build the kernel that this license allows; binds the models of the admitted plugins."""
    loaded = load_registry(settings, current, disabled)
    await asyncio.sleep(0)  # a swap is made in slices: requests of the application before it have their turns
    await orm.bind(loaded.apps)
    derived = keys.load(settings)
    return Kernel(
        settings=settings,
        keys=derived,
        secrets=await ring.load(database, derived.storage),
        database=database,
        signals=Signals(database),
        registry=loaded,
        license=current,
        identifier=Identifier(database, derived.access_token, loaded.grants),
        refusals=Refusals(),
        standings=Standings(database),
        proxies=Proxies(settings.trusted_proxies),
        origins=Origins(settings.cors_origins),
        limiter=before.limiter if before else RateLimiter(settings, database),
        answers=Answers(),
        stopping=asyncio.Event(),
    )


def build(kernel: Kernel) -> web.Application:
    """Mount every route of the registry on one flat application."""
    app = web.Application(middlewares=[edge.edge], client_max_size=kernel.settings.body_max_bytes)
    app[KERNEL] = kernel
    aiohttp_session.setup(app, FlowStorage(kernel.database, kernel.secrets))
    mount.mount(app, kernel.registry.routes)
    taken = {f"/{route.path.split('/')[1]}" for route in kernel.registry.routes}
    for decision in kernel.registry.decisions:
        if not decision.admitted:  # and may have claimed what is another's
            mount.mount_refused(app, decision.manifest, set(decision.manifest.prefixes) - taken)
    system.mount_documents(app, __version__)
    return app
