"""What the reports of Qualys have in common: levels, scores, links, and lists of other ids."""

import re
from typing import Any

from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.network import Identifiers, known_by
from threatweaver_exposure.engine.reading.words import INFO, cves, cvss, links, score

_LEVELS = ("1", "2", "3", "4", "5")
_SCORE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:\(([^()]*)\))?")
_LINK = re.compile(r"https?://[^\s\"'<>()]+", re.IGNORECASE)


def identified(name: str, address: str, netbios: str) -> Identifiers:
    """Return what a host is known by; its NetBIOS name only without another: images pass theirs on."""
    return known_by(name, address, netbios="" if name.strip() else netbios)


def severity_of(level: object, *, kind: object = "", status: object = "") -> int:
    """Return 0 to 4 for a level of 1 to 5; what is information, or fixed, is informational."""
    said = str(level or "").strip()
    informs = str(kind or "").strip().lower() in {"ig", "information gathered"}
    return INFO if informs or is_fixed(status) or said not in _LEVELS else _LEVELS.index(said)


def is_fixed(status: object) -> bool:
    """Say whether this status means that the vulnerability is gone."""
    return str(status or "").strip().lower() == "fixed"


def evidence(status: object, *seen: str) -> str | None:
    """Return the output of a finding: what was seen, and that it is fixed if it is."""
    lines = ("Status: fixed" if is_fixed(status) else "", *seen)
    return "\n".join(filter(None, lines)) or None


def scores(version2: object, version3: object) -> dict[str, Any]:
    """Return the CVSS members of a Definition for texts as `8.1 (AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H)`."""
    found: dict[str, Any] = {}
    for member, text, prefix in (("cvss2", version2, ""), ("cvss3", version3, "CVSS:3.1/")):
        said = _SCORE.match(str(text or ""))
        if said is None:
            continue
        found |= cvss(prefix + (said[2] or "").strip())
        if (stated := score(said[1])) is not None:
            found[f"{member}_score"] = stated
    return found


def linked(*texts: object) -> tuple[str, ...]:
    """Return the links within these texts, markup or not."""
    return links([link.rstrip(".,;") for text in texts for link in _LINK.findall(str(text or ""))])


def lists(item: Element) -> dict[str, Any]:
    """Return the members of a Definition that the lists of an element name: CVEs, links, ids of others."""
    vendor = [
        reference.findtext("ID") for reference in item.iterfind("VENDOR_REFERENCE_LIST/VENDOR_REFERENCE")
    ]
    bugtraq = [
        f"BID:{bid.text.strip()}" for bid in item.iterfind("BUGTRAQ_ID_LIST/BUGTRAQ_ID/ID") if bid.text
    ]
    return {
        "cves": cves(item.get("cveid"), *(cve.text for cve in item.iterfind("CVE_ID_LIST/CVE_ID/ID"))),
        "see_also": links([url.text for url in item.iterfind("VENDOR_REFERENCE_LIST/VENDOR_REFERENCE/URL")]),
        "references": (*(text.strip() for text in vendor if text), *bugtraq),
        "exploit_available": item.find("CORRELATION/EXPLOITABILITY") is not None or None,
    }
