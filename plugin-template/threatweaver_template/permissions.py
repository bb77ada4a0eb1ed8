"""Permissions of the template plugin: <plugin>:<object>:<action>."""

from enum import StrEnum

from threatweaver.sdk import ANALYSTS, EVERYONE, Permission


class Perm(StrEnum):
    """What the plugin's routes ask for."""

    NOTE_READ = "template:note:read"
    NOTE_WRITE = "template:note:write"


PERMISSIONS = (
    Permission(Perm.NOTE_READ, "See notes", EVERYONE),
    Permission(Perm.NOTE_WRITE, "Write notes", ANALYSTS),
)
