"""What a SAML response has to pass. CPU work: call it in a thread, outside of a transaction.

python3-saml in strict mode checks schema, status, signatures, issuer, audience and times. It is lenient in
places (a recipient that merely contains our address, five minutes of skew, a missing audience), so what
decides is checked here again, exactly, on the one assertion whose signature it verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import xmlsec
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Words
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

from threatweaver.sso.asserted import Asserted
from threatweaver.sso.errors import ProviderMisconfigured, SsoRefused
from threatweaver.sso.saml import reading
from threatweaver.sso.saml.party import Party
from threatweaver.sso.saml.spoken import library_settings
from threatweaver.sso.saml.structure import NAMESPACES, require_plain_signatures

SKEW = timedelta(seconds=60)
_BROKEN = (
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    xmlsec.Error,
    etree.LxmlError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,  # what the library raises on documents that miss whole parts
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A person, the id of the assertion that names them, and until when that id must not come again."""

    who: Asserted
    assertion_id: str
    until: datetime


def issuer_of(response: str) -> str:
    """Return whom a response claims to be from, unchecked: only to find whose keys to check it with."""
    try:
        document = reading.parse(Utils.b64decode(response))
    except _BROKEN:
        raise SsoRefused(reason="MALFORMED") from None
    return (document.findtext("saml:Issuer", namespaces=NAMESPACES) or "").strip()


def check(party: Party, options: Mapping[str, Any], response: str, *, request_id: str | None) -> Accepted:
    """Return what a response asserts; without a request of ours it must be an unsolicited one.

    Raises SsoRefused, whose `reason` says which check failed.
    """
    library = _opened(party, options, response)
    assertion = _verified(library, party, request_id)
    asked = {library.document.get("InResponseTo"), *_confirmed(assertion, party)}
    if asked - {request_id}:
        raise SsoRefused(reason="NOT_OUR_REQUEST" if request_id else "UNSOLICITED")
    until = _in_time(assertion)
    return Accepted(
        who=reading.person(assertion, options), assertion_id=str(assertion.get("ID")), until=until
    )


def examine(party: Party, options: Mapping[str, Any], response: str) -> tuple[Asserted, str | None]:
    """Return what a pasted response asserts, and the reason why it would be refused, None if it would not.

    Whether we asked for it is left out. Raises SsoRefused when it cannot even be read.
    """
    library = _opened(party, options, response)
    try:
        assertion = _verified(library, party, library.document.get("InResponseTo"))
        _confirmed(assertion, party)
        _in_time(assertion)
    except SsoRefused as refusal:
        assertion = library.get_xml_document().find("saml:Assertion", NAMESPACES)
        if assertion is None:
            raise
        return reading.person(assertion, options), str(refusal.members.get("reason"))
    return reading.person(assertion, options), None


def _opened(party: Party, options: Mapping[str, Any], response: str) -> Any:
    """Parse without DTD and entities, and decrypt with our key. Raises ProviderMisconfigured, SsoRefused."""
    idp = {
        "entityId": options["entityId"],
        "singleSignOnService": {"url": options["ssoUrl"], "binding": Words.BINDING_HTTP_REDIRECT},
        "x509certMulti": {"signing": list(options["certificates"])},
    }
    try:
        settings = library_settings(party, idp, encrypted=options["requireEncryption"])
    except OneLogin_Saml2_Error:  # a host name that the library does not take for one
        raise ProviderMisconfigured from None
    try:
        return OneLogin_Saml2_Response(settings, response)
    except _BROKEN:
        raise SsoRefused(reason="UNREADABLE") from None


def _verified(library: Any, party: Party, request_id: str | None) -> Any:
    """Return the one assertion, its signature and the library's other checks passed."""
    address = urlsplit(party.acs)
    request = {
        "https": "on" if address.scheme == "https" else "off",
        "http_host": address.netloc,
        "script_name": address.path,
    }
    require_plain_signatures(library.document)
    require_plain_signatures(library.get_xml_document())
    try:
        library.is_valid(request, request_id=request_id, raise_exceptions=True)
    except _BROKEN as error:
        raise SsoRefused(reason=_reason(error)) from None
    destination = library.document.get("Destination")
    if destination is not None and destination != party.acs:
        raise SsoRefused(reason="WRONG_DESTINATION")
    (assertion,) = library.get_xml_document().iterfind("saml:Assertion", NAMESPACES)
    audiences = [
        {str(name.text).strip() for name in limit.iterfind("saml:Audience", NAMESPACES)}
        for limit in assertion.iterfind("saml:Conditions/saml:AudienceRestriction", NAMESPACES)
    ]
    if not audiences or not all(party.entity_id in names for names in audiences):
        raise SsoRefused(reason="WRONG_AUDIENCE")
    return assertion


_REASONS = {
    OneLogin_Saml2_ValidationError.NO_SIGNATURE_FOUND: "UNSIGNED",
    OneLogin_Saml2_ValidationError.NO_SIGNED_ASSERTION: "UNSIGNED",
    OneLogin_Saml2_ValidationError.INVALID_SIGNATURE: "BAD_SIGNATURE",
    OneLogin_Saml2_ValidationError.WRONG_AUDIENCE: "WRONG_AUDIENCE",
    OneLogin_Saml2_ValidationError.WRONG_ISSUER: "WRONG_ISSUER",
    OneLogin_Saml2_ValidationError.WRONG_DESTINATION: "WRONG_DESTINATION",
    OneLogin_Saml2_ValidationError.WRONG_INRESPONSETO: "NOT_OUR_REQUEST",
    OneLogin_Saml2_ValidationError.ASSERTION_EXPIRED: "EXPIRED",
    OneLogin_Saml2_ValidationError.ASSERTION_TOO_EARLY: "NOT_YET_VALID",
    OneLogin_Saml2_ValidationError.SESSION_EXPIRED: "EXPIRED",
    OneLogin_Saml2_ValidationError.NO_ENCRYPTED_ASSERTION: "UNENCRYPTED",
    OneLogin_Saml2_ValidationError.STATUS_CODE_IS_NOT_SUCCESS: "PROVIDER_SAYS_NO",
    OneLogin_Saml2_ValidationError.WRONG_SUBJECTCONFIRMATION: "UNCONFIRMED_SUBJECT",
}


def _reason(error: Exception) -> str:
    if isinstance(error, OneLogin_Saml2_ValidationError):
        return _REASONS.get(error.code, "MALFORMED")
    return "MALFORMED"


def _confirmed(assertion: Any, party: Party) -> set[str | None]:
    """Return the requests that the bearer confirmations answer; each must be for us, now."""
    path = f"saml:Subject/saml:SubjectConfirmation[@Method='{Words.CM_BEARER}']/saml:SubjectConfirmationData"
    found = assertion.findall(path, NAMESPACES)
    if not found:
        raise SsoRefused(reason="UNCONFIRMED_SUBJECT")
    for data in found:
        if data.get("Recipient") != party.acs:
            raise SsoRefused(reason="WRONG_RECIPIENT")
        if data.get("NotOnOrAfter") is None or data.get("NotBefore") is not None:
            raise SsoRefused(reason="UNCONFIRMED_SUBJECT")
        if _time(data.get("NotOnOrAfter")) + SKEW <= datetime.now(UTC):
            raise SsoRefused(reason="EXPIRED")
    return {data.get("InResponseTo") for data in found}


def _in_time(assertion: Any) -> datetime:
    """Return when the assertion is over for good; it must be valid now, give or take a minute."""
    now = datetime.now(UTC)
    conditions = assertion.find("saml:Conditions", NAMESPACES)
    ends = [
        _time(node.get("NotOnOrAfter"))
        for node in (conditions, *assertion.iterfind(".//saml:SubjectConfirmationData", NAMESPACES))
        if node.get("NotOnOrAfter") is not None
    ]
    begin = conditions.get("NotBefore")
    if begin is not None and _time(begin) > now + SKEW:
        raise SsoRefused(reason="NOT_YET_VALID")
    if min(ends) + SKEW <= now:
        raise SsoRefused(reason="EXPIRED")
    return max(ends) + SKEW


def _time(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(Utils.parse_SAML_to_time(text), UTC)
    except (ValueError, OverflowError):
        raise SsoRefused(reason="MALFORMED") from None
