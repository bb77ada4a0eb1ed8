"""Prowler's CSV: checks that resources of a cloud account failed."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from threatweaver.reports import CERTAIN, ImportParser, Record
from threatweaver_exposure.engine.reading.prowler import Result, records
from threatweaver_exposure.engine.reading.tables import header_of, rows
from threatweaver_exposure.engine.reading.words import first

# The columns of versions 4 and 5, of 3 (where each cloud has its own), and of 2.
_ACCOUNT = ("account_uid", "account_id", "subscription", "project_id", "context", "account_num")
_ACCOUNT_NAME = ("account_name", "account_details_name")
_RESOURCE = ("resource_uid", "resource_arn", "resource_id", "resource_name", "check_resource_id")
_LINKS = ("related_url", "remediation_recommendation_url", "additional_urls", "check_doc")
_TIME = ("timestamp", "assessment_start_time", "prowler_start_time")
_HEADERS = ({"check_id", "status_extended", "provider"}, {"check_result", "title_text"})


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    return records(_result(row) for row in rows(stream))


def _result(row: Mapping[str, str]) -> Result:
    def said(*columns: str) -> str:
        return first(*map(row.get, columns))

    return Result(
        check=said("check_id", "title_id"),
        title=said("check_title", "title_text"),
        status=said("status", "check_result"),
        severity=said("severity", "check_severity"),
        message=said("status_extended", "check_result_extended"),
        account=said(*_ACCOUNT),
        account_name=said(*_ACCOUNT_NAME),
        region=said("region", "location"),
        resource=said(*_RESOURCE),
        service=said("service_name", "check_servicename"),
        description=said("description"),
        risk=said("risk", "check_risk"),
        solution=_solution(row),
        links=tuple(said(column) for column in _LINKS),
        compliance=tuple(filter(None, said("compliance").split(" | "))),
        time=said(*_TIME),
        muted=said("muted").lower() == "true",
    )


def _solution(row: Mapping[str, str]) -> str:
    columns = ("remediation_recommendation_text", "check_remediation", "remediation_code_cli")
    return "\n\n".join(filter(None, (first(row.get(column)) for column in columns)))


def detects(head: bytes, _: str) -> int:
    """Say whether it is one, by its columns."""
    return CERTAIN if any(columns.issubset(header_of(head)) for columns in _HEADERS) else 0


PARSER = ImportParser(name="prowler_csv", title="Prowler CSV", detects=detects, parse=parse)
