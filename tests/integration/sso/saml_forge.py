"""A SAML identity provider's workshop: responses signed, encrypted, and taken apart again."""

import base64
import datetime as dt
import uuid
from dataclasses import dataclass, field

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"

_RESPONSE = """<samlp:Response xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="{response_id}" Version="2.0"
 IssueInstant="{now}" Destination="{destination}"{asked}><saml:Issuer>{issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer>
<saml:Subject><saml:NameID Format="{format}">{name_id}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData
 Recipient="{recipient}" NotOnOrAfter="{end}"{answered}/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{begin}" NotOnOrAfter="{end}">{audience}</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}"><saml:AuthnContext><saml:AuthnContextClassRef>
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>
</saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="groups">
<saml:AttributeValue>{group}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>
</saml:Assertion></samlp:Response>"""


def key_pair():
    """A private key and a certificate, PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


@dataclass
class Forge:
    """Makes responses of `issuer` for one service provider."""

    entity_id: str
    acs: str
    sp_certificate: bytes
    issuer: str = field(default_factory=lambda: f"https://idp.example.com/{uuid.uuid4().hex}")
    pair: tuple = field(default_factory=key_pair)

    def response(self, request_id=None, *, minutes=5, begin=-1, **changes):
        """An unsigned response, everything in it right but for the changes."""
        now = dt.datetime.now(dt.UTC)

        def at(offset):
            return (now + dt.timedelta(minutes=offset)).strftime("%Y-%m-%dT%H:%M:%SZ")

        asked = f' InResponseTo="{request_id}"' if request_id else ""
        values = {
            "saml": SAML,
            "samlp": SAMLP,
            "response_id": f"_{uuid.uuid4().hex}",
            "assertion_id": f"_{uuid.uuid4().hex}",
            "now": at(0),
            "begin": at(begin),
            "end": at(minutes),
            "destination": self.acs,
            "recipient": self.acs,
            "issuer": self.issuer,
            "format": EMAIL,
            "name_id": "ada@example.com",
            "group": "secops",
            "asked": asked,
            "answered": asked,
            **changes,
        }
        audience = values.get("audience", self.entity_id)
        values["audience"] = (
            f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
            if audience
            else ""
        )
        return etree.fromstring(_RESPONSE.format(**values))

    def sign(self, node, pair=None, *, method=xmlsec.Transform.RSA_SHA256, digest=xmlsec.Transform.SHA256):
        """Sign a response or an assertion in place."""
        template = xmlsec.template.create(node, xmlsec.Transform.EXCL_C14N, method, ns="ds")
        node.insert(1, template)
        reference = xmlsec.template.add_reference(template, digest, uri=f"#{node.get('ID')}")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        xmlsec.tree.add_ids(node, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory((pair or self.pair)[0], xmlsec.KeyFormat.PEM)
        context.sign(template)
        return node

    def signed(self, request_id=None, **changes):
        """A response with a signed assertion."""
        response = self.response(request_id, **changes)
        self.sign(assertion(response))
        return response

    def encrypt(self, response, certificate=None):
        """Encrypt the assertion for the service provider, or for another certificate."""
        plain = assertion(response)
        holder = etree.Element(f"{{{SAML}}}EncryptedAssertion")
        response.replace(plain, holder)
        holder.append(plain)
        data = xmlsec.template.encrypted_data_create(
            holder, xmlsec.Transform.AES256_GCM, type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
        )
        xmlsec.template.encrypted_data_ensure_cipher_value(data)
        info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
        wrapped = xmlsec.template.add_encrypted_key(info, xmlsec.Transform.RSA_OAEP)
        xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_memory(certificate or self.sp_certificate, xmlsec.KeyFormat.CERT_PEM))
        context = xmlsec.EncryptionContext(manager)
        context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, 256, xmlsec.KeyDataType.SESSION)
        context.encrypt_xml(data, plain)  # takes its place
        return response


def assertion(response):
    return response.find("saml:Assertion", NS)


def encode(response):
    """The form field that a provider's page posts."""
    text = response if isinstance(response, bytes) else etree.tostring(response)
    return base64.b64encode(text).decode()
