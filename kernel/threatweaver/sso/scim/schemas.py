"""What goes over the wire for /scim/v2: the attributes of RFC 7643 are taken, and those we know are kept."""

from typing import Any

from marshmallow import fields, validate

from threatweaver.http.schema import Schema

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_TEXT = validate.Length(max=255)


_PASSED_OVER = {"description": "Taken and not kept.", "example": None}


def _text() -> fields.Field[Any]:
    return fields.String(allow_none=True, validate=validate.Length(max=1000), metadata=_PASSED_OVER)


def _object() -> fields.Field[Any]:
    return fields.Dict(keys=fields.String(), allow_none=True, metadata=_PASSED_OVER)


def _objects() -> fields.Field[Any]:
    return fields.List(fields.Dict(keys=fields.String()), allow_none=True, metadata=_PASSED_OVER)


def _schemas() -> fields.Field[Any]:
    return fields.List(fields.String(validate=validate.Length(max=200)), metadata={"example": []})


class ScimQuery(Schema):
    filter = fields.String(validate=validate.Length(1, 500), metadata={"example": 'externalId eq "1"'})
    start_index = fields.Integer(load_default=1, validate=validate.Range(1, 10_000_000))
    count = fields.Integer(load_default=100, validate=validate.Range(0, 500))
    attributes = fields.String(validate=validate.Length(1, 1000))
    excluded_attributes = fields.String(validate=validate.Length(1, 1000))


class ScimUserIn(Schema):
    schemas = _schemas()
    id = _text()
    meta = _object()
    external_id = fields.String(allow_none=True, validate=_TEXT)
    user_name = fields.Email(required=True, validate=validate.Length(max=254))
    display_name = fields.String(allow_none=True, validate=_TEXT)
    name = fields.Dict(keys=fields.String(), allow_none=True)
    emails = fields.List(fields.Dict(keys=fields.String()), allow_none=True)
    active = fields.Boolean(load_default=True)
    nick_name = _text()
    profile_url = _text()
    title = _text()
    user_type = _text()
    preferred_language = _text()
    locale = _text()
    timezone = _text()
    password = _text()
    phone_numbers = _objects()
    ims = _objects()
    photos = _objects()
    addresses = _objects()
    groups = _objects()
    entitlements = _objects()
    roles = _objects()
    x509_certificates = fields.List(
        fields.Dict(keys=fields.String()), data_key="x509Certificates", allow_none=True
    )
    enterprise = fields.Dict(keys=fields.String(), data_key=ENTERPRISE, allow_none=True)


class MemberRef(Schema):
    value = fields.UUID(required=True)
    display = fields.String(allow_none=True)
    type = fields.String(allow_none=True)
    ref = fields.String(data_key="$ref", allow_none=True)


class ScimGroupIn(Schema):
    schemas = _schemas()
    id = _text()
    meta = _object()
    external_id = fields.String(allow_none=True, validate=_TEXT)
    display_name = fields.String(required=True, validate=validate.Length(1, 255))
    members = fields.List(fields.Nested(MemberRef), allow_none=True, metadata={"example": []})


class Operation(Schema):
    op = fields.String(
        required=True,
        validate=validate.Regexp(r"(?i)\A(add|replace|remove)\Z", error="add, replace or remove."),
        metadata={"example": "replace"},
    )
    path = fields.String(
        allow_none=True, validate=validate.Length(max=500), metadata={"example": "externalId"}
    )
    value = fields.Raw(allow_none=True, metadata={"example": "7"})


class PatchIn(Schema):
    schemas = _schemas()
    operations = fields.List(
        fields.Nested(Operation),
        data_key="Operations",
        required=True,
        validate=validate.Length(1, 1000),
        metadata={"example": [{"op": "replace", "path": "externalId", "value": "7"}]},
    )


class MetaOut(Schema):
    resource_type = fields.String(required=True)
    location = fields.String(required=True)
    created = fields.AwareDateTime()


class NameOut(Schema):
    formatted = fields.String(required=True)


class EmailOut(Schema):
    value = fields.String(required=True)
    primary = fields.Boolean(required=True)


class ScimUserOut(Schema):
    schemas = fields.List(fields.String(), required=True)
    id = fields.UUID(required=True)
    external_id = fields.String(required=True, allow_none=True)
    user_name = fields.String(required=True)
    display_name = fields.String(required=True)
    name = fields.Nested(NameOut, required=True)
    emails = fields.List(fields.Nested(EmailOut), required=True)
    active = fields.Boolean(required=True)
    meta = fields.Nested(MetaOut, required=True)


class ScimGroupOut(Schema):
    schemas = fields.List(fields.String(), required=True)
    id = fields.UUID(required=True)
    external_id = fields.String(required=True, allow_none=True)
    display_name = fields.String(required=True)
    members = fields.List(fields.Nested(MemberRef), required=True)
    meta = fields.Nested(MetaOut, required=True)


class ScimUserList(Schema):
    schemas = fields.List(fields.String(), required=True)
    total_results = fields.Integer(required=True)
    start_index = fields.Integer(required=True)
    items_per_page = fields.Integer(required=True)
    resources = fields.List(fields.Nested(ScimUserOut), data_key="Resources", required=True)


class ScimGroupList(ScimUserList):
    resources = fields.List(fields.Nested(ScimGroupOut), data_key="Resources", required=True)
