"""The list of grants."""

from marshmallow import fields, validate

from threatweaver.resource.listing import Listing, eq

_NAME = validate.Length(1, 64)

LISTING = Listing(
    source="access_grant g",
    columns={
        "id": "g.id",
        "userId": "g.user_id",
        "groupId": "g.group_id",
        "role": "g.role",
        "scope": "g.scope",
        "scopeId": "g.scope_id",
        "createdBy": "g.created_by",
        "createdAt": "g.created_at",
    },
    id="g.id",
    where=(
        eq("user_id", fields.UUID(), column="g.user_id"),
        eq("group_id", fields.UUID(), column="g.group_id"),
        eq("role", fields.String(validate=_NAME), column="g.role"),
        eq("scope", fields.String(validate=_NAME), column="g.scope"),
        eq("scope_id", fields.UUID(), column="g.scope_id"),
    ),
    sort={"createdAt": "g.created_at", "role": "g.role"},
    default_sort="-createdAt",
)
