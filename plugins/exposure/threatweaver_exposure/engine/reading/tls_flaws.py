"""The flaws that SSLyze's results show: it says what a server does, and not what is wrong with that."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from threatweaver.reports import Definition
from threatweaver_exposure.engine.reading.words import HIGH, LOW, MEDIUM, first, mapping, sequence

Results = Mapping[str, Any]
Flaw = tuple[str, str]
"""A check, and what shows the flaw."""

_SUITES = "_cipher_suites"
_OLD_PROTOCOLS = {
    "ssl_2_0": "protocol-ssl-2.0",
    "ssl_3_0": "protocol-ssl-3.0",
    "tls_1_0": "protocol-tls-1.0",
    "tls_1_1": "protocol-tls-1.1",
}
_PROTOCOLS = (*_OLD_PROTOCOLS, "tls_1_2")
# What a suite is weak for is the first that its name has.
_WEAK = (
    ("cipher-null", re.compile("_NULL_")),
    ("cipher-anonymous", re.compile("_anon_", re.IGNORECASE)),
    ("cipher-export", re.compile("EXPORT")),
    ("cipher-rc4", re.compile("_RC4_")),
    ("cipher-64-bit-block", re.compile("3DES|_DES_192_EDE3|_IDEA_|_RC2_")),
    ("cipher-des", re.compile("_DES_|_DES40_")),
)
# Command, member, what it is where there is a flaw, and the check.
_FLAGS = (
    ("heartbleed", "is_vulnerable_to_heartbleed", True, "heartbleed"),
    ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection", True, "ccs-injection"),
    ("session_renegotiation", "supports_secure_renegotiation", False, "insecure-renegotiation"),
    ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos", True, "client-renegotiation"),
    ("session_renegotiation", "accepts_client_renegotiation", True, "client-renegotiation"),
    ("tls_compression", "supports_compression", True, "compression"),
    ("tls_fallback_scsv", "supports_fallback_scsv", False, "no-fallback-scsv"),
)


def _check(check: str, name: str, cwe: int, cves: str = "", solution: str = "") -> Definition:
    return Definition(check, name, family="TLS", solution=solution, cves=tuple(cves.split()), cwes=(cwe,))


_NEWER = "Offer TLS 1.2 and TLS 1.3 alone."
_SUITE = "Take these cipher suites out of the server's configuration."
_PATCH = "Update the TLS library of the server."
_NO_RSA = "Offer no cipher suite with RSA key exchange."

# SSLyze has no severities; these are those that other scanners of TLS give.
_LEVELS: Mapping[int, tuple[Definition, ...]] = {
    HIGH: (
        _check("heartbleed", "Heartbleed", 125, "CVE-2014-0160", _PATCH),
        _check("ccs-injection", "OpenSSL CCS injection", 326, "CVE-2014-0224", _PATCH),
        _check("protocol-ssl-2.0", "SSL 2.0 is offered", 327, "CVE-2016-0800", _NEWER),
        _check("protocol-ssl-3.0", "SSL 3.0 is offered", 327, "CVE-2014-3566", _NEWER),
        _check("cipher-null", "Cipher suites without encryption", 327, "", _SUITE),
        _check("cipher-anonymous", "Cipher suites without authentication", 287, "", _SUITE),
        _check("cipher-export", "Export cipher suites", 327, "CVE-2015-0204", _SUITE),
        _check("cipher-des", "DES cipher suites", 327, "", _SUITE),
    ),
    MEDIUM: (
        _check("robot", "ROBOT: an oracle for RSA decryption", 203, "", _NO_RSA),
        _check("insecure-renegotiation", "Insecure renegotiation", 295, "CVE-2009-3555", _PATCH),
        _check("client-renegotiation", "Renegotiation that clients may start", 400, "CVE-2011-1473"),
        _check("protocol-tls-1.0", "TLS 1.0 is offered", 327, "", _NEWER),
        _check("protocol-tls-1.1", "TLS 1.1 is offered", 327, "", _NEWER),
        _check("cipher-rc4", "RC4 cipher suites", 327, "CVE-2013-2566 CVE-2015-2808", _SUITE),
        _check("cipher-64-bit-block", "Cipher suites with blocks of 64 bits", 327, "CVE-2016-2183", _SUITE),
        _check("certificate-untrusted", "Certificate is not trusted", 295),
        _check("certificate-expired", "Certificate has expired", 298, "", "Renew the certificate."),
        _check("certificate-hostname", "Certificate is for another host", 297),
        _check("certificate-sha1", "Certificate chain is signed with SHA-1", 328),
    ),
    LOW: (
        _check("compression", "TLS compression (CRIME)", 311, "CVE-2012-4929", "Turn compression off."),
        _check("no-fallback-scsv", "No protection against downgrades (TLS_FALLBACK_SCSV)", 757, "", _PATCH),
    ),
}
_CHECKS = {definition.check: (level, definition) for level, group in _LEVELS.items() for definition in group}


def severity_of(check: str) -> int:
    """Return how severe a flaw is."""
    return _CHECKS[check][0]


def definition_of(check: str) -> Definition:
    """Return what a check means."""
    return _CHECKS[check][1]


def flaws(results: Results) -> Iterator[Flaw]:
    """Yield the flaws that the results of commands show."""
    for command, member, bad, check in _FLAGS:
        if mapping(results.get(command)).get(member) is bad:
            yield check, ""
    robot = first(mapping(results.get("robot")).get("robot_result"))
    if robot.startswith("VULNERABLE"):
        yield "robot", robot
    yield from _ciphers(results)
    for deployment in sequence(mapping(results.get("certificate_info")).get("certificate_deployments")):
        yield from _certificate(mapping(deployment))


def _ciphers(results: Results) -> Iterator[Flaw]:
    weak: dict[str, list[str]] = {}
    for protocol in _PROTOCOLS:
        result = mapping(results.get(protocol + _SUITES))
        accepted = [
            mapping(mapping(item).get("cipher_suite"))
            for item in sequence(result.get("accepted_cipher_suites"))
        ]
        check = _OLD_PROTOCOLS.get(protocol)
        if check and (accepted or result.get("is_tls_version_supported") is True):
            yield check, _listed(first(suite.get("name")) for suite in accepted)
        for suite in accepted:
            if found := _weakness(suite):
                weak.setdefault(found, []).append(f"{protocol}: {first(suite.get('name'))}")
    yield from ((check, _listed(suites)) for check, suites in weak.items())


def _weakness(suite: Mapping[str, Any]) -> str:
    if suite.get("is_anonymous") is True:
        return "cipher-anonymous"
    name = first(suite.get("name"))
    return next((check for check, pattern in _WEAK if pattern.search(name)), "")


def _certificate(deployment: Mapping[str, Any]) -> Iterator[Flaw]:
    if deployment.get("leaf_certificate_subject_matches_hostname") is False:
        yield "certificate-hostname", ""
    if deployment.get("verified_chain_has_sha1_signature") is True:
        yield "certificate-sha1", ""
    refused: dict[str, list[str]] = {}
    for path in map(mapping, sequence(deployment.get("path_validation_results"))):
        trusted = path.get(
            "was_validation_successful", isinstance(path.get("verified_certificate_chain"), list)
        )
        if trusted is not True:
            reason = first(path.get("openssl_error_string"), path.get("validation_error"), "not trusted")
            check = "certificate-expired" if "expired" in reason else "certificate-untrusted"
            store = first(mapping(path.get("trust_store")).get("name"))
            refused.setdefault(check, []).append(f"{store}: {reason}")
    yield from ((check, _listed(stores)) for check, stores in refused.items())


def _listed(names: Iterable[str]) -> str:
    return "\n".join(filter(None, names))
