"""What audits of packages have in common: how severe an advisory is, what it links to, what a package is."""

import re
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine.prolog import HEAD_SIZE
from threatweaver_exposure.engine.reading.words import MEDIUM, cvss, score, severity, severity_of_score

UNRATED = MEDIUM  # an advisory with neither word nor score: nobody has said that it is harmless
_GHSA = re.compile(r"GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}", re.ASCII)
_URL = re.compile(r"https?://[^\s()\[\]<>\"'`]+")
_MOST_LINKS = 50


def check_id(*values: object) -> str:
    """Return the first of these that can name a check, a text or a number."""
    said = (str(value).strip() for value in values if isinstance(value, str | int))
    return next(filter(None, said), "unnamed")[:200]


def rated(scores: Mapping[str, Any], *words: object, unrated: int = UNRATED) -> int:
    """Return the severity of the first known word, else that of the newest score, else `unrated`."""
    for word in words:
        known = severity(word, -1)
        if known >= 0:
            return known
    said = (scores.get(f"cvss{version}_score") for version in (4, 3, 2))
    found = next((value for value in said if value is not None), None)
    return unrated if found is None else severity_of_score(found)


def scored(vector: object, value: object, version: int = 3) -> dict[str, Any]:
    """Return the members of a Definition for a vector and the score that the report itself gives it.

    `version` is which CVSS a score without a vector is of.
    """
    found, said = cvss(vector), score(value)
    if not said:  # 0 is how npm writes that there is none
        return found
    return {**found, next((name for name in found if name.endswith("_score")), f"cvss{version}_score"): said}


def ghsa(*texts: object) -> tuple[str, ...]:
    """Return every advisory of GitHub's that these texts name, each once."""
    return tuple(dict.fromkeys(found for text in texts for found in _GHSA.findall(str(text or ""))))


def urls(*texts: object) -> tuple[str, ...]:
    """Return the links inside of these texts, each once: Markdown has them in brackets."""
    found = (link.rstrip(".,;") for text in texts for link in _URL.findall(str(text or "")))
    return tuple(dict.fromkeys(found))[:_MOST_LINKS]


def refuse_others(stream: BinaryIO, detects: Callable[[bytes, str], int]) -> None:
    """Refuse a report without findings that does not look like its format: it would close what is open."""
    stream.seek(0)
    if not detects(stream.read(HEAD_SIZE), ""):
        raise ReportError(ReportFault.UNSUPPORTED, "the report has no section of this format")
