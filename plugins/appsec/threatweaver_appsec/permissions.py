"""Permissions of the appsec plugin."""

from enum import StrEnum

from threatweaver.sdk import ANALYSTS, EVERYONE, MANAGERS, OPERATORS, Permission


class Perm(StrEnum):
    """<plugin>:<object>:<action>."""

    TARGET_READ = "appsec:target:read"
    TARGET_WRITE = "appsec:target:write"
    AUTH_READ = "appsec:auth:read"
    AUTH_WRITE = "appsec:auth:write"
    PROFILE_READ = "appsec:profile:read"
    PROFILE_WRITE = "appsec:profile:write"
    ASSESSMENT_READ = "appsec:assessment:read"
    ASSESSMENT_WRITE = "appsec:assessment:write"
    ASSESSMENT_RUN = "appsec:assessment:run"
    FINDING_READ = "appsec:finding:read"
    FINDING_WRITE = "appsec:finding:write"
    EVIDENCE_READ = "appsec:evidence:read"
    RISK_ACCEPT = "appsec:risk:accept"
    POLICY_WRITE = "appsec:policy:write"
    CI_RUN = "appsec:ci:run"
    EMERGENCY_STOP = "appsec:emergency:stop"


PERMISSIONS = (
    Permission(Perm.TARGET_READ, "See targets, their scope and whether they are verified", EVERYONE),
    Permission(Perm.TARGET_WRITE, "Add, verify, change and delete targets", OPERATORS),
    Permission(Perm.AUTH_READ, "See how scans sign in, without the secrets", OPERATORS),
    Permission(Perm.AUTH_WRITE, "Say how scans sign in, and try it", OPERATORS),
    Permission(Perm.PROFILE_READ, "See scan profiles, agents, word lists, payloads and templates", EVERYONE),
    Permission(
        Perm.PROFILE_WRITE, "Change scan profiles, agents, word lists, payloads, templates", OPERATORS
    ),
    Permission(Perm.ASSESSMENT_READ, "See assessments, their progress, coverage and reports", EVERYONE),
    Permission(Perm.ASSESSMENT_WRITE, "Create, change, schedule and delete assessments", OPERATORS),
    Permission(Perm.ASSESSMENT_RUN, "Launch and stop assessments", OPERATORS),
    Permission(Perm.FINDING_READ, "See findings and their figures", EVERYONE),
    Permission(Perm.FINDING_WRITE, "Work on findings: status, assignment, comments", ANALYSTS),
    Permission(
        Perm.EVIDENCE_READ, "See what was exchanged with targets: evidence, replay, requests", ANALYSTS
    ),
    Permission(
        Perm.RISK_ACCEPT, "Accept risks, call findings false positives, and suppress findings", ANALYSTS
    ),
    Permission(Perm.POLICY_WRITE, "Change the policies and baselines that pipelines are judged by", MANAGERS),
    Permission(Perm.CI_RUN, "Start scans from a pipeline", OPERATORS),
    Permission(Perm.EMERGENCY_STOP, "Stop all scans at once, and allow scans again", OPERATORS),
)
