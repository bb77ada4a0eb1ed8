"""What goes over the wire for /sso/providers and /sso/config."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.http.schema import Schema
from threatweaver.sso.providers.kinds import ALGORITHMS, Kind

_URL = validate.URL(schemes={"https", "http"}, require_tld=False)
_LDAP_URL = validate.Regexp(
    r"\Aldaps?://[A-Za-z0-9.\[\]:_-]{1,255}\Z", error="Like ldaps://directory.example.com:636."
)
_NAME = validate.Length(1, 200)
_DOMAIN = validate.Regexp(
    r"\A[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}\Z", error="A domain like example.com."
)
_TEMPLATE = validate.Regexp(
    r"\A[^{}]*\{username\}[^{}]*\Z", error="Must contain {{username}} once, and no other brace."
)


class SamlOptions(Schema):
    entity_id = fields.String(validate=validate.Length(1, 1000))
    sso_url = fields.String(validate=[_URL, validate.Length(max=2000)])
    certificates = fields.List(
        fields.String(validate=validate.Length(1, 10_000)), validate=validate.Length(1, 10)
    )
    idp_initiated = fields.Boolean(load_default=False)
    require_encryption = fields.Boolean(load_default=False)
    email_attribute = fields.String(load_default="", validate=validate.Length(max=200))
    name_attribute = fields.String(load_default="", validate=validate.Length(max=200))
    groups_attribute = fields.String(load_default="groups", validate=validate.Length(max=200))


class SamlIn(SamlOptions):
    metadata_xml = fields.String(load_only=True, validate=validate.Length(1, 500_000))
    metadata_url = fields.String(load_only=True, validate=[_URL, validate.Length(max=2000)])

    @validates_schema
    def _one_source(self, data: dict[str, Any], **_: Any) -> None:
        by_hand = ("entity_id" in data, "sso_url" in data, "certificates" in data)
        sources = ["metadata_xml" in data, "metadata_url" in data, any(by_hand)]
        if sources.count(True) != 1 or (sources[2] and not all(by_hand)):
            raise ValidationError(
                "Give metadataXml, or metadataUrl, or entityId with ssoUrl and certificates.",
                field_name="metadataXml",
            )


class OidcOptions(Schema):
    issuer = fields.String(required=True, validate=[_URL, validate.Length(max=1000)])
    client_id = fields.String(required=True, validate=_NAME)
    scopes = fields.List(fields.String(validate=_NAME), load_default=lambda: ["openid", "email", "profile"])
    algorithms = fields.List(
        fields.String(validate=validate.OneOf(ALGORITHMS)),
        load_default=lambda: ["RS256"],
        validate=validate.Length(1, len(ALGORITHMS)),
    )
    groups_claim = fields.String(load_default="groups", validate=_NAME)
    trust_email = fields.Boolean(
        load_default=False,
        metadata={"description": "Take addresses without `email_verified`, which Entra ID never sends."},
    )


class OidcIn(OidcOptions):
    client_secret = fields.String(load_only=True, validate=validate.Length(1, 1000))


class LdapOptions(Schema):
    url = fields.String(required=True, validate=_LDAP_URL)
    start_tls = fields.Boolean(load_default=False)
    ca_certificate = fields.String(load_default="", validate=validate.Length(max=20_000))
    user_dn_template = fields.String(
        load_default="", validate=lambda text: text and _TEMPLATE(text), metadata={"example": ""}
    )
    bind_dn = fields.String(load_default="", validate=validate.Length(max=500))
    base_dn = fields.String(required=True, validate=validate.Length(1, 500))
    user_filter = fields.String(
        load_default="(uid={username})",
        validate=[_TEMPLATE, validate.Length(max=500)],
        metadata={"example": "(uid={username})"},
    )
    subject_attribute = fields.String(load_default="entryUUID", validate=_NAME)
    email_attribute = fields.String(load_default="mail", validate=_NAME)
    name_attribute = fields.String(load_default="cn", validate=_NAME)
    groups_attribute = fields.String(load_default="memberOf", validate=validate.Length(max=200))
    group_base_dn = fields.String(load_default="", validate=validate.Length(max=500))
    group_filter = fields.String(
        load_default="(member={dn})",
        validate=[
            validate.Regexp(r"\A[^{}]*\{dn\}[^{}]*\Z", error="Must contain {{dn}} once, and no other brace."),
            validate.Length(max=500),
        ],
        metadata={"example": "(member={dn})"},
    )


class LdapIn(LdapOptions):
    bind_password = fields.String(load_only=True, validate=validate.Length(1, 1000))


class ProviderIn(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 100))
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in Kind]))
    enabled = fields.Boolean(load_default=True)
    just_in_time = fields.Boolean(load_default=False)
    allowed_domains = fields.List(
        fields.String(validate=_DOMAIN), load_default=list, validate=validate.Length(max=100)
    )
    saml = fields.Nested(SamlIn)
    oidc = fields.Nested(OidcIn)
    ldap = fields.Nested(LdapIn)

    @validates_schema
    def _one_kind(self, data: dict[str, Any], **_: Any) -> None:
        if [kind.value for kind in Kind if kind.value in data] != [data["kind"]]:
            raise ValidationError(
                f"Give `{data['kind']}` and no other kind's options.", field_name=data["kind"]
            )


class ProviderOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    enabled = fields.Boolean(required=True)
    just_in_time = fields.Boolean(required=True)
    allowed_domains = fields.List(fields.String(), required=True)
    has_secret = fields.Boolean(required=True)
    saml = fields.Nested(SamlOptions)
    oidc = fields.Nested(OidcOptions)
    ldap = fields.Nested(LdapOptions)
    created_at = fields.AwareDateTime(required=True)


class TenantQuery(Schema):
    tenant = fields.String(validate=validate.Length(1, 63))


class PublicProviderOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    login_url = fields.String(required=True)


class ConfigIn(Schema):
    enabled = fields.Boolean(required=True)
    default_provider_id = fields.UUID(load_default=None, allow_none=True)


class ConfigOut(Schema):
    enabled = fields.Boolean(required=True)
    default_provider_id = fields.UUID(required=True, allow_none=True)
    entity_id = fields.String(required=True)
    acs_url = fields.String(required=True)
    metadata_url = fields.String(required=True)
    certificate = fields.String(required=True)
    redirect_uri = fields.String(required=True)
    providers = fields.List(fields.Nested(ProviderOut), required=True)
