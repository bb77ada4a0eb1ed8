"""Which categories of published lists a finding speaks of: by what its agent says, and by its weakness."""

from collections.abc import Mapping
from dataclasses import dataclass

OWASP_2021 = {
    "A01:2021": "Broken Access Control",
    "A02:2021": "Cryptographic Failures",
    "A03:2021": "Injection",
    "A04:2021": "Insecure Design",
    "A05:2021": "Security Misconfiguration",
    "A06:2021": "Vulnerable and Outdated Components",
    "A07:2021": "Identification and Authentication Failures",
    "A08:2021": "Software and Data Integrity Failures",
    "A09:2021": "Security Logging and Monitoring Failures",
    "A10:2021": "Server-Side Request Forgery",
}
API_2023 = {
    "API1:2023": "Broken Object Level Authorization",
    "API2:2023": "Broken Authentication",
    "API3:2023": "Broken Object Property Level Authorization",
    "API4:2023": "Unrestricted Resource Consumption",
    "API5:2023": "Broken Function Level Authorization",
    "API6:2023": "Unrestricted Access to Sensitive Business Flows",
    "API7:2023": "Server Side Request Forgery",
    "API8:2023": "Security Misconfiguration",
    "API9:2023": "Improper Inventory Management",
    "API10:2023": "Unsafe Consumption of APIs",
}
_TO_2021 = {
    "API1:2023": "A01:2021",
    "API2:2023": "A07:2021",
    "API3:2023": "A01:2021",
    "API4:2023": "A04:2021",
    "API5:2023": "A01:2021",
    "API6:2023": "A04:2021",
    "API7:2023": "A10:2021",
    "API8:2023": "A05:2021",
    "API9:2023": "A05:2021",
    "API10:2023": "A08:2021",
}
_ASVS = {  # chapters of ASVS 4.0.3, by category of the Top 10
    "V2": ("Authentication", ("A07:2021",)),
    "V3": ("Session Management", ("A07:2021",)),
    "V4": ("Access Control", ("A01:2021",)),
    "V5": ("Validation, Sanitization and Encoding", ("A03:2021", "A10:2021")),
    "V6": ("Stored Cryptography", ("A02:2021",)),
    "V7": ("Error Handling and Logging", ("A09:2021", "A05:2021")),
    "V8": ("Data Protection", ("A02:2021", "A01:2021")),
    "V9": ("Communication", ("A02:2021",)),
    "V10": ("Malicious Code", ("A08:2021",)),
    "V11": ("Business Logic", ("A04:2021",)),
    "V12": ("Files and Resources", ("A03:2021", "A10:2021")),
    "V13": ("API and Web Service", ("A01:2021", "A04:2021")),
    "V14": ("Configuration", ("A05:2021", "A06:2021")),
}
_PCI = {  # requirements of PCI DSS 4.0 that speak of what a scan can see
    "2.2": ("System components are configured and managed securely", ("A05:2021",)),
    "4.2": ("PAN is protected with strong cryptography during transmission", ("A02:2021",)),
    "6.2.4": (
        "Software attacks are prevented in bespoke and custom software",
        ("A01:2021", "A02:2021", "A03:2021", "A04:2021", "A08:2021", "A10:2021"),
    ),
    "6.3.3": ("Components are protected from known vulnerabilities", ("A06:2021",)),
    "8.3": ("Strong authentication for users is established and managed", ("A07:2021",)),
    "10.2": ("Audit logs support the detection of anomalies", ("A09:2021",)),
}


@dataclass(frozen=True, slots=True)
class Control:
    """One category: its title, and the words of `owasp` that speak of it."""

    title: str
    categories: tuple[str, ...]


def _with_api(categories: tuple[str, ...]) -> tuple[str, ...]:
    return (*categories, *(api for api, web in _TO_2021.items() if web in categories))


FRAMEWORKS: Mapping[str, tuple[str, Mapping[str, Control]]] = {
    "owasp-top-10-2021": (
        "OWASP Top 10:2021",
        {name: Control(title, _with_api((name,))) for name, title in OWASP_2021.items()},
    ),
    "owasp-api-top-10-2023": (
        "OWASP API Security Top 10:2023",
        {name: Control(title, (name,)) for name, title in API_2023.items()},
    ),
    "asvs-4.0.3": (
        "OWASP ASVS 4.0.3",
        {name: Control(title, _with_api(found)) for name, (title, found) in _ASVS.items()},
    ),
    "pci-dss-4.0": (
        "PCI DSS 4.0",
        {name: Control(title, _with_api(found)) for name, (title, found) in _PCI.items()},
    ),
}
