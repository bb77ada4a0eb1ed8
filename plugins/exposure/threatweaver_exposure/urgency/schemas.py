"""What goes over the wire for /dashboard/newly-critical."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.backlog.schemas import ActiveCountsOut
from threatweaver_exposure.dashboard.looks import LookOut
from threatweaver_exposure.dashboard.schemas import FiltersQuery
from threatweaver_exposure.urgency.service import REASONS


class NewlyCriticalQuery(FiltersQuery):
    """The filters, and how many days, today included."""

    days = fields.Integer(load_default=7, validate=validate.Range(1, 365))


class UrgentOut(ActiveCountsOut):
    reason = fields.String(required=True, validate=validate.OneOf([*REASONS]))
    assets = fields.Integer(required=True)
    new = fields.Integer(required=True)
    known_before = fields.Integer(required=True)
    look = fields.Nested(LookOut, required=True)


class NewlyCriticalOut(Schema):
    since = fields.Date(required=True)
    data = fields.List(fields.Nested(UrgentOut), required=True)
