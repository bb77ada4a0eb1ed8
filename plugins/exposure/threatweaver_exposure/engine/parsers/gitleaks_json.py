"""Gitleaks' JSON: secrets in source code and its history, of version 8 and of those before."""

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
)
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import HIGH, first, mapping, mark, place, sequence

_SAID = ("commit", "author", "email", "date", "entropy", "link", "leakurl")
_REDACTED = {"", "redacted"}


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report. The secrets themselves stay out of them."""
    yield Coverage(None)
    assets: dict[str, int] = {}
    known = set()
    for _, value in items(stream, "[]"):
        leak = {name.lower(): said for name, said in mapping(value).items()}  # before 8 they were lower case
        repository = first(leak.get("repourl"))
        if repository not in assets:
            assets[repository] = len(assets)
            yield _asset(assets[repository], repository)
        check = check_id(leak.get("ruleid"), leak.get("rule"))
        if check not in known:
            known.add(check)
            yield Definition(check, first(leak.get("description"), check), family="Secrets")
        yield _finding(assets[repository], check, leak)
    if not assets:
        yield _asset(0, "")


def _asset(number: int, repository: str) -> Asset:
    stated = (("repository", repository),) if repository else ()  # version 8 does not say it
    return Asset(number, repository[:1000], identifiers=stated, finished_at=UNDATED)


def _finding(number: int, check: str, leak: Mapping[str, Any]) -> Finding:
    secret = first(leak.get("secret"), leak.get("offender"))
    file = first(leak.get("file"))
    # One secret in many commits is one to be replaced; a secret that is blacked out is told by its commit.
    told = place(leak.get("commit")) if secret.lower() in _REDACTED else mark(secret)
    found = first(leak.get("match"), leak.get("line"))
    return Finding(
        number,
        check,
        HIGH,  # the report knows no severities
        output=evidence(
            spot(file, leak.get("startline", leak.get("linenumber"))),
            found.replace(secret, "…") if secret and secret in found else "",
            *(labeled(name, leak.get(name)) for name in _SAID),
            labeled("tags", ", ".join(map(str, sequence(leak.get("tags"))))),
        ),
        location=place(file, told),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one; some versions write `null` for nothing and, unlike others, end the line."""
    seen = peek(head)
    if seen.has("[].RuleID", "[].Secret", "[].StartLine") or seen.has("[].offender", "[].rule", "[].commit"):
        return CERTAIN
    return 20 if head == b"null\n" else 0


PARSER = ImportParser(name="gitleaks_json", title="Gitleaks JSON", detects=detects, parse=parse)
