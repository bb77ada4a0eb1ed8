"""What goes over the wire for registration and invitations."""

from marshmallow import fields, validate

from threatweaver.auth.fields import email, link_token, name, password
from threatweaver.http.schema import Schema


class RegisterIn(Schema):
    email = email()
    password = password()
    name = name(required=True)
    tenant = fields.String(validate=validate.Length(1, 63), load_default=None)


class AddressIn(Schema):
    email = email()


class AcceptIn(Schema):
    token = link_token()
    password = password()
    name = fields.String(load_default="", validate=validate.Length(0, 200))


class VerifyQuery(Schema):
    token = link_token()


class VerifiedOut(Schema):
    email = fields.String(required=True)
    reset_token = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Sets the password that the owner has not chosen yet, once, within the hour."
        },
    )
