"""What goes over the wire for passwords."""

from marshmallow import fields

from threatweaver.auth.fields import email, link_token, password
from threatweaver.http.schema import Schema


class ChangeIn(Schema):
    current_password = password()
    new_password = password()


class ForgotIn(Schema):
    email = email()


class ResetIn(Schema):
    token = link_token()
    password = password()


class PolicyOut(Schema):
    min_length = fields.Integer(required=True)
    max_length = fields.Integer(required=True)
    breached_list = fields.Boolean(required=True)
    composition_rules = fields.Boolean(required=True)


class PolicyQuery(Schema):
    tenant = fields.String(metadata={"description": "slug; the installation's own tenant without it"})
