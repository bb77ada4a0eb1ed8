"""Reads what a ReportItem of a Nessus report says about its plugin."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping

from threatweaver.reports import Definition
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.lists import read_list

Texts = Mapping[str, list[str]]

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_CWE = re.compile(r"(?:CWE[-:])?(\d{1,6})", re.ASCII)


def read_cves(texts: Iterable[str]) -> tuple[str, ...]:
    """The valid CVE ids in the texts, upper-case, each once, in their order."""
    return tuple(dict.fromkeys(cve for text in texts for cve in _CVE.findall(text.upper())))


def read_definition(item: Element, check: str, cves: tuple[str, ...]) -> Definition:
    """The record of the plugin of an item, with the CVEs known so far."""
    texts = _read_texts(item)
    xrefs = texts.get("xref", [])
    return Definition(
        check=check,
        name=(item.get("pluginName") or _text(texts, "plugin_name") or f"Plugin {check}").strip(),
        family=(item.get("pluginFamily") or "").strip(),
        synopsis=_text(texts, "synopsis"),
        description=_text(texts, "description"),
        solution=_text(texts, "solution"),
        see_also=tuple(_links(texts.get("see_also", []))),
        cves=cves,
        cwes=tuple(_cwes([*texts.get("cwe", []), *(xref for xref in xrefs if xref.startswith("CWE"))])),
        # web application scans write <cvss> and <cvssv3>
        cvss2_score=_score(texts, "cvss_base_score", "cvss"),
        cvss2_vector=_text(texts, "cvss_vector").removeprefix("CVSS2#") or None,
        cvss3_score=_score(texts, "cvss3_base_score", "cvssv3"),
        cvss3_vector=_text(texts, "cvss3_vector") or None,
        cvss4_score=_score(texts, "cvss4_base_score"),
        cvss4_vector=_text(texts, "cvss4_vector") or None,
        vpr_score=_score(texts, "vpr_score"),
        epss_score=_score(texts, "epss_score", highest=1.0),
        published_on=read_day(_text(texts, "vuln_publication_date")),
        patch_published_on=read_day(_text(texts, "patch_publication_date")),
        modified_on=read_day(_text(texts, "plugin_modification_date")),
        exploit_available=_flag(_text(texts, "exploit_available")),
        kev=True if _is_known_exploited(texts) else None,
        references=(*xrefs, *(f"BID:{bid}" for bid in texts.get("bid", []))),
    )


def _read_texts(item: Element) -> Texts:
    texts: dict[str, list[str]] = {}
    for child in item.iterchildren("*"):
        text = (child.text or "").strip()
        if text:
            texts.setdefault(child.tag, []).append(text)
    return texts


def _text(texts: Texts, tag: str) -> str:
    return texts.get(tag, ("",))[0]


def _score(texts: Texts, *tags: str, highest: float = 10.0) -> float | None:
    stated = next((texts[tag][0] for tag in tags if tag in texts), "")
    try:
        score = float(stated)
    except ValueError:
        return None
    return score if math.isfinite(score) and 0 <= score <= highest else None


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _is_known_exploited(texts: Texts) -> bool:
    return "cisa-known-exploited" in texts or any(
        xref.upper().startswith("CISA-KNOWN-EXPLOITED") for xref in texts.get("xref", [])
    )


def _links(values: Iterable[str]) -> Iterator[str]:
    """One link per element, several on lines, or the JSON list of a workbench export."""
    for value in values:
        links = read_list(value)
        yield from value.split() if links is None else links


def _cwes(texts: Iterable[str]) -> dict[int, None]:
    return {int(found.group(1)): None for text in texts if (found := _CWE.fullmatch(text))}
