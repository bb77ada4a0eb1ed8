"""What signatures a response may carry: plain ones, each over the element that holds it."""

from typing import Any

from onelogin.saml2.constants import OneLogin_Saml2_Constants as Words

from threatweaver.sso.errors import SsoRefused

NAMESPACES = {"saml": Words.NS_SAML, "samlp": Words.NS_SAMLP, "ds": Words.NS_DS}
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_TRANSFORMS = {
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}
_METHODS = {f"{_MORE}{key}-{digest}" for key in ("rsa", "ecdsa") for digest in ("sha256", "sha384", "sha512")}
_DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256",
    f"{_MORE}sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
}


def require_plain_signatures(document: Any) -> None:
    """Refuse what signature wrapping is made of: a second reference, a transform, an id twice, an object.

    Raises SsoRefused.
    """
    ids = document.xpath("//@ID | //@Id | //@id")
    if len(ids) != len(set(ids)):
        raise SsoRefused(reason="WRAPPED")
    for signature in document.iter(f"{{{Words.NS_DS}}}Signature"):
        _require_plain(signature)


def _require_plain(signature: Any) -> None:
    holder = signature.getparent()
    references = signature.findall(".//ds:Reference", NAMESPACES)
    if (
        holder is None
        or holder.tag not in {f"{{{Words.NS_SAMLP}}}Response", f"{{{Words.NS_SAML}}}Assertion"}
        or [reference.get("URI") for reference in references] != [f"#{holder.get('ID')}"]
        or signature.find(".//ds:Object", NAMESPACES) is not None
    ):
        raise SsoRefused(reason="WRAPPED")
    if not (
        _algorithms(signature, "Transform") <= _TRANSFORMS
        and _algorithms(signature, "SignatureMethod") <= _METHODS
        and _algorithms(signature, "DigestMethod") <= _DIGESTS
    ):
        raise SsoRefused(reason="WEAK_SIGNATURE")


def _algorithms(signature: Any, name: str) -> set[str | None]:
    return {node.get("Algorithm") for node in signature.iterfind(f".//ds:{name}", NAMESPACES)}
