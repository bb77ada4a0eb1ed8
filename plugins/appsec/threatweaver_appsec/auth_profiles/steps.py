"""Recorded steps of a login, as they go over the wire for /appsec/auth-profiles."""

import re
from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema
from threatweaver_appsec.fields import CLEAN, HEADER_NAME, WebUrl, prose, text

_HOLE = re.compile(r"\{\{\s*[A-Za-z0-9_-]{1,60}\s*\}\}")
_PASSWORD = re.compile(r"\{\{\s*password\s*\}\}")
_GIVEN = ("username", "password", "totp")


class CarriedHeaderIn(Schema):
    """A header of a step or of the session, its placeholders not yet filled."""

    name = fields.String(required=True, validate=HEADER_NAME, metadata={"example": "Accept"})
    value = fields.String(required=True, validate=[validate.Length(0, 4000), CLEAN])

    @validates_schema
    def _no_secret(self, data: dict[str, Any], **_: Any) -> None:
        """What was recorded as a header that signs somebody in is a secret, and steps are shown."""
        name, value = data.get("name", "").lower(), data.get("value", "")
        if name in {"authorization", "cookie", "proxy-authorization"} and not _HOLE.search(value):
            raise ValidationError("Must put in {{password}} or a value taken from an answer.", "value")


class RecordedExtractIn(Schema):
    """A value to take out of an answer, for the steps behind it."""

    name = fields.String(
        required=True,
        validate=[validate.Regexp(r"\A[A-Za-z0-9_-]{1,60}\Z"), validate.NoneOf(_GIVEN)],
        metadata={"example": "token"},
    )
    pointer = fields.String(
        validate=validate.Regexp(r"\A/[^\x00-\x1f\x7f]{0,300}\Z"), metadata={"example": "/token"}
    )
    header = fields.String(validate=HEADER_NAME, metadata={"example": "X-Token"})
    before = text(1, 300)
    after = text(1, 300)

    @validates_schema
    def _from_somewhere(self, data: dict[str, Any], **_: Any) -> None:
        if not data.keys() & {"pointer", "header", "before", "after"}:
            raise ValidationError("Say where it stands: pointer, header, or before and after.", "pointer")


class RecordedStepIn(Schema):
    """One request of a login."""

    method = fields.String(load_default="GET", validate=validate.OneOf(("GET", "HEAD", "POST")))
    url = WebUrl(required=True, metadata={"example": "https://example.com/login"})
    headers = fields.List(fields.Nested(CarriedHeaderIn), validate=validate.Length(0, 30))
    body = prose(0, 20_000, metadata={"example": "name={{username}}&password={{password}}"})
    status = fields.Integer(strict=True, validate=validate.Range(100, 599))
    extracts = fields.List(fields.Nested(RecordedExtractIn), validate=validate.Length(0, 20))


def puts_in_the_password(steps: Sequence[dict[str, Any]]) -> None:
    """Refuse steps that send the same whatever the password is: nothing would show that wrong ones fail."""
    if not any(_PASSWORD.search(one.get("body", "") + one.get("url", "")) for one in steps):
        raise ValidationError("One of the steps must put {{password}} into its body or URL.")
