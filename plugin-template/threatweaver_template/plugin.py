"""What template contributes. Lists only, no logic."""

from threatweaver.sdk import (
    ImportParser,
    JobTable,
    Permission,
    RouteTable,
    Setting,
    SubscriberTable,
    hookimpl,
)
from threatweaver_template.engine import report
from threatweaver_template.events import NoteFinished
from threatweaver_template.notes import jobs as note_jobs
from threatweaver_template.notes import routes as notes
from threatweaver_template.permissions import PERMISSIONS
from threatweaver_template.settings import KEEP_DAYS


@hookimpl
def route_tables() -> list[RouteTable]:
    """Return the route tables."""
    return [notes.table]


@hookimpl
def model_modules() -> list[str]:
    """Return the modules with tables."""
    return ["threatweaver_template.notes.models"]


@hookimpl
def job_tables() -> list[JobTable]:
    """Return the job tables."""
    return [note_jobs.table]


@hookimpl
def event_types() -> list[type]:
    """Return the events."""
    return [NoteFinished]


@hookimpl
def event_subscribers() -> list[SubscriberTable]:
    """Return what takes events."""
    return [note_jobs.subscribers]


@hookimpl
def import_parsers() -> list[ImportParser]:
    """Return the formats of reports."""
    return [report.PARSER]


@hookimpl
def permissions() -> list[Permission]:
    """Return the permissions."""
    return list(PERMISSIONS)


@hookimpl
def settings() -> list[Setting]:
    """Return the settings."""
    return [KEEP_DAYS]
