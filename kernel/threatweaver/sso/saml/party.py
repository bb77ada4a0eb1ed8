"""Our side of SAML: the tenant's key pair, what we tell an identity provider, and what we ask it."""

import asyncio
import base64
import html
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Words
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

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


def library_settings(party: Party, idp: dict[str, Any] | None, *, encrypted: bool) -> OneLogin_Saml2_Settings:
    """Return the library's settings: strict, signed assertions, no SHA-1; `idp` None for metadata alone."""
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": party.entity_id if idp else html.escape(party.entity_id),
                "assertionConsumerService": {
                    "url": party.acs if idp else html.escape(party.acs),
                    "binding": Words.BINDING_HTTP_POST,
                },
                "NameIDFormat": Words.NAMEID_UNSPECIFIED,
                "x509cert": party.certificate,
                "privateKey": party.private_key,
            },
            "idp": idp or {},
            "security": {
                "authnRequestsSigned": True,
                "wantAssertionsSigned": True,
                "wantAssertionsEncrypted": encrypted,
                "rejectDeprecatedAlgorithm": True,
                "requestedAuthnContext": False,
                "wantAttributeStatement": False,
                "allowRepeatAttributeName": True,
                "metadataValidUntil": "",
                "metadataCacheDuration": "",
                "allowSingleLabelDomains": True,
            },
        },
        sp_validation_only=idp is None,
    )


def metadata(party: Party) -> bytes:
    """Return our metadata: signing and encryption key, where responses go, signed assertions wanted."""
    text = library_settings(party, None, encrypted=True).get_sp_metadata()
    return text if isinstance(text, bytes) else text.encode()


_REQUEST = """<samlp:AuthnRequest xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="{id}" Version="2.0" \
IssueInstant="{now}" Destination="{destination}" ProtocolBinding="{binding}" \
AssertionConsumerServiceURL="{acs}"><saml:Issuer>{issuer}</saml:Issuer></samlp:AuthnRequest>"""


def request_url(party: Party, sso_url: str) -> tuple[str, str]:
    """Return a fresh request's id and where to send the browser with it, signed (HTTP-Redirect binding)."""
    request_id = f"_{secrets.token_hex(20)}"
    values = {
        "id": request_id,
        "samlp": Words.NS_SAMLP,
        "saml": Words.NS_SAML,
        "now": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "destination": sso_url,
        "binding": Words.BINDING_HTTP_POST,
        "acs": party.acs,
        "issuer": party.entity_id,
    }
    request = _REQUEST.format(**{name: html.escape(text) for name, text in values.items()})
    query = urlencode({"SAMLRequest": Utils.deflate_and_base64_encode(request), "SigAlg": Words.RSA_SHA256})
    # Made here and sealed since: proving its primes anew would hold up every request for 150 ms.
    key = serialization.load_pem_private_key(
        party.private_key.encode(), None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - _key_pair makes no other
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    query += "&" + urlencode({"Signature": base64.b64encode(signature).decode()})
    return request_id, f"{sso_url}{'&' if '?' in sso_url else '?'}{query}"
