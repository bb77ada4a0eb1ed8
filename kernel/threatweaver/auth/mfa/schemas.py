"""What goes over the wire for the second factor."""

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.auth.fields import password
from threatweaver.http.schema import Schema


def code_field(*, required: bool = False) -> fields.String:
    """Return a field for a code of six digits."""
    return fields.String(
        required=required, validate=validate.Regexp(r"\A[0-9]{6}\Z", error="Must be six digits.")
    )


class ProofIn(Schema):
    """A code of the authenticator, or a recovery code instead."""

    code = code_field()
    recovery_code = fields.String(validate=validate.Length(16, 32))

    @validates_schema
    def _one_proof(self, data: dict[str, object], **_: object) -> None:
        if ("code" in data) == ("recovery_code" in data):
            raise ValidationError("Give code or recoveryCode.", field_name="code")


class SetupIn(Schema):
    password = password(required=False)
    qr_code = fields.String(validate=validate.OneOf(["svg", "png"]), load_default="svg")


class SetupOut(Schema):
    secret = fields.String(required=True)
    otpauth_uri = fields.String(required=True)
    qr_code = fields.String(required=True)


class EnableIn(Schema):
    code = code_field(required=True)


class DisableIn(ProofIn):
    password = password()


class RecoveryCodesOut(Schema):
    recovery_codes = fields.List(fields.String(), required=True)


class StatusOut(Schema):
    enabled = fields.Boolean(required=True)
    enabled_at = fields.DateTime(required=True, allow_none=True)
    recovery_codes_left = fields.Integer(required=True)
    required = fields.Boolean(required=True)
