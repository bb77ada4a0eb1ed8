"""Times as vendors spell them for people, the months in English whatever the language of the process."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone

from threatweaver_exposure.engine.dates import MONTHS, read_day, read_time

_LONGEST = 64
# What reports use; a zone that is not here is taken for UTC.
_HOURS = dict(EST=-5, EDT=-4, CST=-6, CDT=-5, MST=-7, MDT=-6, PST=-8, PDT=-7, CET=1, CEST=2)  # noqa: C408  a line
_CLOCK = (
    r"(?:[ T](?:at )?(?P<hour>\d{1,2}):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\d{3})?)?"
    r" ?(?P<half>[AP]M)? ?\(?(?P<zone>[A-Z]{0,4})(?P<offset>[+-]\d\d:?\d\d)?\)?)?"
)
_SPELLINGS = tuple(
    re.compile(day + _CLOCK, re.ASCII | re.IGNORECASE)
    for day in (
        r"(?P<month>[a-z]{3})[a-z]* (?P<day>\d{1,2}),? (?P<year>\d{4})",  # Feb 5, 2024 21:01:08 UTC
        r"(?P<day>\d{1,2}) (?P<month>[a-z]{3})[a-z]* (?P<year>\d{4})",  # 01 Apr 2020 01:15PM GMT-0400
        r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})",  # 05/13/2021 07:08:28
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",  # 20210228T225351463
    )
)


def read_moment(text: object) -> datetime | None:
    """Read a time in one of these spellings, a C time or an ISO time; without a zone it is UTC."""
    moment = _read(text)
    try:
        return moment and moment.astimezone(UTC)
    except OverflowError:
        return None


def read_date(text: object) -> date | None:
    """Read the day of such a time, where its writer was."""
    moment = _read(text)
    return moment.date() if moment else read_day(str(text or ""))


def _read(text: object) -> datetime | None:
    said = " ".join(str(text or "")[:_LONGEST].split())
    for spelling in _SPELLINGS:
        if found := spelling.fullmatch(said):
            try:
                return _moment(found.groupdict())
            except (ValueError, KeyError):
                return None
    return read_time(said)


def _moment(parts: Mapping[str, str | None]) -> datetime:
    month = parts["month"] or ""
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        hour = hour % 12 + (12 if parts["half"].upper() == "PM" else 0)
    return datetime(
        int(parts["year"] or 0),
        int(month) if month.isdecimal() else MONTHS[month.lower()],
        int(parts["day"] or 0),
        hour,
        int(parts["minute"] or 0),
        int(parts["second"] or 0),
        tzinfo=_zone(parts["zone"] or "", parts["offset"] or ""),
    )


def _zone(name: str, offset: str) -> timezone:
    if not offset:
        return timezone(timedelta(hours=_HOURS.get(name.upper(), 0)))
    digits = offset[1:].replace(":", "")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if offset[0] == "-" else away)
