"""What scanners mean by their words: severities, identifiers, scores, and text made for a browser."""

import html
import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, urlsplit

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

INFO, LOW, MEDIUM, HIGH, CRITICAL = range(5)
LOCATION = 500  # characters

_WORDS = {
    INFO: """info informational information none negligible note unknown undefined log ok best_practice
             style""",
    LOW: "low minor warning_low lower",
    MEDIUM: "medium moderate warning warn average normal",
    HIGH: "high important major error serious",
    CRITICAL: "critical urgent severe blocker fatal very_high",
}
_SEVERITIES = {word: level for level, words in _WORDS.items() for word in words.split()}
_PORTS = {"http": 80, "https": 443, "ftp": 21, "ssh": 22}
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.IGNORECASE | re.ASCII)
_CWE = re.compile(r"CWE[-_: ]?(\d{1,5})", re.IGNORECASE | re.ASCII)
_BLOCK = re.compile(r"</?(?:p|br|div|li|ul|ol|tr|h\d|pre|table)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_BLANKS = re.compile(r"[ \t]+")
_LINES = re.compile(r"\n\s*\n\s*")
_NUMBERED = re.compile(r"^\s*\d+[ \t:|]", re.MULTILINE)  # line numbers that a scanner puts before code
_VECTOR = re.compile(r"(?:AV|AC|Au|C|I|A):[A-Z](?:/[A-Za-z]{1,3}:[A-Za-z]{1,3})+", re.ASCII)


def severity(word: object, default: int = INFO) -> int:
    """Return 0 to 4 for a scanner's word, in any case; `default` for one that nobody knows."""
    spelled = str(word or "").strip().lower().replace(" ", "_").replace("-", "_")
    return _SEVERITIES.get(spelled, default)


def severity_of_score(score: float | None) -> int:
    """Return 0 to 4 by the bands of CVSS v3 for a score of 0 to 10."""
    if score is None or score <= 0:
        return INFO
    return LOW if score < 4 else MEDIUM if score < 7 else HIGH if score < 9 else CRITICAL


def cves(*texts: object) -> tuple[str, ...]:
    """Return every CVE that these texts name, each once, in upper case."""
    return tuple(dict.fromkeys(found.upper() for text in texts for found in _CVE.findall(str(text or ""))))


def cwes(*texts: object) -> tuple[int, ...]:
    """Return the number of every CWE that these texts name: `CWE-79`, or a bare number."""
    found = []
    for text in texts:
        if isinstance(text, int) and not isinstance(text, bool):
            found.append(text)
        elif isinstance(text, str) and text.strip().isdecimal() and len(text.strip()) <= 5:
            found.append(int(text))
        else:
            found += map(int, _CWE.findall(str(text or "")))
    return tuple(dict.fromkeys(number for number in found if number > 0))


def number(value: object) -> float | None:
    """Return a finite number of what a report writes as one, else None."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        made = float(str(value).strip())
    except ValueError:
        return None
    return made if abs(made) < 1e15 else None


def score(value: object) -> float | None:
    """Return a CVSS score of 0 to 10, else None."""
    made = number(value)
    return made if made is not None and 0 <= made <= 10 else None


def probability(value: object) -> float | None:
    """Return a probability of 0 to 1, else None."""
    made = number(value)
    return made if made is not None and 0 <= made <= 1 else None


def cvss(*vectors: object) -> dict[str, Any]:
    """Return the members cvss2_*, cvss3_*, cvss4_* of a Definition for the vectors among these texts.

    The score is worked out from the vector (FIRST's specifications); the last of a version holds.
    """
    found: dict[str, Any] = {}
    for vector in vectors:
        text = str(vector or "").strip().strip("()")
        try:
            if text.startswith("CVSS:4"):
                four = CVSS4(text)
                found |= {"cvss4_score": float(four.base_score), "cvss4_vector": text}
            elif text.startswith("CVSS:3"):
                three = CVSS3(text)
                found |= {"cvss3_score": float(three.base_score), "cvss3_vector": text}
            elif _VECTOR.match(text):
                two = CVSS2(text)
                found |= {"cvss2_score": float(two.base_score), "cvss2_vector": text}
        except (CVSSError, ArithmeticError, ValueError, KeyError):
            continue
    return found


def plain(text: object) -> str:
    """Return text that was written for a browser as lines without markup."""
    said = str(text or "")
    if "<" in said:
        said = _TAG.sub("", _BLOCK.sub("\n", said))
    if "&" in said:
        said = html.unescape(said)
    return _LINES.sub("\n\n", _BLANKS.sub(" ", said)).replace("\0", "").strip()


def links(*values: object) -> tuple[str, ...]:
    """Return the http(s) links among these texts and lists of texts, each once."""
    flat = (item for value in values for item in (value if isinstance(value, list | tuple) else [value]))
    found = (word for item in flat if item for word in str(item).split())
    return tuple(dict.fromkeys(word for word in found if word.startswith(("http://", "https://"))))[:50]


def place(*parts: object) -> str:
    """Return the location that these parts make, those that are empty left out."""
    said = " ".join(str(part).strip() for part in parts if part not in (None, ""))
    return shortened(said.replace("\0", ""))


def shortened(location: str) -> str:
    """Return a location of at most LOCATION characters that tells apart what the whole does."""
    if len(location) <= LOCATION:
        return location
    digest = blake2b(location.encode(errors="ignore"), digest_size=16).hexdigest()
    return f"{location[: LOCATION - 33]} {digest}"


def mark(code: object) -> str:
    """Return `#` and eight digits that stand for a piece of code, however it is indented; "" for none.

    It tells two flaws in one file apart and stays when the lines move.
    """
    text = _NUMBERED.sub("", str(code or ""))
    said = "".join(text.split())
    return f"#{blake2b(said.encode(errors='ignore'), digest_size=4).hexdigest()}" if said else ""


def purl(kind: object, name: object, group: object = "") -> str:
    """Return the package URL of a package without its version: `pkg:npm/%40babel/core`."""
    parts = [part for part in f"{group or ''}/{name or ''}".split("/") if part]
    return f"pkg:{str(kind or 'generic').lower()}/{'/'.join(quote(part, safe='.+:~_-') for part in parts)}"


def host_and_port(url: object) -> tuple[str, int]:
    """Return the host of a URL, or of `host:port`, and its port (the scheme's own; 0 if unknown)."""
    text = str(url or "").strip()
    try:
        parsed = urlsplit(text if "://" in text else f"//{text}")
        port = parsed.port or _PORTS.get(parsed.scheme, 0)
    except ValueError:
        return "", 0
    return parsed.hostname or "", port


def port_of(value: object) -> int:
    """Return a port, 0 for what is none."""
    text = str(value).strip()
    made = int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else 0
    return made if made <= 65535 else 0


def path_of(url: object) -> str:
    """Return path of a URL without query and fragment, "/" for none."""
    try:
        return urlsplit(str(url or "")).path or "/"
    except ValueError:
        return "/"


def first(*values: object) -> str:
    """Return the first of these that is a text, "" when none is."""
    return next((value.strip() for value in values if isinstance(value, str) and value.strip()), "")


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Iterable[Any]:
    """Return a JSON list, an empty one for anything else."""
    return value if isinstance(value, list) else []
