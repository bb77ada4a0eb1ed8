"""What goes over the wire for /sso/test."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema
from threatweaver.sso.mapping.schemas import RuleOut


class TestIn(Schema):
    """A provider, and what to decode; without it the provider itself is asked whether it answers."""

    provider_id = fields.UUID(required=True, metadata={"refers": "/sso/providers"})
    saml_response = fields.String(
        validate=validate.Length(1, 60_000),
        metadata={"description": "SAML: the base64 text of a SAMLResponse."},
    )
    id_token = fields.String(
        validate=validate.Length(1, 20_000), metadata={"description": "OpenID Connect: an ID token."}
    )
    username = fields.String(validate=validate.Length(1, 256), metadata={"description": "LDAP: a name."})
    password = fields.String(validate=validate.Length(1, 256), metadata={"description": "LDAP."})


class TestedPersonOut(Schema):
    subject = fields.String(required=True)
    email = fields.String(required=True)
    email_verified = fields.Boolean(required=True)
    name = fields.String(required=True)
    groups = fields.List(fields.String(), required=True)


class TestOut(Schema):
    """`accepted` says whether a sign-in would get that far; `reason` why not."""

    accepted = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    person = fields.Nested(TestedPersonOut, required=True, allow_none=True)
    claims = fields.Dict(keys=fields.String(), required=True)
    role = fields.String(required=True, allow_none=True)
    rule = fields.Nested(RuleOut, required=True, allow_none=True)
