"""Permissions of the kernel's own routes."""

from enum import StrEnum

from threatweaver.auth.roles import ADMINS, ANALYSTS, AUDITORS, EVERYONE, MANAGERS, NOBODY, Permission


class Perm(StrEnum):
    """Kernel permissions."""

    JOB_READ = "kernel:job:read"
    JOB_CANCEL = "kernel:job:cancel"
    TOKEN_READ = "kernel:token:read"  # noqa: S105 - a name
    TOKEN_REVOKE = "kernel:token:revoke"  # noqa: S105 - a name
    LICENSE_READ = "kernel:license:read"
    LICENSE_AUDIT = "kernel:license:audit"
    USER_READ = "kernel:user:read"
    USER_WRITE = "kernel:user:write"
    ROLE_READ = "kernel:role:read"
    ROLE_WRITE = "kernel:role:write"
    GRANT_READ = "kernel:grant:read"
    GRANT_WRITE = "kernel:grant:write"
    GROUP_READ = "kernel:group:read"
    GROUP_WRITE = "kernel:group:write"
    LICENSE_WRITE = "kernel:license:write"
    MODULE_READ = "kernel:module:read"
    MODULE_WRITE = "kernel:module:write"
    TENANT_READ = "kernel:tenant:read"
    TENANT_WRITE = "kernel:tenant:write"
    SETTINGS_READ = "kernel:settings:read"
    SETTINGS_WRITE = "kernel:settings:write"
    SSO_READ = "kernel:sso:read"
    SSO_WRITE = "kernel:sso:write"
    AUDIT_READ = "kernel:audit:read"
    AUDIT_EXPORT = "kernel:audit:export"
    SCIM_WRITE = "kernel:scim:write"
    SESSION_READ = "kernel:session:read"
    SESSION_REVOKE = "kernel:session:revoke"
    KEYRING_READ = "kernel:keyring:read"
    KEYRING_ROTATE = "kernel:keyring:rotate"
    RATELIMIT_READ = "kernel:ratelimit:read"
    RATELIMIT_WRITE = "kernel:ratelimit:write"
    NETWORK_READ = "kernel:network:read"
    NETWORK_WRITE = "kernel:network:write"
    ARCHIVE_READ = "kernel:archive:read"
    ARCHIVE_WRITE = "kernel:archive:write"
    QUARANTINE_READ = "kernel:quarantine:read"
    QUARANTINE_WRITE = "kernel:quarantine:write"
    RETENTION_READ = "kernel:retention:read"
    RETENTION_WRITE = "kernel:retention:write"
    ISOLATION_READ = "kernel:isolation:read"
    NOTIFICATION_READ = "kernel:notification:read"
    NOTIFICATION_WRITE = "kernel:notification:write"


PERMISSIONS = (
    Permission(Perm.JOB_READ, "See background jobs and their results", EVERYONE),
    Permission(Perm.JOB_CANCEL, "Cancel background jobs", ANALYSTS),
    Permission(Perm.TOKEN_READ, "See everybody's API tokens", ADMINS),
    Permission(Perm.TOKEN_REVOKE, "Revoke anybody's API tokens", ADMINS),
    Permission(Perm.LICENSE_READ, "See the license, its claims and how much of it is used", ADMINS),
    Permission(Perm.LICENSE_AUDIT, "See the license's history, and seats of all tenants", NOBODY),
    Permission(Perm.USER_READ, "See users, their sessions and invitations", ADMINS),
    Permission(Perm.USER_WRITE, "Make, invite, change and deactivate users", ADMINS),
    Permission(Perm.ROLE_READ, "See roles, permissions and who may call what", ADMINS),
    Permission(Perm.ROLE_WRITE, "Make and change roles", ADMINS),
    Permission(Perm.GRANT_READ, "See grants", ADMINS),
    Permission(Perm.GRANT_WRITE, "Give and take grants", ADMINS),
    Permission(Perm.GROUP_READ, "See groups of users", ADMINS),
    Permission(Perm.GROUP_WRITE, "Change groups of users", ADMINS),
    Permission(Perm.LICENSE_WRITE, "Import a license", ADMINS),
    Permission(Perm.SETTINGS_READ, "See the tenant's settings and their history", ADMINS),
    Permission(Perm.SETTINGS_WRITE, "Change the tenant's settings", ADMINS),
    Permission(Perm.SSO_READ, "See identity providers and the role mapping", ADMINS),
    Permission(Perm.SSO_WRITE, "Change identity providers and the role mapping", ADMINS),
    Permission(Perm.AUDIT_READ, "See the security audit log and check it", AUDITORS),
    Permission(Perm.AUDIT_EXPORT, "Export the security audit log", AUDITORS),
    Permission(Perm.SCIM_WRITE, "Provision users and groups from a directory", ADMINS),
    Permission(Perm.SESSION_READ, "See who is signed in, and who is kept waiting", ADMINS),
    Permission(Perm.SESSION_REVOKE, "End anybody's session, and lift the wait for an account", ADMINS),
    Permission(Perm.KEYRING_READ, "See the keys that seal secrets, never a key itself", NOBODY),
    Permission(Perm.KEYRING_ROTATE, "Add a key that seals secrets from then on", NOBODY),
    Permission(Perm.RATELIMIT_READ, "See rate limits and who draws on them", ADMINS),
    Permission(Perm.RATELIMIT_WRITE, "Change rate limits and lift them for an address", ADMINS),
    Permission(Perm.NETWORK_READ, "See the allow and block list of networks", ADMINS),
    Permission(Perm.NETWORK_WRITE, "Change the allow and block list of networks", ADMINS),
    Permission(Perm.ARCHIVE_READ, "See and download archives of old data", ADMINS),
    Permission(Perm.ARCHIVE_WRITE, "Archive old data, bring it back, delete archives", ADMINS),
    Permission(Perm.QUARANTINE_READ, "See and download what imports refused", ADMINS),
    Permission(Perm.QUARANTINE_WRITE, "Import what was refused once more, delete it", ADMINS),
    Permission(Perm.RETENTION_READ, "See how long data is kept, and what would go", ADMINS),
    Permission(Perm.RETENTION_WRITE, "Change how long data is kept, and delete what is older", ADMINS),
    Permission(Perm.ISOLATION_READ, "See the reports of the isolation probe", ADMINS),
    Permission(Perm.NOTIFICATION_READ, "See notification channels and the delivery log", MANAGERS),
    Permission(Perm.NOTIFICATION_WRITE, "Change notification channels and send again", ADMINS),
    Permission(Perm.MODULE_READ, "See the installed modules, and why one does not run", ADMINS),
    Permission(Perm.MODULE_WRITE, "Switch modules, for everybody or for a tenant", NOBODY),
    Permission(Perm.TENANT_READ, "See the tenants of the installation", NOBODY),
    Permission(Perm.TENANT_WRITE, "Create, suspend, export and drop tenants", NOBODY),
)

PLATFORM = frozenset(
    {
        Perm.TENANT_READ,
        Perm.TENANT_WRITE,
        Perm.KEYRING_READ,
        Perm.KEYRING_ROTATE,
        Perm.LICENSE_AUDIT,
        Perm.MODULE_WRITE,
    }
)
"""Held by the platform's operators, and by no role."""

PLATFORM_IN_SAAS = frozenset({Perm.LICENSE_WRITE, Perm.RATELIMIT_READ, Perm.RATELIMIT_WRITE})
"""Theirs alone where the tenants are customers of the operators."""
