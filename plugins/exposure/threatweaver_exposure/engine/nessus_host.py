"""Reads one ReportHost of a Nessus report."""

import re

from threatweaver.reports import Asset, ReportError, ReportFault
from threatweaver_exposure.engine.dates import read_epoch, read_time
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.identity import Properties, identify
from threatweaver_exposure.engine.lists import read_list

NAME_LENGTH = 1_000
SCAN_INFORMATION = "19506"

_CREDENTIALED = re.compile(r"^\s*Credentialed checks\s*:\s*(yes|no)\b", re.MULTILINE | re.IGNORECASE)


def read_host(number: int, host: Element, properties: Element) -> Asset:
    """The record of a host from its HostProperties, which may be None."""
    tags = _read_tags(properties)
    name = (host.get("name") or "").strip() or tags.get("host-fqdn") or tags.get("host-ip") or ""
    identifiers = identify(name, tags)
    if not identifiers:
        text = f"the host on line {host.sourceline} has no name and no address"
        raise ReportError(ReportFault.MALFORMED, text, line=host.sourceline)
    if len(name) > NAME_LENGTH:
        text = f"the name of the host on line {host.sourceline} is too long"
        raise ReportError(ReportFault.LIMIT, text, line=host.sourceline)
    return Asset(
        number=number,
        name=name,
        identifiers=identifiers,
        operating_system=_operating_system(tags.get("operating-system", "")),
        started_at=read_epoch(tags.get("HOST_START_TIMESTAMP")) or read_time(tags.get("HOST_START")),
        finished_at=read_epoch(tags.get("HOST_END_TIMESTAMP")) or read_time(tags.get("HOST_END")),
        authenticated=_authenticated(tags),
    )


def read_credentialed(output: str | None) -> bool | None:
    """Whether the plugin Nessus Scan Information says the scan had logged in."""
    found = _CREDENTIALED.search(output or "")
    return found.group(1).lower() == "yes" if found else None


def _read_tags(properties: Element) -> Properties:
    if properties is None:
        return {}
    return {tag.get("name", ""): tag.text.strip() for tag in properties.iterchildren("tag") if tag.text}


def _operating_system(text: str) -> str | None:
    """One line of text from a guess, several guesses on lines, or the JSON list of a workbench export."""
    listed = read_list(text)
    guesses = text.splitlines() if listed is None else listed
    return "; ".join(guess.strip() for guess in guesses if guess.strip()) or None


def _authenticated(tags: Properties) -> bool | None:
    stated = tags.get("Credentialed_Scan", "").lower()
    if stated in {"true", "false"}:
        return stated == "true"
    with_login = read_epoch(tags.get("LastAuthenticatedResults"))
    without = read_epoch(tags.get("LastUnauthenticatedResults"))
    if with_login is None:
        return None if without is None else False
    return without is None or with_login >= without
