"""What goes over the wire for /appsec/templates."""

from marshmallow import fields

from threatweaver.sdk import Schema
from threatweaver_appsec.fields import prose
from threatweaver_appsec.templates.reading import LONGEST

EXAMPLE = """id: example-%s
info:
  name: A status page for everybody
  severity: low
http:
  - method: GET
    path: ["{{BaseURL}}/server-status"]
    matchers:
      - {type: word, words: ["Apache Server Status"]}
"""


class CheckTemplateOut(Schema):
    id = fields.UUID(required=True)
    key = fields.String(required=True)
    name = fields.String(required=True)
    severity = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class CheckTemplateDetailOut(CheckTemplateOut):
    source = fields.String(required=True)


class CheckTemplateCreate(Schema):
    source = prose(1, LONGEST, required=True)
    enabled = fields.Boolean(load_default=True)


class CheckTemplateUpdate(Schema):
    source = prose(1, LONGEST, metadata={"example": EXAMPLE % "changed"})
    enabled = fields.Boolean()


class TemplateSourceIn(Schema):
    source = prose(1, LONGEST, required=True, metadata={"example": EXAMPLE % "checked"})


class TemplateCheckOut(Schema):
    ok = fields.Boolean(required=True)
    message = fields.String(required=True)
    key = fields.String(required=True, allow_none=True)
    requests = fields.Integer(required=True)
