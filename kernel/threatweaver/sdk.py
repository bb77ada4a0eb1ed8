"""Everything a plugin may use of the kernel; all else is private and may change.

`KERNEL_API` is the version of this contract; a plugin's manifest says which range it fits.
"""

from threatweaver.access.scopes import GrantScope
from threatweaver.admin.flags.declaration import FeatureFlag
from threatweaver.admin.flags.service import is_on
from threatweaver.admin.quarantine.declaration import Rejected
from threatweaver.admin.quarantine.service import quarantine
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.audit.service import record
from threatweaver.auth.principal import Principal
from threatweaver.auth.roles import ADMINS, ANALYSTS, EVERYONE, MANAGERS, OPERATORS, Permission, Role
from threatweaver.commands.session import run_in_tenant
from threatweaver.dashboard.declaration import (
    BarsData,
    DashboardFilters,
    DashboardWidget,
    Line,
    NumberData,
    SeriesData,
    TableData,
    WidgetData,
    WidgetKind,
)
from threatweaver.dashboard.service import WidgetResult, produce_widgets, visible_widgets
from threatweaver.db.model import Model
from threatweaver.db.signals import announce
from threatweaver.db.transaction import analyze, connection, copy_rows
from threatweaver.deprecation import PluginDeprecation, deprecated
from threatweaver.events.kernel import TenantResumed, UserDeactivated, UserReactivated
from threatweaver.events.service import publish
from threatweaver.events.table import SubscriberTable
from threatweaver.health import HealthCheck
from threatweaver.hookspecs import hookimpl
from threatweaver.http.context import Context
from threatweaver.http.errors import (
    ApiError,
    Conflict,
    NotFound,
    PayloadTooLarge,
    StorageFull,
    Unprocessable,
    ValidationFailed,
)
from threatweaver.http.example import Caller, Example
from threatweaver.http.output import Page
from threatweaver.http.renditions import Rendition
from threatweaver.http.route import EMPTY, JOB, Route, RouteTable, Scope, Upload, bare, page, raw, rows
from threatweaver.http.schema import CommaSeparated, Network, Schema
from threatweaver.http.upload import SpooledFile
from threatweaver.ids import uuid7
from threatweaver.jobs.handing import hand_in
from threatweaver.jobs.importer import FileImporter, import_parsers
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.run import JobCancelled, JobPostponed, JobRun
from threatweaver.jobs.table import Job, JobTable
from threatweaver.notify.events.catalog import Mode, NotificationEvent
from threatweaver.notify.events.service import raise_event
from threatweaver.outbound.client import request as outbound_request
from threatweaver.outbound.errors import OutboundFailed, OutboundRefused
from threatweaver.plugins.admission import KERNEL_API
from threatweaver.reports import (
    CERTAIN,
    IDENTIFIER_KINDS,
    UNDATED,
    Asset,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)
from threatweaver.resource.listing import Listing, SearchText, Where, any_of, either_way, eq, search
from threatweaver.resource.routes import add_resource
from threatweaver.resource.spec import Op, Resource
from threatweaver.settings import Setting
from threatweaver.severity import SEVERITIES, Severity, SeverityField, severity_name

__all__ = [
    "ADMINS",
    "ANALYSTS",
    "CERTAIN",
    "EMPTY",
    "EVERYONE",
    "IDENTIFIER_KINDS",
    "JOB",
    "KERNEL_API",
    "MANAGERS",
    "OPERATORS",
    "SEVERITIES",
    "UNDATED",
    "ApiError",
    "Asset",
    "BarsData",
    "Caller",
    "CommaSeparated",
    "Conflict",
    "Context",
    "Coverage",
    "DashboardFilters",
    "DashboardWidget",
    "DataClass",
    "Definition",
    "Example",
    "FeatureFlag",
    "FileImporter",
    "Finding",
    "GrantScope",
    "HealthCheck",
    "ImportParser",
    "Job",
    "JobCancelled",
    "JobPostponed",
    "JobRun",
    "JobTable",
    "Lane",
    "Line",
    "Listing",
    "Mode",
    "Model",
    "Network",
    "NotFound",
    "NotificationEvent",
    "NumberData",
    "Op",
    "OutboundFailed",
    "OutboundRefused",
    "Page",
    "PayloadTooLarge",
    "Permission",
    "PluginDeprecation",
    "Principal",
    "Record",
    "Rejected",
    "Rendition",
    "ReportError",
    "ReportFault",
    "Resource",
    "Role",
    "Route",
    "RouteTable",
    "Schema",
    "Scope",
    "SearchText",
    "SeriesData",
    "Setting",
    "Severity",
    "SeverityField",
    "SpooledFile",
    "StorageFull",
    "SubscriberTable",
    "TableData",
    "TenantResumed",
    "Unprocessable",
    "Upload",
    "UserDeactivated",
    "UserReactivated",
    "ValidationFailed",
    "Where",
    "WidgetData",
    "WidgetKind",
    "WidgetResult",
    "add_resource",
    "analyze",
    "announce",
    "any_of",
    "bare",
    "connection",
    "copy_rows",
    "deprecated",
    "either_way",
    "eq",
    "hand_in",
    "hookimpl",
    "import_parsers",
    "is_on",
    "outbound_request",
    "page",
    "produce_widgets",
    "publish",
    "quarantine",
    "raise_event",
    "raw",
    "record",
    "rows",
    "run_in_tenant",
    "search",
    "severity_name",
    "uuid7",
    "visible_widgets",
]
