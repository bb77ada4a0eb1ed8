"""The spellings of dates and times that scanners use."""

import re
from datetime import UTC, date, datetime

_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
MONTHS = {name: n for n, name in enumerate(_NAMES.split(), start=1)}
_DAY = re.compile(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_ZONE = re.compile(r"\s(?=[+-]\d\d:?\d\d\Z)|\s*(?:UTC|GMT)\Z")  # a blank before the zone, or its name
# "Thu Mar 24 10:11:12 2016". Not strptime: that one reads month names in the language of the process.
_CTIME = re.compile(r"\s*\w{3}\s+(\w{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(\d{4})\s*")


def read_day(text: object) -> date | None:
    """Read a day written as 2018/07/11, 2018-07-11 or at the start of an ISO time; None for all else."""
    found = _DAY.match(text) if isinstance(text, str) else None
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def read_epoch(text: str | None) -> datetime | None:
    """Read seconds since 1970."""
    try:
        return datetime.fromtimestamp(int(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def read_time(text: object) -> datetime | None:
    """Read a C or ISO time; one without a zone is taken as UTC, since reports do not say which they mean."""
    if not isinstance(text, str):
        return None
    found = _CTIME.fullmatch(text)
    try:
        if found is None:
            moment = datetime.fromisoformat(_ZONE.sub("", text.strip()))
        else:
            month, day, hour, minute, second, year = found.groups()
            moment = datetime(  # noqa: DTZ001  the zone is added below
                int(year), MONTHS[month.lower()], int(day), int(hour), int(minute), int(second)
            )
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        return None
