"""Reads of targets."""

from marshmallow import fields

from threatweaver.sdk import Listing, Where, search

COLUMNS = {
    "id": "id",
    "name": "name",
    "description": "description",
    "baseUrl": "base_url",
    "origins": "origins",
    "prefixes": "prefixes",
    "exclusions": "exclusions",
    "verifiedAt": "verified_at",
    "verifiedBy": "verified_by",
    "checkedAt": "checked_at",
    "checkError": "check_error",
    "createdBy": "created_by",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}
LISTING = Listing(
    source="appsec_target",
    columns=COLUMNS,
    where=(
        Where("verified", fields.Boolean(), "(verified_at IS NOT NULL) = {}"),
        search("name", "base_url"),
    ),
    sort={"name": "name", "createdAt": "created_at", "baseUrl": "base_url"},
    default_sort="name",
)
