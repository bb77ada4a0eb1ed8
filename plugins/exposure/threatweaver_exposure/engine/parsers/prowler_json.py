"""Prowler's JSON: lines (version 2), its own members (version 3) or OCSF (versions 3 and later)."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, ImportParser, Record
from threatweaver_exposure.engine.reading.json_items import items, lines, peek
from threatweaver_exposure.engine.reading.prowler import Result, records
from threatweaver_exposure.engine.reading.words import first, mapping, sequence

_HEAD = 4096


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    head = stream.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    stream.seek(0)
    values = (value for _, value in items(stream, "[]")) if head.startswith(b"[") else lines(stream)
    return records(_result(mapping(value)) for value in values)


def _result(said: Mapping[str, Any]) -> Result:
    if "metadata" in said:
        return _ocsf(said)
    return _native(said) if "CheckID" in said else _old(said)


def _old(said: Mapping[str, Any]) -> Result:
    return Result(
        check=first(said.get("Control ID")),
        title=first(said.get("Control")),
        status=first(said.get("Status")),
        severity=first(said.get("Severity")),
        message=first(said.get("Message")),
        account=first(said.get("Account Number")),
        account_name="",
        region=first(said.get("Region")),
        resource=first(said.get("Resource ID")),
        service=first(said.get("Service")),
        description="",
        risk=first(said.get("Risk")),
        solution=first(said.get("Remediation")),
        links=(first(said.get("Doc link")),),
        compliance=(),
        time=first(said.get("Timestamp")),
        muted=False,
    )


def _native(said: Mapping[str, Any]) -> Result:
    advice = mapping(mapping(said.get("Remediation")).get("Recommendation"))
    accounts = ("AccountId", "Subscription", "ProjectId", "Context")
    resources = ("ResourceArn", "ResourceId", "ResourceName")
    return Result(
        check=first(said.get("CheckID")),
        title=first(said.get("CheckTitle")),
        status=first(said.get("Status")),
        severity=first(said.get("Severity")),
        message=first(said.get("StatusExtended")),
        account=first(*map(said.get, accounts)),
        account_name=first(said.get("AccountName")),
        region=first(said.get("Region"), said.get("Location")),
        resource=first(*map(said.get, resources)),
        service=first(said.get("ServiceName")),
        description=first(said.get("Description")),
        risk=first(said.get("Risk")),
        solution=first(advice.get("Text")),
        links=(first(said.get("RelatedUrl")), first(advice.get("Url"))),
        compliance=_compliance(said.get("Compliance")),
        time=first(said.get("AssessmentStartTime")),
        muted=False,
    )


def _ocsf(said: Mapping[str, Any]) -> Result:
    metadata, extra = mapping(said.get("metadata")), mapping(said.get("unmapped"))
    about = mapping(said.get("finding_info")) or mapping(said.get("finding"))
    resource = mapping(next(iter(sequence(said.get("resources"))), None))
    cloud, advice = mapping(said.get("cloud")), mapping(said.get("remediation"))
    account = mapping(cloud.get("account"))
    advised = [first(text) for text in (advice.get("desc"), *sequence(advice.get("references")))]
    feature = mapping(mapping(metadata.get("product")).get("feature"))
    return Result(
        check=first(metadata.get("event_code"), feature.get("uid")),
        title=first(about.get("title")),
        status=first(said.get("status_code"), said.get("status")),
        severity=first(said.get("severity")),
        message=first(said.get("status_detail"), said.get("message")),
        account=first(account.get("uid"), extra.get("provider_uid")),
        account_name=first(account.get("name")),
        region=first(resource.get("region"), cloud.get("region"), resource.get("namespace")),
        resource=first(resource.get("uid"), resource.get("name")),
        service=first(mapping(resource.get("group")).get("name")),
        description=first(about.get("desc")),
        risk=first(said.get("risk_details")),
        solution="\n\n".join(text for text in advised if text and not text.startswith("http")),
        links=(first(extra.get("related_url")), *advised),
        compliance=_compliance(extra.get("compliance")),
        time=first(said.get("time_dt"), said.get("event_time"), about.get("created_time_dt")),
        muted=said.get("status") == "Suppressed",
    )


def _compliance(said: object) -> tuple[str, ...]:
    return tuple(
        f"{framework}: {', '.join(str(requirement) for requirement in sequence(requirements))}"
        for framework, requirements in mapping(said).items()
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: lines or a list of results in one of Prowler's spellings."""
    seen = peek(head)
    for at in ("[].", ""):
        product = seen.values.get(f"{at}metadata.product.name")
        if (
            seen.has(f"{at}Control", f"{at}Account Number", f"{at}Status")
            or seen.has(f"{at}CheckID", f"{at}StatusExtended")
            or (product == "Prowler" and seen.has(f"{at}status_detail"))
        ):
            return CERTAIN
    return 0


PARSER = ImportParser(name="prowler_json", title="Prowler JSON", detects=detects, parse=parse)
