"""What goes over the wire for the allow and the block list."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from threatweaver.http.schema import Schema
from threatweaver.tenancy.network import Kind, parse_address, parse_range

_REASON = validate.Length(0, 500)


class RangeText(fields.String):
    """A network or an address, IPv4 or IPv6; loaded in canonical form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return str(parse_range(str(text)))
        except ValueError:
            raise ValidationError(
                "Must be an address or a network without host bits, like 192.0.2.0/24 or 2001:db8::/32."
            ) from None


def _is_address(text: str) -> None:
    if parse_address(text) is None:
        raise ValidationError("Must be an IPv4 or IPv6 address.")


class NetworkRuleIn(Schema):
    range = RangeText(required=True, validate=validate.Length(1, 49), metadata={"example": "192.0.2.0/24"})
    reason = fields.String(load_default="", validate=_REASON)
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)


class NetworkRuleUpdate(Schema):
    reason = fields.String(validate=_REASON)
    expires_at = fields.AwareDateTime(allow_none=True)


class NetworkRuleQuery(Schema):
    id = fields.UUID(required=True)


class NetworkRuleOut(Schema):
    id = fields.UUID(required=True)
    range = fields.String(required=True)
    reason = fields.String(required=True)
    expires_at = fields.AwareDateTime(allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    created_by = fields.UUID(required=True)


class AddressQuery(Schema):
    address = fields.String(
        required=True, validate=[validate.Length(2, 100), _is_address], metadata={"example": "192.0.2.7"}
    )


class AddressVerdictOut(Schema):
    address = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    refused_by = fields.String(
        allow_none=True,
        validate=validate.OneOf([kind.value for kind in Kind]),
        metadata={"description": "The list that refuses it: what blocks it, or the allow list it is not on."},
    )
    rules = fields.List(
        fields.UUID(),
        required=True,
        metadata={"description": "The lines of both lists that have the address."},
    )
