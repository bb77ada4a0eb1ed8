"""Reads of the license's history, in a control scope."""

from marshmallow import fields, validate

from threatweaver.license.history import KINDS
from threatweaver.resource.listing import Listing, any_of

EVENTS = Listing(
    source="license_event",
    columns={
        "id": "id",
        "at": "at",
        "kind": "kind",
        "jti": "jti",
        "actorId": "actor_id",
        "details": "details",
    },
    id="id",
    where=(any_of("kind", fields.String(validate=validate.OneOf(KINDS))),),
    sort={"at": "at"},
    default_sort="-at",
    objects=frozenset({"details"}),
)
