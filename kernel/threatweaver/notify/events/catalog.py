"""Declaring events: what can happen, who may hear of it, and how they do at first."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields

from threatweaver.auth.permissions import Perm
from threatweaver.severity import SEVERITIES, Severity


class Mode(StrEnum):
    """How a person hears of an event by mail."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationEvent:
    """An event `<plugin>.<what_happened>`.

    Channels take every event that has a permission; a person hears of those whose permission they hold.
    Without permission it concerns the one person that it is raised for, and nobody else. What is raised
    again with the same key within `window` is not told again.
    """

    name: str
    title: str
    permission: str | None = None
    default: Mode = Mode.OFF
    window: timedelta = timedelta(hours=1)


class SeverityField(fields.Field[int]):
    """A severity's name in a body, as its number; unlike a filter's, exactly as it is documented."""

    choices = SEVERITIES

    def __init__(self, *, load_default: int | None = None) -> None:
        described: dict[str, Any] = {"type": "string", "enum": list(self.choices)}
        if load_default is None:
            super().__init__(metadata=described)
        else:
            described["default"] = Severity(load_default).name
            super().__init__(load_default=load_default, metadata=described)

    def _deserialize(self, value: object, attr: str | None, data: object, **_: object) -> int:
        if isinstance(value, str) and value in Severity.__members__:
            return Severity[value].value
        raise ValidationError(f"Must be one of: {', '.join(self.choices)}.")


NEW_DEVICE = NotificationEvent(
    name="kernel.new_device", title="You signed in from a new device", default=Mode.IMMEDIATE
)
TOKEN_EXPIRING = NotificationEvent(
    name="kernel.token_expiring",
    title="Your API token expires soon",
    default=Mode.IMMEDIATE,
    window=timedelta(days=20),
)
USER_LOCKED = NotificationEvent(
    name="kernel.user_locked",
    title="Sign-ins of somebody are slowed down after many wrong passwords",
    permission=Perm.NOTIFICATION_WRITE,
    default=Mode.IMMEDIATE,
)
LICENSE_EXPIRING = NotificationEvent(
    name="kernel.license_expiring",
    title="The license expires soon",
    permission=Perm.LICENSE_WRITE,
    default=Mode.IMMEDIATE,
    window=timedelta(days=20),
)
IMPORT_COMPLETED = NotificationEvent(
    name="kernel.import_completed", title="An import was completed", permission=Perm.JOB_READ
)
IMPORT_FAILED = NotificationEvent(
    name="kernel.import_failed", title="An import failed", permission=Perm.JOB_READ, default=Mode.DIGEST
)
CHANNEL_DISABLED = NotificationEvent(
    name="kernel.channel_disabled",
    title="A notification channel was switched off because nothing reached it",
    permission=Perm.NOTIFICATION_WRITE,
    default=Mode.IMMEDIATE,
)
SUPPRESSED = NotificationEvent(
    name="kernel.notifications_suppressed",
    title="There were too many notifications in an hour",
    permission=Perm.NOTIFICATION_WRITE,
    default=Mode.IMMEDIATE,
)

KERNEL_EVENTS = (
    NEW_DEVICE,
    TOKEN_EXPIRING,
    USER_LOCKED,
    LICENSE_EXPIRING,
    IMPORT_COMPLETED,
    IMPORT_FAILED,
    CHANNEL_DISABLED,
    SUPPRESSED,
)
