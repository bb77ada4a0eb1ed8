"""What the template contributes. Lists only, no logic."""

from threatweaver.sdk import Permission, RouteTable, hookimpl
from threatweaver_template.notes import routes as notes
from threatweaver_template.permissions import PERMISSIONS


@hookimpl
def route_tables() -> list[RouteTable]:
    """Return the route tables."""
    return [notes.table]


@hookimpl
def model_modules() -> list[str]:
    """Return the modules with tables."""
    return ["threatweaver_template.notes.models"]


@hookimpl
def permissions() -> list[Permission]:
    """Return the permissions."""
    return list(PERMISSIONS)
