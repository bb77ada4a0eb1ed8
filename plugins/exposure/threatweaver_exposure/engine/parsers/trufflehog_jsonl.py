"""TruffleHog's JSON lines (version 3): secrets in repositories, images, buckets and files."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import (
    CERTAIN,
    UNDATED,
    Asset,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.reading.json_items import lines, peek
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import HIGH, MEDIUM, first, mapping, mark, place

_SAID = ("commit", "email", "timestamp", "link", "layer")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report. The secrets themselves stay out of them."""
    yield Coverage(None)
    assets: dict[tuple[str, str], int] = {}
    known = set()
    for value in lines(stream):
        leak = mapping(value)
        if "DetectorName" not in leak:
            continue  # a line of its log, which may stand between
        kind, source = _source(leak)
        subject = _subject(kind, source)
        if subject not in assets:
            assets[subject] = len(assets)
            stated = (subject,) if subject[1] else ()
            yield Asset(assets[subject], subject[1][:1000], identifiers=stated, finished_at=UNDATED)
        check = check_id(leak.get("DetectorName"))
        if check not in known:
            known.add(check)
            yield _definition(check, leak)
        yield _finding(assets[subject], check, leak, source)
    if not assets:
        raise ReportError(ReportFault.UNSUPPORTED, "no line of the file is a secret that was found")


def _source(leak: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return the kind of source, for which the one member there is named, and the place in it."""
    data = mapping(mapping(leak.get("SourceMetadata")).get("Data"))
    kind, source = next(iter(data.items()), ("", None))
    return kind, mapping(source)


def _subject(kind: str, source: Mapping[str, Any]) -> tuple[str, str]:
    """Return the kind and the value of the identifier of what was searched, ("", "") for files."""
    if repository := first(source.get("repository")):
        return "repository", repository
    if image := first(source.get("image")):
        return "image", ":".join(filter(None, (image, first(source.get("tag")))))
    if bucket := first(source.get("bucket")):
        return "cloud_resource", f"arn:aws:s3:::{bucket}" if kind == "S3" else bucket
    return "", ""


def _definition(check: str, leak: Mapping[str, Any]) -> Definition:
    described = first(leak.get("DetectorDescription"))
    return Definition(check, f"{check} secret", family="Secrets", description=described)


def _finding(number: int, check: str, leak: Mapping[str, Any], source: Mapping[str, Any]) -> Finding:
    file = first(source.get("file"))
    verified = leak.get("Verified") is True
    more = mapping(leak.get("ExtraData"))
    return Finding(
        number,
        check,
        HIGH
        if verified
        else MEDIUM,  # the report knows no severities, but whether the secret still opens something
        output=evidence(
            spot(file, source.get("line")),
            labeled("secret", leak.get("Redacted")),
            "verified: it is in use" if verified else "not verified",
            *(labeled(name, source.get(name)) for name in _SAID),
            *(labeled(name, more[name]) for name in sorted(more)),
        ),
        location=place(file or first(source.get("link")), mark(first(leak.get("Raw"), leak.get("Redacted")))),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: its first line is a secret, or one of its log after which a secret comes."""
    return CERTAIN if any(_is_secret(line) for line in head.splitlines()[:50]) else 0


def _is_secret(line: bytes) -> bool:
    return b'"DetectorName"' in line and peek(line).has("SourceMetadata", "DetectorName", "Verified")


PARSER = ImportParser(name="trufflehog_jsonl", title="TruffleHog JSON lines", detects=detects, parse=parse)
