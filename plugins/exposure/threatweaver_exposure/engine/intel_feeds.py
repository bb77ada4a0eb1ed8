"""Raw public feeds to the records of snapshots: KEV, EPSS, OSV, and CVE records with CVSS and SSVC.

Only what is used goes over. What cannot be read raises SnapshotFault; single records without an id that
could be looked up are left out.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from threatweaver_exposure.engine import ssvc
from threatweaver_exposure.engine.intel_snapshot import SnapshotFault, next_line, opened
from threatweaver_exposure.engine.reading import words

CVE: Final = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
ADVISORY: Final = re.compile(
    r"(?i)(?:CVE-\d{4}-\d{4,19}|(?!CVE-)[A-Z][A-Z0-9]{0,19}-[A-Z0-9:._@/+-]{1,79})", re.ASCII
)
_LONGEST_CELL = 10_000  # characters
_LONGEST = 16 << 20  # bytes of a line of a raw feed
_LARGEST = 4 << 30  # bytes of a raw feed, decompressed
_CATALOG = 64 << 20  # bytes of KEV, which is one JSON document
_SCORE_DATE = re.compile(r"score_date:([^,\s]+)")
_TEXT = 2_000  # characters of one text
_SOURCES = 20  # vectors of one CVE

Record = dict[str, Any]


class Raw:
    """The files of one feed; `published` is known once all records were read."""

    def __init__(self, feed: str, paths: Sequence[Path], published: datetime | None = None) -> None:
        self._feed = feed
        self._paths = paths
        self._said = published
        self._newest: datetime | None = None

    def records(self) -> Iterator[Record]:
        """Yield the records of every file. Raises SnapshotFault."""
        for path in self._paths:
            yield from _READERS[self._feed](self, path)

    def published(self) -> datetime:
        """Return when the source published it: as was said, else as the files say. Raises SnapshotFault."""
        found = self._said or self._newest
        if found is None:
            raise SnapshotFault("the files do not say when they were published; say it")
        return found

    def saw(self, moment: object) -> None:
        """Take note of a time that a file says of itself or of a record."""
        try:
            found = datetime.fromisoformat(str(moment or ""))
        except ValueError:
            return
        found = found.replace(tzinfo=found.tzinfo or UTC, microsecond=0)
        if found.year > 1:  # some files say the year 1 for a date that they do not know
            self._newest = max(self._newest or found, found)


def normalized(name: str) -> str:
    """Return an id of an advisory as it is stored: CVE-2024-1234, GHSA-x2c4-…, others as they are."""
    upper = name.upper()
    if upper.startswith("GHSA-"):
        return f"GHSA-{name[5:].lower()}"
    return upper if upper.startswith("CVE-") else name


def _kev(raw: Raw, path: Path) -> Iterator[Record]:
    catalog = _json(b"".join(_lines(path, _CATALOG)), path)
    found = catalog.get("vulnerabilities")
    if not isinstance(found, list):
        raise SnapshotFault(f"{path.name} is no catalog of known exploited vulnerabilities")
    raw.saw(catalog.get("dateReleased"))
    for item in map(words.mapping, found):
        cve = words.first(item.get("cveID")).upper()
        if CVE.fullmatch(cve) and (added := _day(item.get("dateAdded"))):
            yield {
                "cve": cve,
                "added": added,
                "due": _day(item.get("dueDate")),
                "ransomware": item.get("knownRansomwareCampaignUse") == "Known",
                "vendor": _text(item.get("vendorProject")),
                "product": _text(item.get("product")),
                "name": _text(item.get("vulnerabilityName")),
                "action": _text(item.get("requiredAction")),
                "cwes": list(words.cwes(*words.sequence(item.get("cwes")))),
            }


def _epss(raw: Raw, path: Path) -> Iterator[Record]:
    lines = (line.decode("utf-8", "replace") for line in _lines(path))
    first = next(lines, "")
    if first.startswith("#"):
        said = _SCORE_DATE.search(first)
        raw.saw(said[1] if said else None)
        first = next(lines, "")
    names = next(csv.reader([first]), [])
    if names[:2] != ["cve", "epss"]:
        raise SnapshotFault(f"{path.name} is no list of EPSS scores")
    for row in _rows(lines, names, path):
        score, cve = words.probability(row["epss"]), str(row["cve"]).upper()
        if score is not None and CVE.fullmatch(cve):
            yield {"cve": cve, "score": score, "percentile": words.probability(row.get("percentile"))}


def _rows(lines: Iterator[str], names: Sequence[str], path: Path) -> Iterator[Mapping[str, str]]:
    try:
        for row in csv.DictReader(lines, names):
            # Not the library's own limit, which is the whole process's: parsers of reports raise it.
            if any(len(value) > _LONGEST_CELL for value in row.values() if isinstance(value, str)):
                raise SnapshotFault(f"{path.name} has a cell that is too long")
            yield row
    except csv.Error:
        raise SnapshotFault(f"{path.name} is no table") from None


def _osv(raw: Raw, path: Path) -> Iterator[Record]:
    for item in _objects(path):
        raw.saw(item.get("modified") or item.get("published"))
        name, aliases = item.get("id"), words.sequence(item.get("aliases"))
        if isinstance(name, str) and ADVISORY.fullmatch(name):
            own = normalized(name)
            others = {normalized(each) for each in aliases if _named(each)} - {own}
            if others:
                yield {"id": own, "aliases": sorted(others)}


def _named(name: object) -> bool:
    return isinstance(name, str) and ADVISORY.fullmatch(name) is not None


def _cve(raw: Raw, path: Path) -> Iterator[Record]:
    for item in _objects(path):
        raw.saw(item.get("updated"))
        cve = words.first(item.get("cve")).upper()
        if CVE.fullmatch(cve):
            yield {
                "cve": cve,
                "state": "REJECTED" if item.get("state") == "REJECTED" else "PUBLISHED",
                "published": _day(item.get("published")),
                "updated": _day(item.get("updated")),
                "title": _text(item.get("title")),
                "cwes": list(words.cwes(*words.sequence(item.get("cwe")))),
                "cvss": list(_vectors(words.sequence(item.get("cvss")))),
                "ssvc": _points(words.mapping(item.get("ssvc"))),
            }


def _vectors(found: Iterable[Any]) -> Iterator[dict[str, str]]:
    """Yield each vector that can be scored, with who says it: the CNA that assigned the CVE, or an ADP."""
    for item in list(map(words.mapping, found))[:_SOURCES]:
        vector = words.first(item.get("vector"))[:300]
        if words.cvss(vector):
            yield {"source": _text(item.get("src"))[:60] or "unknown", "vector": vector}


def _text(value: object) -> str:
    return words.first(value).replace("\0", "")[:_TEXT]


def _day(value: object) -> str | None:
    """Return a day as 2024-05-31; None for what begins with none."""
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return None


def _points(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return SSVC's three points of a CVE, None unless all are there and known."""
    low = {str(name).lower(): str(value).lower() for name, value in said.items()}
    automatable = {"yes": True, "no": False}.get(low.get("automatable", ""))
    exploitation, impact = low.get("exploitation"), low.get("technical impact")
    if automatable is None or exploitation not in ssvc.EXPLOITATION or impact not in ssvc.TECHNICAL_IMPACT:
        return None
    return {"exploitation": exploitation, "automatable": automatable, "technicalImpact": impact}


def _objects(path: Path) -> Iterator[Record]:
    for line in _lines(path):
        if line.strip():
            yield _json(line, path)


def _json(text: bytes, path: Path) -> Record:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SnapshotFault(f"{path.name} holds something that is no JSON object")
    return found


def _lines(path: Path, most: int = _LARGEST) -> Iterator[bytes]:
    total = 0
    with opened(path) as file:
        while line := next_line(file, _LONGEST):
            total += len(line)
            if total > most:
                raise SnapshotFault(f"{path.name} is larger than any feed")
            yield line


_READERS: Mapping[str, Callable[[Raw, Path], Iterator[Record]]] = {
    "kev": _kev,
    "epss": _epss,
    "osv": _osv,
    "cve": _cve,
}
