"""SARIF 2.1: results of static analysis, of whatever tool."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import unquote

from threatweaver.reports import CERTAIN, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.json_items import peek
from threatweaver_exposure.engine.reading.sarif_runs import RESULT, TOOL, Run, by_run, read_runs, rules_of
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import (
    INFO,
    cves,
    cwes,
    first,
    links,
    mapping,
    mark,
    place,
    plain,
    score,
    sequence,
    severity,
    severity_of_score,
)

_DIGITS = re.compile(r"\d+", re.ASCII)
_PLACEHOLDER = re.compile(r"\{(\d{1,3})\}", re.ASCII)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report.

    Every tool writes this format, so only the rules are covered that a tool lists and those it found broken.
    """
    runs = read_runs(stream)
    yield from (run.asset(number) for number, run in enumerate(runs))
    reader: _Reader | None = None
    for number, path, value in by_run(stream, RESULT):
        run = min(number, len(runs) - 1)  # a run must have a tool; what has none goes with the one before
        if reader is None or run != reader.number:
            reader = _Reader(run, runs[run])
        yield from (reader.tool if path == TOOL else reader.result)(mapping(value))


class _Reader:
    """Reads one run. Its rules may come after its results: their definitions are completed then."""

    def __init__(self, number: int, run: Run) -> None:
        self.number = number
        self.run = run
        self.rules: dict[str, Mapping[str, Any]] = {}
        self.used: dict[str, str] = {}

    def tool(self, said: Mapping[str, Any]) -> Iterator[Record]:
        self.rules = rules_of(said)
        yield Coverage(frozenset(map(self.run.check, self.rules)))
        for check, rule in self.used.items():
            yield _definition(check, rule, self.run.tool, self.rules.get(rule, {}))

    def result(self, result: Mapping[str, Any]) -> Iterator[Record]:
        rule = self._rule(result)
        check = self.run.check(rule)
        if check not in self.used:
            self.used[check] = rule
            yield Coverage(frozenset((check,)))
            yield _definition(check, rule, self.run.tool, self.rules.get(rule, {}))
        message = _message(mapping(result.get("message")), self.rules.get(rule, {}))
        where = mapping(next(iter(sequence(result.get("locations"))), None))
        yield Finding(
            self.number,
            check,
            _severity(result, self.run.rules.get(rule, {})),
            output=_output(result, message, where),
            location=_place(result, message, where),
        )

    def _rule(self, result: Mapping[str, Any]) -> str:
        """Return the id of the rule that a result names by id or by number."""
        rule = first(result.get("ruleId"), mapping(result.get("rule")).get("id"))
        number = result.get("ruleIndex")
        if not rule and isinstance(number, int) and 0 <= number < len(self.run.numbered):
            rule = self.run.numbered[number]
        parent = rule.rpartition("/")[0]  # CA2101/NoSuffix is a kind of CA2101
        return parent if rule not in self.run.rules and parent in self.run.rules else rule


def _definition(check: str, rule: str, tool: str, said: Mapping[str, Any]) -> Definition:
    more = mapping(said.get("properties"))
    short, full, aid = (
        plain(mapping(said.get(name)).get("text")) for name in ("shortDescription", "fullDescription", "help")
    )
    related = (mapping(mapping(item).get("target")) for item in sequence(said.get("relationships")))
    taxa = [f"{mapping(item.get('toolComponent')).get('name')}-{item.get('id')}" for item in related]
    return Definition(
        check,
        first(short, said.get("name"), rule, check),
        family=tool,
        description=full or short,
        solution="" if aid in {full, short, *links(aid)} else aid,
        see_also=links(said.get("helpUri"), aid),
        cves=cves(rule, short, more.get("tags")),
        cwes=cwes(str([more.get("tags"), more.get("cwe"), taxa])),
    )


def _message(message: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    """Return the text of a message, which may stand with the rule and have places to fill."""
    name = first(message.get("id"))
    kept = mapping(mapping(rule.get("messageStrings")).get(name))
    text = first(message.get("text"), message.get("markdown"), kept.get("text"), name)
    filled = dict(enumerate(map(str, sequence(message.get("arguments")))))
    return _PLACEHOLDER.sub(lambda found: filled.get(int(found.group(1)), found.group()), text)


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any]) -> int:
    """Return what the tool says: a score by GitHub's convention, else the level of the result or its rule."""
    if (result.get("kind") or "fail") != "fail" or result.get("baselineState") == "absent":
        return INFO  # it did not fail, or not any more
    rated = score(mapping(result.get("properties")).get("security-severity", rule.get("score")))
    if rated is not None:
        return severity_of_score(rated)
    return severity(first(result.get("level"), rule.get("level"), "warning"))


def _output(result: Mapping[str, Any], message: str, where: Mapping[str, Any]) -> str | None:
    region = mapping(mapping(where.get("physicalLocation")).get("region"))
    suppressed = [mapping(item) for item in sequence(result.get("suppressions"))]
    fixes = (mapping(mapping(fix).get("description")).get("text") for fix in sequence(result.get("fixes")))
    return evidence(
        spot(_file(where), region.get("startLine")),
        message,
        mapping(region.get("snippet")).get("text"),
        *(labeled(name, result.get(name)) for name in ("level", "kind", "baselineState")),
        *(f"suppressed: {first(item.get('justification'), item.get('kind'))}" for item in suppressed),
        *(labeled("fix", fix) for fix in fixes),
    )


def _file(where: Mapping[str, Any]) -> str:
    artifact = mapping(mapping(where.get("physicalLocation")).get("artifactLocation"))
    return unquote(first(artifact.get("uri")).partition("?")[0].removeprefix("file://")).replace("\0", "")


def _place(result: Mapping[str, Any], message: str, where: Mapping[str, Any]) -> str:
    """Return the file and what tells the flaw apart in it.

    That is the tool's hash of the line, else the line itself, else the message without its numbers: versions,
    lines and counts change while a flaw stays.
    """
    logical = mapping(next(iter(sequence(where.get("logicalLocations"))), None))
    there = _file(where) or first(logical.get("fullyQualifiedName"), logical.get("name"))
    if not there:
        return ""  # it is about the whole
    if told := first(mapping(result.get("partialFingerprints")).get("primaryLocationLineHash")):
        return place(there, f"#{told}")
    snippet = mapping(mapping(mapping(where.get("physicalLocation")).get("region")).get("snippet")).get(
        "text"
    )
    return place(there, mark(first(snippet, _DIGITS.sub("", message))))


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: its schema or version, or a run that has a tool or results as they must be."""
    seen = peek(head)
    if not seen.has("runs"):
        return 0
    said = str(seen.values.get("version", ""))
    known = said.startswith("2.1") or (not said and "sarif" in str(seen.values.get("$schema", "")))
    inner = seen.has("runs.[].tool.driver") or seen.has("runs.[].results.[].message")
    return CERTAIN if known or (inner and not said) else 0


PARSER = ImportParser(name="sarif", title="SARIF", detects=detects, parse=parse)
