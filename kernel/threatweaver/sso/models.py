"""Tables of single sign-on, in the control schema: signing in comes before any tenant's role."""

from typing import Any

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class SsoTenant(Model):
    """What a tenant's providers share: our SAML key pair, the role rules, and whether SSO is on.

    `rules` is the ordered list of {"group", "role", "providerId"}; without `default_role`, who matches none
    is refused.
    """

    tenant_id = fields.UUIDField(primary_key=True)
    enabled = fields.BooleanField(default=True)
    default_provider_id = fields.UUIDField(null=True)
    certificate = fields.TextField()
    sealed_key = fields.TextField()
    rules = fields.JSONField[list[Any]](default=list)
    default_role = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "sso_tenant"
        app = "control"


class SsoProvider(Model):
    """One identity provider; `options` hold what its kind needs, `sealed_secret` the client or bind secret.

    `lookup` is what names it in an unsolicited answer: the SAML entity id or the OIDC issuer.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    kind = fields.CharField(max_length=8)
    name = fields.CharField(max_length=100)
    enabled = fields.BooleanField(default=True)
    lookup = fields.CharField(max_length=1000)
    options = fields.JSONField[dict[str, Any]](default=dict)
    sealed_secret = fields.TextField(null=True)
    just_in_time = fields.BooleanField(default=False)
    allowed_domains = fields.JSONField[list[Any]](default=list)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "sso_provider"
        app = "control"
        unique_together = (("tenant_id", "name"), ("tenant_id", "kind", "lookup"))


class SsoIdentity(Model):
    """A person as one provider knows them; found again by `subject`, whatever their address becomes."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    provider_id = fields.UUIDField()
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField(db_index=True)
    subject = fields.CharField(max_length=512)
    created_at = fields.DatetimeField(auto_now_add=True)
    last_seen_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "sso_identity"
        app = "control"
        unique_together = (("provider_id", "subject"),)


class SsoUsed(Model):
    """An assertion or a state that was used; `key` is the SHA-256 of provider and id."""

    key = fields.CharField(max_length=64, primary_key=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "sso_used"
        app = "control"


class BrowserFlow(Model):
    """The sealed content of a browser's short session; `key` is the SHA-256 of the id in its cookie."""

    key = fields.CharField(max_length=64, primary_key=True)
    content = fields.TextField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "browser_flow"
        app = "control"


class ScimUser(Model):
    """What a directory calls a member that it provisioned."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField(db_index=True)
    external_id = fields.CharField(max_length=255, null=True)

    class Meta:
        table = "scim_user"
        app = "control"
        unique_together = (("tenant_id", "user_id"),)


class ScimGroup(Model):
    """A group of a directory; its name is what the rules of the role mapping compare."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    display_name = fields.CharField(max_length=255)
    external_id = fields.CharField(max_length=255, null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "scim_group"
        app = "control"
        unique_together = (("tenant_id", "display_name"),)


class ScimMember(Model):
    """A member in a group of a directory."""

    id = fields.BigIntField(primary_key=True)
    tenant_id = fields.UUIDField(db_index=True)
    group_id = fields.UUIDField()
    user_id = fields.UUIDField(db_index=True)

    class Meta:
        table = "scim_member"
        app = "control"
        unique_together = (("group_id", "user_id"),)
