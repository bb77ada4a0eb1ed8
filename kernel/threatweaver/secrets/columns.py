"""Every column that holds sealed text. Whoever seals a new one adds it here, or a rotation passes it by."""

from dataclasses import dataclass

from threatweaver.db.orm import CONTROL, TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """What a text is sealed for: `<purpose>:<key>`, `key` being a unique column, then perhaps `:<member>`."""

    table: str
    column: str
    purpose: str
    key: str = "id"
    member: str = ""
    schema: str = CONTROL

    def purpose_of(self, key: str) -> str:
        """Return what the text of this row is sealed for."""
        return f"{self.purpose}:{key}:{self.member}" if self.member else f"{self.purpose}:{key}"


_CHANNEL_MEMBERS = ("url", "secret", "old_secret")
COLUMNS = (
    SealedColumn(table="user_account", column="mfa_secret", purpose="mfa.secret"),
    SealedColumn(table="encryption_key", column="private_jwk", purpose="auth.encryption", key="kid"),
    SealedColumn(table="mail", column="content", purpose="mail"),
    SealedColumn(table="sso_provider", column="sealed_secret", purpose="sso.client"),
    SealedColumn(table="sso_tenant", column="sealed_key", purpose="sso.saml", key="tenant_id"),
    SealedColumn(table="appsec_auth_profile", column="sealed_secrets", purpose="appsec.auth", schema=TENANT),
    SealedColumn(table="exposure_sync_config", column="sealed_keys", purpose="sync.tenable", schema=TENANT),
    *(
        SealedColumn(
            table="notification_channel",
            column=name,
            purpose="notification.channel",
            member=name,
            schema=TENANT,
        )
        for name in _CHANNEL_MEMBERS
    ),
)
PASSING = frozenset({"browser.flow"})
"""Purposes whose texts live for minutes: a key outlives them before it may be retired."""
