"""The seven documented roles, and the permissions that the kernel and the plugins declare for them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A documented role; `admin` holds every permission that any role holds."""

    ADMIN = "admin"
    MANAGER = "manager"
    SECURITY_ANALYST = "security_analyst"
    SCANNER_ADMIN = "scanner_admin"
    COMPLIANCE_OFFICER = "compliance_officer"
    ANALYST = "analyst"
    VIEWER = "viewer"


TITLES = {
    Role.ADMIN: "Administrator",
    Role.MANAGER: "Manager",
    Role.SECURITY_ANALYST: "Security analyst",
    Role.SCANNER_ADMIN: "Scanner administrator",
    Role.COMPLIANCE_OFFICER: "Compliance officer",
    Role.ANALYST: "Analyst",
    Role.VIEWER: "Viewer",
}
EVERYONE = frozenset(Role)
"""Every documented role."""
ANALYSTS = frozenset({Role.ADMIN, Role.MANAGER, Role.SECURITY_ANALYST, Role.ANALYST})
"""Who works on what was found."""
MANAGERS = frozenset({Role.ADMIN, Role.MANAGER})
"""Who decides for others."""
OPERATORS = frozenset({Role.ADMIN, Role.MANAGER, Role.SECURITY_ANALYST, Role.SCANNER_ADMIN})
"""Who runs scans and takes reports in."""
ADMINS = frozenset({Role.ADMIN})
"""The tenant's administrators alone."""
NOBODY: frozenset[Role] = frozenset()  # not even the administrators: what operators of the platform may do
AUDITORS = frozenset({Role.ADMIN, Role.COMPLIANCE_OFFICER})


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission `<plugin>:<object>:<action>`, what it allows, and the roles that hold it at first."""

    name: str
    title: str
    roles: frozenset[Role]


def grants(permissions: Iterable[Permission]) -> Mapping[str, frozenset[str]]:
    """Return role → names of its permissions."""
    declared = list(permissions)
    return {
        role.value: frozenset(
            item.name for item in declared if item.roles and (role is Role.ADMIN or role in item.roles)
        )
        for role in Role
    }
