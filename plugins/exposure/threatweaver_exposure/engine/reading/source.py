"""What reports on source code have in common: evidence in lines, and times as their tools spell them."""

import re
from datetime import datetime

from threatweaver_exposure.engine.dates import read_time

_BEFORE_ZONE = re.compile(r" (?=[+-]\d\d:?\d\d$)", re.ASCII)


def evidence(*lines: object) -> str | None:
    """Return these lines as one text, those that are no text or empty left out; None when none is left."""
    said = [line.rstrip() for line in lines if isinstance(line, str) and line.strip()]
    return "\n".join(said) or None


def spot(file: object, line: object) -> str:
    """Return `file:line`, or the file alone when the line is not known; "" without a file."""
    if not isinstance(file, str) or not file.strip():
        return ""
    known = isinstance(line, int | str) and str(line).strip() not in {"", "0"}
    return f"{file.strip()}:{str(line).strip()}" if known else file.strip()


def labeled(label: str, value: object) -> str:
    """Return `label: value` of a text or a number, "" of anything else."""
    said = str(value).strip() if isinstance(value, str | int | float) else ""
    return f"{label}: {said}" if said else ""


def read_stamp(text: object) -> datetime | None:
    """Read an ISO time, also with a blank before its zone: `2020-04-11 16:51:44 -0700`, `... UTC`."""
    return (
        read_time(_BEFORE_ZONE.sub("", text.strip().removesuffix(" UTC"))) if isinstance(text, str) else None
    )
