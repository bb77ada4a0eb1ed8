"""SSLyze's XML (to version 2) in the words of its later JSON, so that one set of rules reads both."""

from typing import Any

from threatweaver_exposure.engine.growing import Element

_PROTOCOLS = {
    "sslv2": "ssl_2_0",
    "sslv3": "ssl_3_0",
    "tlsv1": "tls_1_0",
    "tlsv1_1": "tls_1_1",
    "tlsv1_2": "tls_1_2",
    "tlsv1_3": "tls_1_3",
}
# The element of a command, the element below it, its attribute, and the command and member in JSON.
_FLAGS = (
    ("heartbleed", "openSslHeartbleed", "isVulnerable", "heartbleed", "is_vulnerable_to_heartbleed"),
    (
        "openssl_ccs",
        "openSslCcsInjection",
        "isVulnerable",
        "openssl_ccs_injection",
        "is_vulnerable_to_ccs_injection",
    ),
    ("reneg", "sessionRenegotiation", "isSecure", "session_renegotiation", "supports_secure_renegotiation"),
    (
        "reneg",
        "sessionRenegotiation",
        "canBeClientInitiated",
        "session_renegotiation",
        "accepts_client_renegotiation",
    ),
    ("compression", "compressionMethod", "isSupported", "tls_compression", "supports_compression"),
    ("fallback", "tlsFallbackScsv", "isSupported", "tls_fallback_scsv", "supports_fallback_scsv"),
)


def results_of(target: Element) -> dict[str, dict[str, Any]]:
    """Return the results of each command that a `target` element has."""
    found: dict[str, dict[str, Any]] = {}
    for parent, child, attribute, command, member in _FLAGS:
        item = target.find(f"{parent}/{child}")
        if item is not None:
            found.setdefault(command, {})[member] = item.get(attribute) == "True"
    for tag, protocol in _PROTOCOLS.items():
        item = target.find(tag)
        if item is not None and item.get("exception") is None:
            found[f"{protocol}_cipher_suites"] = _suites(item)
    robot = target.find("robot/robotAttack")
    if robot is not None:
        found["robot"] = {"robot_result": robot.get("resultEnum")}
    certificate = target.find("certinfo/certificateValidation")
    if certificate is not None:
        found["certificate_info"] = {"certificate_deployments": [_deployment(target, certificate)]}
    return found


def _suites(item: Element) -> dict[str, Any]:
    accepted = item.iterfind("acceptedCipherSuites/cipherSuite")
    return {
        "is_tls_version_supported": item.get("isProtocolSupported") == "True",
        "accepted_cipher_suites": [
            {"cipher_suite": {"name": suite.get("name"), "is_anonymous": suite.get("anonymous") == "True"}}
            for suite in accepted
        ],
    }


def _deployment(target: Element, validation: Element) -> dict[str, Any]:
    hostname = validation.find("hostnameValidation")
    signatures = target.iterfind("certinfo/receivedCertificateChain/certificate/signatureAlgorithm")
    return {
        "leaf_certificate_subject_matches_hostname": hostname is None
        or hostname.get("certificateMatchesServerHostname") == "True",
        "verified_chain_has_sha1_signature": any(signature.text == "sha1" for signature in signatures),
        "path_validation_results": [
            {
                "trust_store": {"name": path.get("usingTrustStore")},
                "was_validation_successful": path.get("validationResult") == "ok",
                "openssl_error_string": path.get("validationResult"),
            }
            for path in validation.iterfind("pathValidation")
        ],
    }
