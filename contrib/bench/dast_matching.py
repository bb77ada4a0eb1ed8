"""Which finding of a scanner tells which known weakness."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

XSS, FILES = {79, 80, 87}, {22, 23, 36, 73, 98, 829}
FAMILIES = {
    "sqli": {89, 564},
    "nosqli": {943, 89},
    "xss-reflected": XSS,
    "xss-stored": XSS,
    "xss-dom": XSS,
    "traversal": FILES,
    "lfi": FILES,
    "rfi": FILES,
    "cmdi": {77, 78, 88},
    "codeinj": {94, 95, 96, 1336},
    "bola": {284, 285, 566, 639, 862, 863},
    "idor": {284, 285, 566, 639, 862, 863},
    "bfla": {284, 285, 639, 862, 863},
    "unauth": {284, 285, 287, 306, 425, 862, 863},
    "authbypass": {284, 285, 287, 290, 303, 306, 620, 639, 862, 863},
    "infodisclosure": {200, 209, 213, 215, 359, 489, 497, 530, 538, 540, 548},
    "secretexposure": {200, 312, 522, 540, 798},
    "plaintextpw": {200, 256, 257, 312, 522},
    "weakjwt": {287, 326, 330, 345, 347, 521, 1391},
    "weaksession": {287, 330, 345, 384, 565, 613},
    "enumeration": {203, 204},
    "bruteforce": {307, 770, 799},
    "missingheaders": {16, 693, 1021, 319, 523},
    "clickjacking": {451, 1021},
    "component": {937, 1035, 1104, 1395},
}


OF_THE_ORIGIN = {"clickjacking", "missingheaders"}
"""Told once for an origin, at whichever page shows it first; ground truth names its first page."""


@dataclass(frozen=True)
class Found:
    """One finding of any scanner."""

    cwe: int
    method: str
    path: str
    parameter: str
    severity: str
    title: str
    agent: str = ""


def matches(item: dict, found: Found) -> bool:
    """Return whether a finding tells a known weakness: class, path, and parameter where both name one."""
    if found.cwe not in FAMILIES.get(item["class"], set()) | {item["cwe"]}:
        return False
    if item["class"] in OF_THE_ORIGIN and item["path"] == "/":
        return True
    if item["path"] not in ("*", "") and not same_path(item["path"], found.path):
        return False
    in_url = item.get("in") == "query"  # read of whatever method
    if item["method"] not in ("*", found.method) and found.parameter and not in_url:
        return False
    if not item.get("param") or not found.parameter or item.get("in") == "path":
        return True
    return bool(parameters_of(item) & {found.parameter, found.parameter.rpartition("/")[2]})


def parameters_of(item: dict) -> set[str]:
    """Return the parameter of a known weakness, and those that its note lists beside it: "and a, b"."""
    others = re.fullmatch(r"and (\w+(?:, \w+)*)", item.get("note") or "")
    return {item["param"].lstrip("#"), *(others[1].split(", ") if others else ())}


def same_path(known: str, found: str) -> bool:
    """Return whether two paths are one, parameters in braces fitting any segment."""
    known, found = urlsplit(known).path.rstrip("/"), urlsplit(found).path.rstrip("/")
    segments, others = known.split("/"), found.split("/")
    return len(segments) == len(others) and all(
        one == other or "{" in one or "{" in other for one, other in zip(segments, others, strict=True)
    )
