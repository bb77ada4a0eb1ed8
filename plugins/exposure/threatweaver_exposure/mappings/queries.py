"""Reads of mappings."""

from threatweaver.sdk import Listing, search

LISTING = Listing(
    source="exposure_report_mapping m",
    columns={
        "id": "m.id",
        "name": "m.name",
        "title": "m.title",
        "version": "m.version",
        "mapping": "m.mapping",
        "createdBy": "m.created_by",
        "createdAt": "m.created_at",
        "updatedAt": "m.updated_at",
    },
    id="m.id",
    where=(search("name", "title"),),
    sort={"name": "m.name", "createdAt": "m.created_at"},
    default_sort="name",
)
