"""Tortoise set-up: which packages bring tables, and in which schema they live."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tortoise import context as tortoise_context

TENANT = "tenant"
CONTROL = "control"
_ENGINE = "threatweaver.db.bound_asyncpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelApp:
    """The tables of one distribution: model modules, migrations package, and the schema kind."""

    label: str
    models: tuple[str, ...]
    migrations: str
    schema: str = TENANT


KERNEL_APPS = (
    ModelApp(
        label="control",
        models=(
            "threatweaver.tenancy.models",
            "threatweaver.auth.models",
            "threatweaver.access.tokens.models",
            "threatweaver.auth.account.models",
            "threatweaver.auth.encryption.models",
            "threatweaver.auth.lockout.models",
            "threatweaver.auth.login.models",
            "threatweaver.auth.mfa.models",
            "threatweaver.license.models",
            "threatweaver.modules.models",
            "threatweaver.jobs.models",
            "threatweaver.audit.control_models",
            "threatweaver.secrets.models",
            "threatweaver.isolation.models",
            "threatweaver.notify.mail.models",
            "threatweaver.notify.wakes.models",
            "threatweaver.sso.models",
            "threatweaver.ratelimits.models",
            "threatweaver.idempotency.models",
        ),
        migrations="threatweaver.db.control_migrations",
        schema=CONTROL,
    ),
    ModelApp(
        label="kernel",
        models=(
            "threatweaver.audit.models",
            "threatweaver.admin.settings.models",
            "threatweaver.notify.events.models",
            "threatweaver.notify.channels.models",
            "threatweaver.notify.deliveries.models",
            "threatweaver.notify.preferences.models",
            "threatweaver.admin.flags.models",
            "threatweaver.access.models",
            "threatweaver.admin.retention.models",
            "threatweaver.admin.archives.models",
            "threatweaver.admin.quarantine.models",
        ),
        migrations="threatweaver.db.tenant_migrations",
    ),
)


def apps_config(apps: Sequence[ModelApp]) -> dict[str, dict[str, Any]]:
    """Return Tortoise's `apps` section."""
    return {
        app.label: {
            "models": list(app.models),
            "migrations": app.migrations,
            "default_connection": app.schema,
        }
        for app in apps
    }


_bound: dict[str, ModelApp] = {}


async def bind(apps: Sequence[ModelApp]) -> None:
    """Let Tortoise know these tables, too; what it knows already stays as it is.

    A module that went away keeps its tables, so that its coming back touches nothing that requests are using.
    """
    if all(_bound.get(app.label) == app for app in apps):
        return
    _bound.update({app.label: app for app in apps})
    previous = tortoise_context.get_current_context()
    if previous is not None:
        await previous.close_connections()
    context = tortoise_context.TortoiseContext()
    config = {
        "connections": {name: {"engine": _ENGINE, "credentials": {}} for name in (TENANT, CONTROL)},
        "apps": apps_config(list(_bound.values())),
    }
    with context:  # Tortoise looks its own half-built context up while it initializes
        await context.init(config=config, _enable_global_fallback=True)
