"""Feeds: the table of each, and how a record of a snapshot becomes a row of it.

Records are signed, yet checked: what cannot be a row raises ValueError, TypeError or KeyError.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from threatweaver_exposure.engine import ssvc
from threatweaver_exposure.engine.intel_feeds import ADVISORY, CVE

Record = Mapping[str, Any]
Row = tuple[Any, ...]
_LONGEST = 4_000  # characters of a text
_MOST = 1_000  # members of a list


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed: its title, table, columns (those of the key first), and the rows that a record makes."""

    title: str
    table: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    rows: Callable[[Record], Iterator[Row]]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, as `rows` has them."""
        return (*self.key, *self.values)


def _kev(said: Record) -> Iterator[Row]:
    yield (
        _cve_of(said),
        _day(said["added"]),
        _day_if_any(said["due"]),
        _of(bool, said["ransomware"]),
        *(_text(said[name]) for name in ("vendor", "product", "name", "action")),
        _cwes(said["cwes"]),
    )


def _epss(said: Record) -> Iterator[Row]:
    percentile = said["percentile"]
    yield _cve_of(said), _share(said["score"]), None if percentile is None else _share(percentile)


def _osv(said: Record) -> Iterator[Row]:
    name = _id(said["id"])
    for alias in _list(said["aliases"]):
        yield name, _id(alias)


def _cve(said: Record) -> Iterator[Row]:
    if said["state"] not in ("PUBLISHED", "REJECTED"):
        raise ValueError("state")
    vectors = [
        {"source": _text(item["source"]), "vector": _text(item["vector"])} for item in _list(said["cvss"])
    ]
    yield (
        _cve_of(said),
        said["state"],
        _day_if_any(said["published"]),
        _day_if_any(said["updated"]),
        _text(said["title"]),
        _cwes(said["cwes"]),
        orjson.dumps(vectors).decode(),
        *_points(said["ssvc"]),
    )


def _points(said: Record | None) -> Row:
    if said is None:
        return None, None, None
    exploitation, impact = said["exploitation"], said["technicalImpact"]
    if exploitation not in ssvc.EXPLOITATION or impact not in ssvc.TECHNICAL_IMPACT:
        raise ValueError("ssvc")
    return exploitation, _of(bool, said["automatable"]), impact


def _cve_of(said: Record) -> str:
    if not CVE.fullmatch(said["cve"]):
        raise ValueError("cve")
    return str(said["cve"])


def _id(value: Any) -> str:
    if not ADVISORY.fullmatch(value):
        raise ValueError("id")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise ValueError("text")
    value.encode()  # a lone surrogate is no text
    return value


def _share(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ValueError("share")
    return float(value)


def _cwes(value: Any) -> list[int]:
    return [number for number in _list(value) if _of(int, number) and 0 < number < 1_000_000]


def _day(value: Any) -> date:
    return date.fromisoformat(value[:10])


def _day_if_any(value: Any) -> date | None:
    return _day(value) if value else None


def _list(value: Any) -> list[Any]:
    if len(_of(list, value)) > _MOST:
        raise ValueError("list")
    return list(value)


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(kind.__name__)
    return value


FEEDS: Mapping[str, Feed] = {
    "kev": Feed(
        title="CISA Known Exploited Vulnerabilities",
        table="exposure_kev",
        key=("cve",),
        values=("added", "due", "ransomware", "vendor", "product", "name", "action", "cwes"),
        rows=_kev,
    ),
    "epss": Feed(
        title="FIRST Exploit Prediction Scoring System",
        table="exposure_epss",
        key=("cve",),
        values=("score", "percentile"),
        rows=_epss,
    ),
    "osv": Feed(
        title="OSV advisories: aliases",
        table="exposure_alias",
        key=("advisory", "alias"),
        values=(),
        rows=_osv,
    ),
    "cve": Feed(
        title="CVE records with CVSS, CWE and SSVC",
        table="exposure_cve",
        key=("cve",),
        values=(
            "state",
            "published",
            "updated",
            "title",
            "cwes",
            "cvss",
            "exploitation",
            "automatable",
            "technical_impact",
        ),
        rows=_cve,
    ),
}
