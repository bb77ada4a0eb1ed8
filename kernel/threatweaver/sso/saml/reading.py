"""From an assertion's XML to a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from threatweaver.sso.asserted import Asserted
from threatweaver.sso.errors import SsoRefused
from threatweaver.sso.saml.structure import NAMESPACES

_LONGEST = 512
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_EMAILS = ("email", "mail", f"{_CLAIMS}/emailaddress", "urn:oid:0.9.2342.19200300.100.1.3")
_NAMES = ("displayName", "name", "cn", f"{_CLAIMS}/name", "urn:oid:2.16.840.1.113730.3.1.241")
_GROUPS = ("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", "memberOf")
_STRONG = ("multipleauthn", "MultiFactor", "TimeSyncToken", "/mfa")


def parse(xml: bytes) -> Any:
    """Parse without DTD, entities, comments and network."""
    return OneLogin_Saml2_XML.to_etree(xml)


def person(assertion: Any, options: Mapping[str, Any]) -> Asserted:
    """Read who an assertion is about; what it is signed with is somebody else's business."""
    attributes = {
        str(node.get("Name")): [text(value) for value in node.iterfind("saml:AttributeValue", NAMESPACES)]
        for node in assertion.iterfind("saml:AttributeStatement/saml:Attribute", NAMESPACES)
    }
    name_id = assertion.find("saml:Subject/saml:NameID", NAMESPACES)
    named = text(name_id) if name_id is not None else ""
    email = _first(attributes, options["emailAttribute"], _EMAILS) or (named if "@" in named else "")
    lasting = name_id is not None and name_id.get("Format") != _TRANSIENT
    context = "saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef"
    contexts = [text(node) for node in assertion.iterfind(context, NAMESPACES)]
    subject = named if lasting else email.lower()
    if not 0 < len(subject) <= _LONGEST:  # a name that is empty or cut would be several people's
        raise SsoRefused(reason="NO_SUBJECT")
    return Asserted(
        subject=subject,
        email=email.lower(),
        name=_first(attributes, options["nameAttribute"], _NAMES),
        groups=tuple(_values(attributes, options["groupsAttribute"], _GROUPS)),
        verified=True,  # the tenant's own directory, and its administrator chose the domains
        mfa=any(mark in name for name in contexts for mark in _STRONG),
        claims={
            "issuer": assertion.findtext("saml:Issuer", namespaces=NAMESPACES),
            "nameId": named,
            "nameIdFormat": name_id.get("Format") if name_id is not None else None,
            "authnContext": contexts,
            "attributes": attributes,
        },
    )


def text(node: Any) -> str:
    """Return an element's whole text: a comment within it must not cut it short."""
    return str(node.xpath("string()")).strip()


def _values(attributes: Mapping[str, Sequence[str]], chosen: str, usual: Sequence[str]) -> Sequence[str]:
    names = (chosen, *usual) if chosen else usual
    return next((attributes[name] for name in names if attributes.get(name)), [])


def _first(attributes: Mapping[str, Sequence[str]], chosen: str, usual: Sequence[str]) -> str:
    return next(iter(_values(attributes, chosen, () if chosen else usual)), "")
