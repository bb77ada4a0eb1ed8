"""What one plugin, or the kernel itself, contributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from threatweaver.plugins.manifest import Manifest
from threatweaver.reports import ImportParser


class RegistryError(Exception):
    """Two contributions claim the same thing, or one is out of its bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one plugin, or the kernel itself (manifest None), contributes."""

    manifest: Manifest | None
    route_tables: Sequence[RouteTable] = ()
    model_modules: Sequence[str] = ()
    job_tables: Sequence[JobTable] = ()
    event_types: Sequence[type] = ()
    event_subscribers: Sequence[SubscriberTable] = ()
    permissions: Sequence[Permission] = ()
    flags: Sequence[FeatureFlag] = ()
    data_classes: Sequence[DataClass] = ()
    settings: Mapping[str, int | str]
    health_checks: Sequence[HealthCheck] = ()
    file_importers: Sequence[FileImporter] = ()
    import_parsers: Sequence[ImportParser] = ()
    notification_events: Sequence[NotificationEvent] = ()
    cli_commands: Sequence[str] = ()
    widgets: Sequence[DashboardWidget] = ()
    grant_scopes: Sequence[GrantScope] = ()

    @property
    def owner(self) -> str:
        """Return the name that what it contributes begins with."""
        return self.manifest.name if self.manifest else "kernel"
