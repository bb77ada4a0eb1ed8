"""Our side of SAML: how we are named, and the tenant's key pair."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from threatweaver.config import Settings
from threatweaver.kernel import Kernel
from threatweaver.sso.models import SsoTenant

_TEN_YEARS = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Party:
    """We, as one tenant's service provider; both PEM texts belong to the tenant's key pair."""

    entity_id: str
    acs: str
    certificate: str
    private_key: str


def entity_id(settings: Settings, slug: str) -> str:
    """Return the name under which a tenant is known to identity providers: where its metadata is."""
    return f"{settings.public_url}/api/sso/metadata?tenant={quote(slug)}"


def acs_url(settings: Settings, slug: str) -> str:
    """Return where identity providers post their responses for a tenant."""
    return f"{callback_url(settings)}?tenant={quote(slug)}"


def callback_url(settings: Settings) -> str:
    """Return the redirect URI of OpenID Connect, the same for all tenants."""
    return f"{settings.public_url}/api/auth/sso/callback"


async def of_tenant(kernel: Kernel, tenant_id: UUID, slug: str) -> Party:
    """Return the tenant's party; the first call makes its key pair."""
    row = await settings_of(kernel, tenant_id)
    return Party(
        entity_id=entity_id(kernel.settings, slug),
        acs=acs_url(kernel.settings, slug),
        certificate=row.certificate,
        private_key=kernel.secrets.open(row.sealed_key, purpose=_purpose(tenant_id)),
    )


async def settings_of(kernel: Kernel, tenant_id: UUID) -> SsoTenant:
    """Return the tenant's row, made with a fresh key pair at the first call; opens its own transactions."""
    async with kernel.database.control(read_only=True):
        row = await SsoTenant.get_or_none(tenant_id=tenant_id)
    if row is not None:
        return row
    certificate, key = await asyncio.to_thread(_key_pair)
    made = SsoTenant(
        tenant_id=tenant_id,
        certificate=certificate,
        sealed_key=kernel.secrets.seal(key, purpose=_purpose(tenant_id)),
    )
    async with kernel.database.control():
        await SsoTenant.bulk_create([made], ignore_conflicts=True)  # another process may have been first
        return await SsoTenant.get(tenant_id=tenant_id)


def _purpose(tenant_id: UUID) -> str:
    return f"sso.saml:{tenant_id}"


def _key_pair() -> tuple[str, str]:
    """Return a self-signed certificate and its key, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ThreatWeaver SAML service provider")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _TEN_YEARS)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
