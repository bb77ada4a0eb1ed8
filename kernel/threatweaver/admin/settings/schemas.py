"""What goes over the wire for /admin/settings."""

import copy
from typing import Any

from marshmallow import fields, validate

from threatweaver.admin.settings.values import DECLARED, TenantSettings, plain
from threatweaver.http.schema import Schema

_VERSION = validate.Range(0, 2_000_000_000)


def _members() -> dict[str, Any]:
    return {name: copy.deepcopy(item.kind) for name, item in DECLARED.items()}


SettingsValues = type("SettingsValues", (Schema,), _members())


class SettingsOut(Schema):
    version = fields.Integer(required=True)
    values = fields.Nested(SettingsValues, required=True)
    changed_at = fields.AwareDateTime(allow_none=True)
    changed_by = fields.UUID(allow_none=True)
    changed_by_email = fields.String(allow_none=True)


class SettingsIn(Schema):
    values = fields.Nested(SettingsValues, required=True)
    reason = fields.String(load_default="", validate=validate.Length(0, 500))
    expected_version = fields.Integer(strict=True, load_default=None, validate=_VERSION)


class RollbackIn(Schema):
    version = fields.Integer(strict=True, required=True, validate=_VERSION, metadata={"example": 0})
    reason = fields.String(load_default="", validate=validate.Length(0, 500))
    expected_version = fields.Integer(strict=True, load_default=None, validate=_VERSION)


class SettingOut(Schema):
    name = fields.String(required=True)
    group = fields.String(required=True)
    title = fields.String(required=True)
    type = fields.String(required=True)
    default = fields.Raw(allow_none=True)
    choices = fields.List(fields.Raw())
    minimum = fields.Integer()
    maximum = fields.Integer()


class SettingsVersionOut(Schema):
    version = fields.Integer(required=True)
    changes = fields.Dict(keys=fields.String(), values=fields.List(fields.Raw(allow_none=True)))
    reason = fields.String(required=True)
    changed_at = fields.AwareDateTime(required=True)
    changed_by = fields.UUID(required=True)
    changed_by_email = fields.String(required=True)


_TYPES = {fields.Boolean: "boolean", fields.Integer: "integer", fields.String: "string", fields.List: "list"}


def described() -> list[dict[str, Any]]:
    """Return every setting with its type, default and limits, in the order of their declaration."""
    defaults = plain(TenantSettings())
    return [_described(name, default) for name, default in defaults.items()]


def _described(name: str, default: Any) -> dict[str, Any]:
    item = DECLARED[name]
    limits: dict[str, Any] = {}
    for rule in item.kind.validators:
        if isinstance(rule, validate.OneOf):
            limits["choices"] = list(rule.choices)
        elif isinstance(rule, validate.Range):
            limits |= {"minimum": rule.min, "maximum": rule.max}
    return {
        "name": SettingsValues().fields[name].data_key,
        "group": item.group,
        "title": item.title,
        "type": _TYPES[type(item.kind)],
        "default": default,
        **limits,
    }


def wire(values: dict[str, Any]) -> dict[str, Any]:
    """Return members under their wire names."""
    return {SettingsValues().fields[name].data_key or name: value for name, value in values.items()}
