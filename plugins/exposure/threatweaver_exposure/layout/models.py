"""Table of layouts, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.sdk import Model


class Layout(Model):
    """What a person chose, in this order: (name, width, height). Without a row, it is the standard layout."""

    user_id = fields.UUIDField(primary_key=True)
    widgets: fields.JSONField[list[dict[str, Any]]] = fields.JSONField()
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "exposure_layout"
        app = "exposure"
