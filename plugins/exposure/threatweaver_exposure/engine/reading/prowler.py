"""What Prowler says of a check on a resource, in the same words for each of its formats."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from threatweaver.reports import (
    UNDATED,
    Asset,
    Coverage,
    Definition,
    Finding,
    Record,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.words import MEDIUM, first, links, mark, place, severity

_FAILED = ("FAIL", "FAILED", "FAILURE")
_TITLE = re.compile(r"\[((?:check|extra)\w+)\]\s*(.*)", re.DOTALL)  # version 2 has its id of the check there
_SCORED = (" (Scored)", " (Not Scored)")  # and what the benchmark says behind it
_AMOUNT = re.compile(r"(?<![\w-])\d+(?![\w-])")


class Result(NamedTuple):
    """One check on one resource, whatever came of it; texts are "" where the report has none."""

    check: str
    title: str
    status: str
    severity: str
    message: str
    account: str
    account_name: str
    region: str
    resource: str
    service: str
    description: str
    risk: str
    solution: str
    links: tuple[str, ...]
    compliance: tuple[str, ...]
    time: str
    muted: bool


def records(results: Iterable[Result]) -> Iterator[Record]:
    """Yield the records of a report: an asset is an account, a finding what failed there."""
    accounts: dict[str, Asset] = {}
    known: set[str] = set()
    for result in results:
        check, name = _named(result)
        if not check:
            continue
        asset = accounts.get(result.account)
        if asset is None:
            asset = accounts[result.account] = _asset(len(accounts), result)
            yield asset
        elif (time := read_time(result.time)) and _later(time, asset.finished_at):
            accounts[result.account] = asset._replace(finished_at=time)
        if result.status.upper() in _FAILED:
            if check not in known:
                known.add(check)
                yield _definition(check, name, result)
            yield _finding(asset.number, check, result)
    if not accounts:
        raise ReportError(ReportFault.UNSUPPORTED, "the report has no checks of Prowler")
    yield from accounts.values()  # with the times of their last checks
    yield Coverage(None)


def _named(result: Result) -> tuple[str, str]:
    titled = _TITLE.fullmatch(result.title)
    check, name = titled.groups() if titled else (result.check, result.title)
    for word in _SCORED:
        name = name.partition(word)[0]
    return check[:200], name or check


def _asset(number: int, result: Result) -> Asset:
    return Asset(
        number,
        first(result.account_name, result.account),
        identifiers=(("cloud_resource", result.account),) if result.account else (),
        finished_at=read_time(result.time) or UNDATED,
    )


def _later(time: datetime, than: datetime | None) -> bool:
    return than is None or than == UNDATED or time > than


def _definition(check: str, name: str, result: Result) -> Definition:
    said = dict.fromkeys(text for text in (result.description, result.risk) if text not in ("", name))
    return Definition(
        check,
        name,
        family=result.service,
        description="\n\n".join(said),
        solution=result.solution,
        see_also=links(result.links),
        references=result.compliance,
    )


def _finding(asset: int, check: str, result: Result) -> Finding:
    # Old versions name the resource in their message only; numbers in it count days and the like.
    resource = result.resource or mark(_AMOUNT.sub("", result.message))
    return Finding(
        asset,
        check,
        severity(result.severity, MEDIUM),
        output="\n".join(filter(None, (result.message, "muted" if result.muted else ""))),
        location=place(result.region, resource),
    )
