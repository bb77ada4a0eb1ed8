"""What goes over the wire while somebody signs in."""

from marshmallow import fields, validate

from threatweaver.auth.fields import email, password
from threatweaver.auth.mfa.schemas import ProofIn
from threatweaver.auth.schemas import UserOut
from threatweaver.http.schema import Schema

_TOKEN = validate.Length(1, 128)


class LoginIn(Schema):
    email = email()
    password = password()
    choose_tenant = fields.Boolean(load_default=False)


class PlaceOut(Schema):
    id = fields.UUID(required=True)
    slug = fields.String(required=True)
    role = fields.String(required=True)


class LoginOut(Schema):
    """Either `token`, `user` and `tenants`, or what the sign-in needs next."""

    token = fields.String()
    user = fields.Nested(UserOut)
    tenants = fields.List(fields.Nested(PlaceOut))
    mfa_required = fields.Boolean()
    mfa_token = fields.String()
    tenant_required = fields.Boolean()
    tenant_token = fields.String()


class MfaValidateIn(ProofIn):
    mfa_token = fields.String(required=True, validate=_TOKEN)


class SelectTenantIn(Schema):
    tenant_token = fields.String(required=True, validate=_TOKEN)
    tenant_id = fields.UUID(required=True)
