"""The hooks: what a plugin can contribute.

Every hook is called once, synchronously, at start-up, plugin by plugin in the order of their names.
It takes nothing, opens nothing and returns values. Reactions at run time are events, never hooks.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from threatweaver.access.scopes import GrantScope
    from threatweaver.admin.flags.declaration import FeatureFlag
    from threatweaver.admin.retention.declaration import DataClass
    from threatweaver.auth.roles import Permission
    from threatweaver.dashboard.declaration import DashboardWidget
    from threatweaver.events.table import SubscriberTable
    from threatweaver.health import HealthCheck
    from threatweaver.http.route import RouteTable
    from threatweaver.jobs.importer import FileImporter
    from threatweaver.jobs.table import JobTable
    from threatweaver.notify.events.catalog import NotificationEvent
    from threatweaver.reports import ImportParser
    from threatweaver.settings import Setting

PROJECT = "threatweaver"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""The decorator of a plugin's hook implementations, functions of its module `plugin`."""


@hookspec
def route_tables() -> "Sequence[RouteTable]":  # type: ignore[empty-body]
    """Endpoints, one table a resource folder; every path lies below one of the manifest's prefixes."""


@hookspec
def model_modules() -> "Sequence[str]":  # type: ignore[empty-body]
    """Dotted names of the modules that define Tortoise models, in the tenant's schema.

    Migrations are found in the package `<plugin package>.migrations`.
    """


@hookspec
def job_tables() -> "Sequence[JobTable]":  # type: ignore[empty-body]
    """Background jobs, run by the worker for one tenant at a time."""


@hookspec
def event_types() -> "Sequence[type]":  # type: ignore[empty-body]
    """Types of the events the plugin publishes: frozen, slotted dataclasses of its module `events`."""


@hookspec
def event_subscribers() -> "Sequence[SubscriberTable]":  # type: ignore[empty-body]
    """Functions that take events: the plugin's own, the kernel's, and those of plugins that it requires."""


@hookspec
def permissions() -> "Sequence[Permission]":  # type: ignore[empty-body]
    """Permissions the plugin's routes ask for, and the documented roles that hold each at first."""


@hookspec
def feature_flags() -> "Sequence[FeatureFlag]":  # type: ignore[empty-body]
    """Switches `<plugin>.<name>` that a tenant's administrators may turn; `is_on(flag)` asks for one."""


@hookspec
def data_classes() -> "Sequence[DataClass]":  # type: ignore[empty-body]
    """Classes of data `<plugin>.<name>` that a tenant may keep for a number of days only."""


@hookspec
def settings() -> "Sequence[Setting]":  # type: ignore[empty-body]
    """Settings of the plugin, read from TW_<PLUGIN>_<NAME> and validated at start-up."""


@hookspec
def health_checks() -> "Sequence[HealthCheck]":  # type: ignore[empty-body]
    """Checks that /api/health/ready asks, each within a second."""


@hookspec
def file_importers() -> "Sequence[FileImporter]":  # type: ignore[empty-body]
    """Jobs that take a file: from `threatweaver import FILE` (the first one), or back from the quarantine."""


@hookspec
def import_parsers() -> "Sequence[ImportParser]":  # type: ignore[empty-body]
    """Formats of reports that an import can read; which one a file is of is told by its content."""


@hookspec
def notification_events() -> "Sequence[NotificationEvent]":  # type: ignore[empty-body]
    """Events the plugin's code raises, which people and other systems can be notified of."""


@hookspec
def cli_commands() -> "Sequence[str]":  # type: ignore[empty-body]
    """Dotted names of modules whose `app`, a Typer, adds commands below `threatweaver <plugin>`.

    They are imported when a command is run, and only then. The manifest's `commands` says what they do.
    """


@hookspec
def dashboard_widgets() -> "Sequence[DashboardWidget]":  # type: ignore[empty-body]
    """What `/dashboard/widgets` can show: numbers, lines over time, bars and tables."""


@hookspec
def grant_scopes() -> "Sequence[GrantScope]":  # type: ignore[empty-body]
    """Sets of the plugin's rows that a grant may be limited to, asset groups for instance."""
