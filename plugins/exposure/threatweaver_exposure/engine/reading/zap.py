"""What ZAP's alerts mean, whether they are written as JSON or as XML."""

from collections.abc import Iterable, Mapping
from typing import Any

from threatweaver.reports import Definition, Finding
from threatweaver_exposure.engine.reading.web import at, hrefs, rule
from threatweaver_exposure.engine.reading.words import (
    HIGH,
    INFO,
    cves,
    cwes,
    first,
    mapping,
    place,
    plain,
    port_of,
    severity,
)

_MOST = 100  # instances that one finding shows


def check_of(alert: Mapping[str, Any]) -> str:
    """Return the id of the alert's kind, which is finer than that of the rule which raised it."""
    return rule(
        first(alert.get("alertRef"), alert.get("pluginid")), first(alert.get("name"), alert.get("alert"))
    )


def definition(check: str, alert: Mapping[str, Any], tags: Iterable[object]) -> Definition:
    """Return what a kind of alert means."""
    wasc = first(alert.get("wascid"))
    return Definition(
        check,
        first(alert.get("name"), alert.get("alert"), check),
        description=plain(alert.get("desc")),
        solution=plain(alert.get("solution")),
        see_also=hrefs(alert.get("reference")),
        cves=cves(alert.get("name"), alert.get("reference"), *tags),
        cwes=cwes(alert.get("cweid")),
        references=(f"WASC:{wasc}",) if wasc.isdecimal() and wasc != "0" else (),
    )


def site_url(name: object, host: object, port: object) -> str:
    """Return the URL of a site, which is its name but for what others make of ZAP's reports."""
    return first(name) if "://" in first(name) else f"{first(host, name)}:{port_of(port)}"


def finding(
    asset: int,
    site: str,
    known_as: str,
    alert: Mapping[str, Any],
    instances: Iterable[Mapping[str, Any]],
) -> Finding:
    """Return the finding of an alert: one for a site, however many of its pages it is about.

    One rule may raise several kinds of alerts, to which older versions give one id: titles tell them apart.
    What is not the kind that the id was first `known_as` says by itself what it means.
    """
    shown = list(filter(None, map(_line, instances)))
    more = [f"… and {len(shown) - _MOST} more"] if len(shown) > _MOST else []
    other = first(alert.get("name")) not in {"", known_as}
    said = [
        first(alert.get("riskdesc")),
        plain(alert.get("desc")) if other else "",
        *shown[:_MOST],
        *more,
        plain(alert.get("otherinfo")),
    ]
    return Finding(
        asset,
        check_of(alert),
        _severity(alert),
        **at(site),
        output="\n".join(filter(None, said)) or None,
        location=place(first(alert.get("alert"), alert.get("name"))),
    )


def _line(instance: Mapping[str, Any]) -> str:
    said = mapping(instance)
    where = f"{first(said.get('method'))} {first(said.get('uri'))} {first(said.get('param'))}".strip()
    evidence = " | ".join(filter(None, (first(said.get(name)) for name in ("attack", "evidence"))))
    return f"{where}: {evidence}" if evidence else where


def _severity(alert: Mapping[str, Any]) -> int:
    """Return ZAP's risk, 0 to 3, which is the same here; else what its description begins with."""
    code = first(alert.get("riskcode"))
    if code in {str(known) for known in range(INFO, HIGH + 1)}:
        return int(code)
    return severity(first(alert.get("riskdesc")).partition(" ")[0])
