"""Permissions of the exposure plugin."""

from enum import StrEnum

from threatweaver.sdk import ADMINS, ANALYSTS, EVERYONE, MANAGERS, OPERATORS, Permission


class Perm(StrEnum):
    """<plugin>:<object>:<action>."""

    ASSET_READ = "exposure:asset:read"
    ASSET_WRITE = "exposure:asset:write"
    ASSET_MERGE = "exposure:asset:merge"
    VULNERABILITY_READ = "exposure:vulnerability:read"
    IDENTITY_APPLY = "exposure:identity:apply"
    IDENTITY_SEPARATE = "exposure:identity:separate"
    RISK_ACCEPT = "exposure:risk:accept"
    RISK_FORMULA = "exposure:risk:formula"
    FILTER_READ = "exposure:filter:read"
    FILTER_WRITE = "exposure:filter:write"
    IMPORT_READ = "exposure:import:read"
    IMPORT_WRITE = "exposure:import:write"
    DASHBOARD_READ = "exposure:dashboard:read"
    LAYOUT_WRITE = "exposure:layout:write"
    ANOMALY_READ = "exposure:anomaly:read"
    ANOMALY_ACKNOWLEDGE = "exposure:anomaly:acknowledge"
    SLA_WRITE = "exposure:sla:write"
    EXPORT_READ = "exposure:export:read"
    EXPORT_WRITE = "exposure:export:write"
    INTEL_READ = "exposure:intel:read"
    INTEL_WRITE = "exposure:intel:write"
    SYNC_READ = "exposure:sync:read"
    SYNC_RUN = "exposure:sync:run"
    SYNC_WRITE = "exposure:sync:write"


PERMISSIONS = (
    Permission(Perm.ASSET_READ, "See assets, tags and groups", EVERYONE),
    Permission(Perm.ASSET_WRITE, "Tag and group assets", ANALYSTS),
    Permission(Perm.ASSET_MERGE, "Merge and split assets, and undo that", ANALYSTS),
    Permission(Perm.VULNERABILITY_READ, "See vulnerabilities", EVERYONE),
    Permission(Perm.IDENTITY_APPLY, "Choose the recipe that tells findings apart", MANAGERS),
    Permission(Perm.IDENTITY_SEPARATE, "Say that a finding is a flaw of its own", ANALYSTS),
    Permission(Perm.RISK_ACCEPT, "Accept the risk of a vulnerability, and take that back", ANALYSTS),
    Permission(Perm.RISK_FORMULA, "Change the formula that ranks vulnerabilities", MANAGERS),
    Permission(Perm.FILTER_READ, "See one's saved filters and those that others share", EVERYONE),
    Permission(Perm.FILTER_WRITE, "Save and share filters, and change one's own", EVERYONE),
    Permission(Perm.IMPORT_READ, "See imports and their results", EVERYONE),
    Permission(Perm.IMPORT_WRITE, "Import scanner reports", OPERATORS),
    Permission(Perm.DASHBOARD_READ, "See dashboards", EVERYONE),
    Permission(Perm.LAYOUT_WRITE, "Arrange one's own dashboard", EVERYONE),
    Permission(Perm.ANOMALY_READ, "See days on which figures were not as usual, and why", EVERYONE),
    Permission(Perm.ANOMALY_ACKNOWLEDGE, "Say that an anomaly was seen", ANALYSTS),
    Permission(Perm.SLA_WRITE, "Say in how many days vulnerabilities have to be fixed", MANAGERS),
    Permission(Perm.EXPORT_READ, "See and fetch one's own exports", EVERYONE),
    Permission(Perm.EXPORT_WRITE, "Export what one may see", EVERYONE),
    Permission(Perm.INTEL_READ, "See what is known of CVEs: KEV, EPSS, CVSS, SSVC and aliases", EVERYONE),
    Permission(Perm.INTEL_WRITE, "Import signed snapshots of threat intelligence", OPERATORS),
    Permission(Perm.SYNC_READ, "See syncs with Tenable and their results", OPERATORS),
    Permission(Perm.SYNC_RUN, "Start, cancel and resume syncs with Tenable", OPERATORS),
    Permission(Perm.SYNC_WRITE, "Say where Tenable is, with which keys, and how often a sync starts", ADMINS),
)
