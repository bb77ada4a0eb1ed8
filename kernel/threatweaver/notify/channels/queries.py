"""Channels as a list."""

from marshmallow import fields, validate

from threatweaver.notify.channels.models import Kind
from threatweaver.resource.listing import Listing, any_of
from threatweaver.severity import severity_name

CHANNELS = Listing(
    source="notification_channel",
    columns={
        "id": "id",
        "kind": "kind",
        "name": "name",
        "enabled": "enabled",
        "events": "events",
        "minimumSeverity": severity_name("minimum_severity"),
        "recipients": "recipients",
        "host": "host",
        "disabledReason": "disabled_reason",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    },
    where=(any_of("kind", fields.String(validate=validate.OneOf([item.value for item in Kind]))),),
    sort={"name": "name", "createdAt": "created_at"},
    default_sort="name",
)
