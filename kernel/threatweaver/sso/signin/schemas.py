"""What goes over the wire for /auth/sso."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema

_TEXT = validate.Length(max=4000)


class LoginQuery(Schema):
    tenant = fields.String(validate=validate.Length(1, 63))
    provider = fields.UUID()
    next = fields.String(load_default="/", validate=validate.Length(1, 2000))


class CallbackQuery(Schema):
    """Everything that OpenID providers are known to send; `code` and `state` count."""

    code = fields.String(validate=_TEXT)
    state = fields.String(required=True, validate=_TEXT)
    error = fields.String(validate=_TEXT)
    error_description = fields.String(data_key="error_description", validate=_TEXT)
    error_uri = fields.String(data_key="error_uri", validate=_TEXT)
    iss = fields.String(validate=_TEXT)
    session_state = fields.String(data_key="session_state", validate=_TEXT)
    client_info = fields.String(data_key="client_info", validate=_TEXT)
    scope = fields.String(validate=_TEXT)
    authuser = fields.String(validate=_TEXT)
    prompt = fields.String(validate=_TEXT)
    hd = fields.String(validate=_TEXT)


class TenantQuery(Schema):
    tenant = fields.String(validate=validate.Length(1, 63))


class SamlForm(Schema):
    saml_response = fields.String(
        data_key="SAMLResponse", required=True, validate=validate.Length(1, 500_000)
    )
    relay_state = fields.String(data_key="RelayState", load_default="", validate=_TEXT)


class LdapLogin(Schema):
    tenant = fields.String(validate=validate.Length(1, 63))
    provider = fields.UUID(required=True)
    username = fields.String(required=True, validate=validate.Length(1, 256))
    password = fields.String(required=True, validate=validate.Length(1, 256))
