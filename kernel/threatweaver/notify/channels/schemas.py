"""What goes over the wire for /notification/channels."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.http.schema import Schema
from threatweaver.notify.channels.models import Kind
from threatweaver.notify.events.catalog import SeverityField

KINDS = [item.value for item in Kind]


def _events() -> fields.List[Any]:
    return fields.List(fields.String(validate=validate.Length(1, 100)), validate=validate.Length(0, 100))


def _recipients(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Email(), validate=validate.Length(1, 20), **options)


def _url() -> fields.Url:
    return fields.Url(schemes={"http", "https"}, require_tld=False, validate=validate.Length(1, 2000))


class ChannelIn(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True, validate=validate.Length(1, 100))
    enabled = fields.Boolean(load_default=True)
    events = _events()
    minimum_severity = SeverityField(load_default=0)
    recipients = _recipients()
    url = _url()

    @validates_schema
    def _fits_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        needed, other = ("recipients", "url") if data["kind"] == Kind.EMAIL else ("url", "recipients")
        if needed not in data:
            raise ValidationError("This kind of channel needs it.", field_name=needed)
        if other in data:
            raise ValidationError("This kind of channel takes none.", field_name=other)


class ChannelChange(Schema):
    name = fields.String(validate=validate.Length(1, 100))
    enabled = fields.Boolean()
    events = _events()
    minimum_severity = SeverityField()
    recipients = _recipients()
    url = _url()


class ChannelOut(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    name = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    events = fields.List(fields.String(), required=True)
    minimum_severity = fields.String(required=True, validate=validate.OneOf(SeverityField.choices))
    recipients = fields.List(fields.String(), required=True)
    host = fields.String(required=True)
    disabled_reason = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class NewChannelOut(ChannelOut):
    secret = fields.String(required=True, allow_none=True)


class SecretOut(Schema):
    secret = fields.String(required=True)
    old_secret_until = fields.AwareDateTime(required=True)
