"""Checks of different tools that find the same flaw, and CWEs that name one weakness.

Nothing is in here because its title sounds alike: each table says whose catalog has the ids. They were
written down without a copy of those catalogs at hand; look an id up before you build on it.
"""

from collections.abc import Mapping

VENDORS: Mapping[str, str] = {
    **dict.fromkeys(("nessus", "tenable_csv"), "tenable"),
    **dict.fromkeys(("openvas_xml", "openvas_csv"), "greenbone"),
    **dict.fromkeys(("qualys_xml", "qualys_csv", "qualys_scan_xml", "qualys_vmdr_csv"), "qualys"),
    **dict.fromkeys(("zap_json", "zap_xml"), "zap"),
    **dict.fromkeys(("burp_xml", "burp_api_json"), "burp"),
}
"""Formats of one scanner, whose ids of checks mean the same: the vendors' manuals of the exports."""

# Tenable: tenable.com/plugins; Greenbone: the name of the NVT; testssl.sh: the ids of its JSON;
# sslyze: tls_flaws.
# A check for several flaws at once, as for "TLS 1.0 and 1.1", is equal to none of one.
SAME: Mapping[str, frozenset[tuple[str, str]]] = {
    "tls-1.0": frozenset({("tenable", "104743"), ("sslyze", "protocol-tls-1.0"), ("testssl_csv", "TLS1")}),
    "tls-1.1": frozenset({("tenable", "157288"), ("sslyze", "protocol-tls-1.1"), ("testssl_csv", "TLS1_1")}),
    "tls-rc4": frozenset({("tenable", "65821"), ("sslyze", "cipher-rc4"), ("testssl_csv", "RC4")}),
    "tls-64-bit-block": frozenset(
        {("tenable", "42873"), ("sslyze", "cipher-64-bit-block"), ("testssl_csv", "SWEET32")}
    ),
    "certificate-expired": frozenset(
        {
            ("tenable", "15901"),
            ("sslyze", "certificate-expired"),
            ("greenbone", "1.3.6.1.4.1.25623.1.0.103955"),
        }
    ),
    "certificate-weak-signature": frozenset(
        {
            ("tenable", "35291"),
            ("sslyze", "certificate-sha1"),
            ("greenbone", "1.3.6.1.4.1.25623.1.0.105880"),
        }
    ),
    "certificate-hostname": frozenset({("tenable", "45411"), ("sslyze", "certificate-hostname")}),
    "header-hsts": frozenset(
        {
            ("tenable", "84502"),
            ("arachni_json", "hsts"),
            ("zap", "10035"),
            ("mozilla_observatory", "strict-transport-security"),
            ("burp", "16777984"),
        }
    ),
    "header-csp": frozenset(
        {
            ("zap", "10038"),
            ("acunetix_xml", "Content Security Policy (CSP) not implemented"),
            ("wapiti_xml", "Content Security Policy Configuration"),
        }
    ),
    "header-x-frame-options": frozenset(
        {("zap", "10020"), ("burp", "5245344"), ("arachni_json", "x_frame_options")}
    ),
    "header-x-content-type-options": frozenset({("zap", "10021")}),
}
"""A flaw of a server's port, and the checks of vendors that find exactly it."""

SAME_CHECK: Mapping[tuple[str, str], str] = {check: flaw for flaw, checks in SAME.items() for check in checks}

# One check for every header: which one is in its location. Wapiti and nuclei: their modules' sources.
HEADER_CHECKS = frozenset(
    {("wapiti_xml", "HTTP Secure Headers"), ("nuclei_json", "http-missing-security-headers")}
)
HEADERS: Mapping[str, str] = {
    "strict-transport-security": "header-hsts",
    "content-security-policy": "header-csp",
    "x-frame-options": "header-x-frame-options",
    "x-content-type-options": "header-x-content-type-options",
}

# CWE's own hierarchy (cwe.mitre.org, view 1000): children that tools use where others use the parent.
WEAKNESSES: Mapping[int, str] = {
    **dict.fromkeys((22, 23, 36, 73), "path-traversal"),
    **dict.fromkeys((77, 78), "command-injection"),
    **dict.fromkeys((79, 80, 83), "cross-site-scripting"),
    **dict.fromkeys((89, 564), "sql-injection"),
    **dict.fromkeys((94, 95), "code-injection"),
    **dict.fromkeys((259, 321, 798), "hard-coded-secret"),
    **dict.fromkeys((276, 732), "file-permissions"),
    295: "certificate-validation",
    **dict.fromkeys((326, 327), "weak-cipher"),
    328: "weak-hash",
    **dict.fromkeys((330, 338), "weak-random"),
    352: "cross-site-request-forgery",
    **dict.fromkeys((489, 215), "debug-mode"),
    502: "deserialization",
    601: "open-redirect",
    611: "xml-external-entity",
    918: "server-side-request-forgery",
}

# Checks whose CWE is missing or too wide. Bandit: its plugin docs; gosec: its rules; CodeQL: its query help.
CODE_CHECKS: Mapping[str, str] = {
    "B201": "debug-mode",
    "B301": "deserialization",
    "B303": "weak-hash",
    "B324": "weak-hash",
    "B311": "weak-random",
    **dict.fromkeys(("B313", "B314", "B318", "B319", "B320"), "xml-external-entity"),
    "B501": "certificate-validation",
    "B506": "deserialization",
    **dict.fromkeys(("B602", "B605"), "command-injection"),
    "B608": "sql-injection",
    "G101": "hard-coded-secret",
    "G401": "weak-hash",
    "G404": "weak-random",
    "G501": "weak-hash",
    "insecure-hash-algorithm-md5": "weak-hash",
    "insecure-hash-algorithm-sha1": "weak-hash",
    "py/weak-sensitive-data-hashing": "weak-hash",
    "use-defused-xml-parse": "xml-external-entity",
}

WEB_CHECKS: Mapping[tuple[str, str], str] = {
    ("burp", "1049088"): "sql-injection",
    ("burp", "2097920"): "cross-site-scripting",
}
"""Burp states no CWE in its issues: portswigger.net, issue definitions."""
