"""What goes over the wire for /saved-filters and the descriptions of lists."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.filters.queries import LISTS

_NAME = validate.Length(1, 100)
_LONGEST = 4000  # one hundred UUIDs


class ParametersField(fields.Dict):
    """Parameters of a list as an address has them, names and texts; what they may be is the list's to say."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            keys=fields.String(), values=fields.String(validate=validate.Length(0, _LONGEST)), **options
        )

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Say what is wrong with a text under the name of its parameter."""
        try:
            return super().deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            wrong = {name: found.get("value", found) for name, found in error.messages.items()}
            raise ValidationError(wrong) from None


class SavedFilterOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    resource = fields.String(required=True, validate=validate.OneOf([*LISTS]))
    query = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    shared = fields.Boolean(required=True)
    alert = fields.Boolean(required=True)
    owner_id = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class SavedFilterCreate(Schema):
    name = fields.String(required=True, validate=_NAME)
    resource = fields.String(required=True, validate=validate.OneOf([*LISTS]))
    query = ParametersField(required=True, metadata={"example": {"severity": "CRITICAL,HIGH"}})
    shared = fields.Boolean()
    alert = fields.Boolean()


class SavedFilterUpdate(Schema):
    name = fields.String(validate=_NAME)
    query = ParametersField()
    shared = fields.Boolean()
    alert = fields.Boolean()


class ListFilterOut(Schema):
    name = fields.String(required=True)
    type = fields.String(required=True)
    values = fields.List(fields.String(), required=True, allow_none=True)
    several = fields.Boolean(required=True)
    example = fields.String(required=True)


class ListSortOut(Schema):
    name = fields.String(required=True)
    ascending = fields.String(required=True)
    descending = fields.String(required=True)


class ListColumnOut(Schema):
    name = fields.String(required=True)
    type = fields.String(required=True)
    values = fields.List(fields.String(), required=True, allow_none=True)
    several = fields.Boolean(required=True)
    can_be_null = fields.Boolean(required=True)
    sortable = fields.Boolean(required=True)


class ListFieldsOut(Schema):
    filters = fields.List(fields.Nested(ListFilterOut), required=True)
    sort = fields.List(fields.Nested(ListSortOut), required=True)
    default_sort = fields.String(required=True)
    columns = fields.List(fields.Nested(ListColumnOut), required=True)


def with_saved_filter(query: type[Schema]) -> type[Schema]:
    """Return the parameters of a list with one that names a saved filter."""
    return type(query.__name__, (query,), {"saved_filter": fields.UUID()})
