"""Fields that several schemas of signing in share."""

from typing import Any

from marshmallow import fields, validate


def email() -> fields.Email:
    """Return a required e-mail address."""
    return fields.Email(required=True, validate=validate.Length(max=254))


def password(*, required: bool = True) -> fields.String:
    """Return a password, as text or as a compact JWE."""
    return fields.String(required=required, validate=validate.Length(1, 4096))


def link_token() -> fields.String:
    """Return the required token of a mailed link."""
    return fields.String(required=True, validate=validate.Length(1, 128))


def name(**options: Any) -> fields.String:
    """Return a person's name."""
    return fields.String(validate=validate.Length(1, 200), **options)
