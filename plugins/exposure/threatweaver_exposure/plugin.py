"""What exposure contributes. Lists only, no logic."""

from threatweaver.sdk import (
    DashboardWidget,
    DataClass,
    FileImporter,
    GrantScope,
    ImportParser,
    JobTable,
    NotificationEvent,
    Permission,
    RouteTable,
    Setting,
    SubscriberTable,
    hookimpl,
)
from threatweaver_exposure.anomaly import jobs as anomaly_jobs
from threatweaver_exposure.anomaly import routes as anomaly
from threatweaver_exposure.anomaly.jobs import NEW_ANOMALIES
from threatweaver_exposure.assets import grouping
from threatweaver_exposure.assets import routes as assets
from threatweaver_exposure.assets import service as assets_service
from threatweaver_exposure.backlog import routes as backlog
from threatweaver_exposure.changes import routes as changes
from threatweaver_exposure.comparison import routes as comparison
from threatweaver_exposure.compliance import routes as compliance
from threatweaver_exposure.dashboard import routes as dashboard
from threatweaver_exposure.dashboard.widgets import WIDGETS
from threatweaver_exposure.engine.catalog import PARSERS
from threatweaver_exposure.events import EVENT_TYPES
from threatweaver_exposure.exports import jobs as export_jobs
from threatweaver_exposure.exports import routes as exports
from threatweaver_exposure.filters import routes as filters
from threatweaver_exposure.fixing import routes as fixing
from threatweaver_exposure.flaws import jobs as flaw_jobs
from threatweaver_exposure.flaws import routes as flaws
from threatweaver_exposure.history import jobs as history_jobs
from threatweaver_exposure.history.jobs import FIGURES_DISAGREE
from threatweaver_exposure.imports import jobs as import_jobs
from threatweaver_exposure.imports import routes as imports
from threatweaver_exposure.imports.news import FILTER_MATCHED, NEW_FINDINGS
from threatweaver_exposure.imports.upload import max_bytes
from threatweaver_exposure.intelligence import jobs as intelligence_jobs
from threatweaver_exposure.intelligence import routes as intelligence
from threatweaver_exposure.layout import routes as layout
from threatweaver_exposure.mappings import routes as mappings
from threatweaver_exposure.merges import routes as merges
from threatweaver_exposure.permissions import PERMISSIONS
from threatweaver_exposure.retention import CLASSES
from threatweaver_exposure.risk import jobs as risk_jobs
from threatweaver_exposure.risk import routes as risk
from threatweaver_exposure.sla import routes as sla
from threatweaver_exposure.sync import chunks as sync_chunks
from threatweaver_exposure.sync import jobs as sync_jobs
from threatweaver_exposure.sync import routes as sync
from threatweaver_exposure.trends import routes as trends
from threatweaver_exposure.urgency import routes as urgency
from threatweaver_exposure.vulnerabilities import jobs as vulnerability_jobs
from threatweaver_exposure.vulnerabilities import routes as vulnerabilities


@hookimpl
def route_tables() -> list[RouteTable]:
    """Return the route tables."""
    return [
        anomaly.table,
        assets.table,
        changes.table,
        comparison.table,
        compliance.table,
        backlog.table,
        dashboard.table,
        filters.assets,
        filters.table,
        filters.vulnerabilities,
        fixing.table,
        exports.table,
        exports.of_vulnerabilities,
        flaws.table,
        grouping.groups,
        grouping.tags,
        imports.table,
        mappings.table,
        intelligence.snapshots,
        intelligence.table,
        layout.table,
        merges.table,
        risk.assets,
        risk.table,
        sla.table,
        sync.table,
        trends.table,
        urgency.table,
        vulnerabilities.table,
    ]


@hookimpl
def model_modules() -> list[str]:
    """Return the modules with tables."""
    return [
        "threatweaver_exposure.anomaly.models",
        "threatweaver_exposure.assets.models",
        "threatweaver_exposure.changes.models",
        "threatweaver_exposure.daily.models",
        "threatweaver_exposure.dashboard.models",
        "threatweaver_exposure.filters.models",
        "threatweaver_exposure.mappings.models",
        "threatweaver_exposure.exports.models",
        "threatweaver_exposure.flaws.models",
        "threatweaver_exposure.history.models",
        "threatweaver_exposure.imports.models",
        "threatweaver_exposure.intelligence.models",
        "threatweaver_exposure.layout.models",
        "threatweaver_exposure.merges.models",
        "threatweaver_exposure.risk.models",
        "threatweaver_exposure.sla.models",
        "threatweaver_exposure.sync.models",
        "threatweaver_exposure.vulnerabilities.models",
    ]


@hookimpl
def job_tables() -> list[JobTable]:
    """Return the job tables."""
    return [
        anomaly_jobs.table,
        export_jobs.table,
        flaw_jobs.table,
        history_jobs.table,
        import_jobs.table,
        intelligence_jobs.table,
        risk_jobs.table,
        sync_jobs.table,
        vulnerability_jobs.table,
    ]


@hookimpl
def event_subscribers() -> list[SubscriberTable]:
    """Return what reacts to events."""
    return [sync_jobs.subscribers]


@hookimpl
def event_types() -> list[type]:
    """Return the events."""
    return list(EVENT_TYPES)


@hookimpl
def permissions() -> list[Permission]:
    """Return the permissions."""
    return list(PERMISSIONS)


@hookimpl
def data_classes() -> list[DataClass]:
    """Return the classes of data that may go when they are old."""
    return list(CLASSES)


@hookimpl
def settings() -> list[Setting]:
    """Return the settings."""
    return [
        Setting(
            name="import_max_bytes",
            default=2 << 30,
            minimum=1 << 20,
            title="Largest report that is taken in, decompressed, in bytes",
        ),
        Setting(
            name="revert_days",
            default=90,
            minimum=1,
            title="Days for which an import can be reverted",
        ),
        Setting(
            name="intel_keys",
            default="",
            title="Whose snapshots of threat intelligence are taken: public keys, separated by blanks",
        ),
        Setting(
            name="intel_max_bytes",
            default=1 << 30,
            minimum=1 << 20,
            title="Largest snapshot of threat intelligence, decompressed, in bytes",
        ),
    ]


@hookimpl
def notification_events() -> list[NotificationEvent]:
    """Return what people can be notified of."""
    return [NEW_FINDINGS, FILTER_MATCHED, NEW_ANOMALIES, FIGURES_DISAGREE]


@hookimpl
def file_importers() -> list[FileImporter]:
    """Return what takes files from the command line."""
    return [
        FileImporter(job=import_jobs.import_report, max_bytes=max_bytes, prepare=imports.prepare),
        FileImporter(
            job=import_jobs.import_mapped_report, max_bytes=max_bytes, prepare=imports.prepare_mapped
        ),
        FileImporter(job=sync_jobs.import_tenable_records, max_bytes=max_bytes, prepare=sync_chunks.prepare),
    ]


@hookimpl
def import_parsers() -> list[ImportParser]:
    """Return the formats of reports."""
    return list(PARSERS)


@hookimpl
def cli_commands() -> list[str]:
    """Return the modules with commands."""
    return ["threatweaver_exposure.intelligence.commands"]


@hookimpl
def dashboard_widgets() -> list[DashboardWidget]:
    """Return the widgets of the dashboard."""
    return list(WIDGETS)


@hookimpl
def grant_scopes() -> list[GrantScope]:
    """Return what a grant may be limited to."""
    return [
        GrantScope(name="asset_group", title="Assets of a group", exists=assets_service.group_exists),
        GrantScope(name="tag", title="Assets with a tag", exists=assets_service.tag_exists),
    ]
