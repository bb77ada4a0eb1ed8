"""What goes over the wire for /appsec/auth-profiles; secrets go in only."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema
from threatweaver_appsec.auth_profiles.steps import CarriedHeaderIn, RecordedStepIn, puts_in_the_password
from threatweaver_appsec.engine.logins.recorded import MOST_STEPS
from threatweaver_appsec.fields import HEADER_NAME, WebUrl, text

KINDS = ("form", "token", "oauth2", "cookie", "header", "recorded")
NEEDED = {
    "form": (("login_url", "username"), ("password",)),
    "token": ((), ("value",)),
    "oauth2": (("token_url", "client_id"), ("client_secret",)),
    "cookie": (("cookie_name",), ("value",)),
    "header": (("header",), ("value",)),
    "recorded": (("steps",), ("password",)),
}
SECRETS = ("password", "value", "client_secret", "totp_seed")
_SECRET = validate.Regexp(r"\A[^\x00-\x1f\x7f]{1,4000}\Z")


class AuthProfileOut(Schema):
    id = fields.UUID(required=True)
    target_id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    username = fields.String(required=True)
    settings = fields.Raw(required=True)
    has_secrets = fields.Boolean(required=True)
    tested_at = fields.AwareDateTime(required=True, allow_none=True)
    test_ok = fields.Boolean(required=True, allow_none=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class AuthProfileUpdate(Schema):
    name = text(1, 100)
    username = text(0, 300)
    check_url = WebUrl()
    check_text = text(0, 300)
    login_url = WebUrl()
    username_field = text(1, 100)
    password_field = text(1, 100)
    extra = text(0, 1000)
    token_url = WebUrl()
    client_id = text(1, 300)
    scope = text(0, 300)
    header = fields.String(validate=HEADER_NAME)
    prefix = text(0, 50)
    cookie_name = fields.String(validate=HEADER_NAME)
    steps = fields.List(
        fields.Nested(RecordedStepIn), validate=[validate.Length(1, MOST_STEPS), puts_in_the_password]
    )
    carries = fields.List(fields.Nested(CarriedHeaderIn), validate=validate.Length(0, 10))
    password = fields.String(validate=_SECRET)
    value = fields.String(validate=_SECRET)
    client_secret = fields.String(validate=_SECRET)
    totp_seed = fields.String(validate=validate.Regexp(r"\A[A-Za-z2-7 =-]{8,128}\Z"))


class AuthProfileCreate(AuthProfileUpdate):
    target_id = fields.UUID(required=True)
    name = text(1, 100, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS), metadata={"example": "header"})
    check_url = WebUrl(required=True, metadata={"example": "https://example.com/account"})

    @validates_schema
    def _complete(self, data: dict[str, Any], **_: Any) -> None:
        settings, secrets = NEEDED.get(data.get("kind", ""), ((), ()))
        missing = [name for name in (*settings, *secrets) if not data.get(name)]
        if missing:
            keys = [self.fields[name].data_key or name for name in missing]
            raise ValidationError({key: ["Missing data for required field."] for key in keys})


class LoginStepOut(Schema):
    name = fields.String(required=True)
    ok = fields.Boolean(required=True)
    detail = fields.String(required=True)


class LoginTestOut(Schema):
    ok = fields.Boolean(required=True)
    reason = fields.String(required=True)
    steps = fields.List(fields.Nested(LoginStepOut), required=True)
