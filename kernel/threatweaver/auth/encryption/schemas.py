"""What goes over the wire for password encryption."""

from marshmallow import fields

from threatweaver.http.schema import Schema


class PublicKeyOut(Schema):
    """A JWK (RFC 7517), and until when it is the current one."""

    kty = fields.String(required=True)
    n = fields.String(required=True)
    e = fields.String(required=True)
    kid = fields.String(required=True)
    use = fields.String(required=True)
    alg = fields.String(required=True)
    expires = fields.AwareDateTime(required=True)
