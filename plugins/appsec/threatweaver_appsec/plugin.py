"""What appsec contributes. Lists only, no logic."""

from threatweaver.sdk import (
    ImportParser,
    JobTable,
    Permission,
    RouteTable,
    Setting,
    SubscriberTable,
    hookimpl,
)
from threatweaver_appsec.agents import routes as agents
from threatweaver_appsec.assessments import jobs as assessment_jobs
from threatweaver_appsec.assessments import routes as assessments
from threatweaver_appsec.assessments import traces
from threatweaver_appsec.auth_profiles import routes as auth_profiles
from threatweaver_appsec.ci import gates
from threatweaver_appsec.ci import routes as ci
from threatweaver_appsec.compliance import routes as compliance
from threatweaver_appsec.emergency import routes as emergency
from threatweaver_appsec.events import EVENT_TYPES
from threatweaver_appsec.findings import comments
from threatweaver_appsec.findings import jobs as finding_jobs
from threatweaver_appsec.findings import routes as findings
from threatweaver_appsec.handover import jobs as handover_jobs
from threatweaver_appsec.handover import report as handover
from threatweaver_appsec.payload_sets import routes as payload_sets
from threatweaver_appsec.permissions import PERMISSIONS
from threatweaver_appsec.reports import routes as reports
from threatweaver_appsec.scan_profiles import routes as scan_profiles
from threatweaver_appsec.schedules import jobs as schedule_jobs
from threatweaver_appsec.schedules import routes as schedules
from threatweaver_appsec.statistics import routes as statistics
from threatweaver_appsec.suppressions import jobs as suppression_jobs
from threatweaver_appsec.suppressions import routes as suppressions
from threatweaver_appsec.targets import routes as targets
from threatweaver_appsec.templates import routes as templates
from threatweaver_appsec.wordlists import routes as wordlists


@hookimpl
def route_tables() -> list[RouteTable]:
    """Return the route tables."""
    return [
        agents.table,
        assessments.table,
        auth_profiles.table,
        ci.table,
        comments.table,
        compliance.table,
        emergency.table,
        findings.table,
        gates.baselines,
        gates.policies,
        payload_sets.table,
        reports.table,
        scan_profiles.table,
        schedules.table,
        statistics.table,
        suppressions.table,
        targets.table,
        templates.table,
        traces.table,
        wordlists.table,
    ]


@hookimpl
def model_modules() -> list[str]:
    """Return the modules with tables."""
    return [
        "threatweaver_appsec.agents.models",
        "threatweaver_appsec.assessments.models",
        "threatweaver_appsec.auth_profiles.models",
        "threatweaver_appsec.ci.models",
        "threatweaver_appsec.emergency.models",
        "threatweaver_appsec.findings.models",
        "threatweaver_appsec.payload_sets.models",
        "threatweaver_appsec.scan_profiles.models",
        "threatweaver_appsec.schedules.models",
        "threatweaver_appsec.suppressions.models",
        "threatweaver_appsec.targets.models",
        "threatweaver_appsec.templates.models",
        "threatweaver_appsec.wordlists.models",
    ]


@hookimpl
def job_tables() -> list[JobTable]:
    """Return the job tables."""
    return [finding_jobs.table, schedule_jobs.table, suppression_jobs.table]


@hookimpl
def event_subscribers() -> list[SubscriberTable]:
    """Return what reacts to events."""
    return [assessment_jobs.subscribers, handover_jobs.subscribers]


@hookimpl
def import_parsers() -> list[ImportParser]:
    """Return the format in which findings are handed over."""
    return [handover.PARSER]


@hookimpl
def event_types() -> list[type]:
    """Return the events."""
    return list(EVENT_TYPES)


@hookimpl
def permissions() -> list[Permission]:
    """Return the permissions."""
    return list(PERMISSIONS)


@hookimpl
def settings() -> list[Setting]:
    """Return the settings."""
    return [
        Setting(
            name="allowed_targets",
            default="",
            title="Origins, hosts and networks that may be scanned without a proof, separated by blanks",
        ),
        Setting(
            name="advisories",
            default="",
            title="File of OSV advisories, a JSON object a line, by which outdated components are found",
        ),
        Setting(
            name="scans_per_tenant",
            default=4,
            minimum=1,
            title="Scans of one tenant that run at the same time",
        ),
    ]
