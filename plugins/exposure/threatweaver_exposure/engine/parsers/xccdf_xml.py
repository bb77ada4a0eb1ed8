"""XCCDF results (XML) of OpenSCAP and other SCAP scanners, alone or in an ARF: rules that a host failed."""

from collections.abc import Iterator
from typing import BinaryIO

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
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.network import Identifiers, known_by
from threatweaver_exposure.engine.reading.words import cves, links, place, plain, severity
from threatweaver_exposure.engine.reading.xml_children import root_of
from threatweaver_exposure.engine.reading.xml_named import name_of, named

_ROOTS = ("Benchmark", "TestResult", "asset-report-collection")
_MARKS = (b"http://checklists.nist.gov/xccdf/", b"http://scap.nist.gov/schema/asset-reporting-format/")
_TARGET, _ADDRESS, _FACT = "target", "target-address", "fact"
_KINDS = {
    "mac": "mac",
    "fqdn": "fqdn",
    "host_name": "hostname",
    "ipv4": "ip",
    "ipv6": "ip",
}  # names of facts end so
_RAN = ("pass", "fail", "fixed", "notapplicable")
_MOST_RULES = 200_000


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report; only results that say `fail` are findings."""
    report = _Report()
    for element in named(stream, ("Rule", _TARGET, _ADDRESS, _FACT, "rule-result")):
        match name_of(element):
            case "Rule":
                report.describe(element)
            case "rule-result":
                yield from report.result(element)
            case _:
                report.identify(element)
    if not report.tests:
        raise ReportError(ReportFault.UNSUPPORTED, "the file describes rules but no test of a host")
    yield Coverage(frozenset(report.ran))


class _Report:
    """What a file says of rules and hosts before it comes to the results."""

    def __init__(self) -> None:
        self.tests = 0
        self.ran: set[str] = set()
        self._test: Element = None
        self._name = ""
        self._identifiers: list[tuple[str, str]] = []
        self._told = False
        self._rules: dict[str, tuple[Definition, str]] = {}
        self._known: set[str] = set()

    def describe(self, rule: Element) -> None:
        """Take a rule. Rules stand before the results, and most of them no host fails."""
        check = rule.get("id", "")[:200]
        if not check:
            return
        base, word = self._rules.get(rule.get("extends", ""), (Definition("", ""), ""))
        own = _definition(check, rule)
        inherited = {name: value for name, value in base._asdict().items() if not getattr(own, name)}
        self._rules[check] = own._replace(**inherited), rule.get("severity") or word
        if len(self._rules) > _MOST_RULES:
            raise ReportError(ReportFault.LIMIT, f"the report has more than {_MOST_RULES:,} rules")

    def identify(self, element: Element) -> None:
        """Take what a test says of its host."""
        text = _text(element)
        if not text or not self._within_test(element):
            return
        if name_of(element) == _TARGET:
            self._name = self._name or text
            return
        fact = element.get("name", "").rpartition(":")[2].lower()
        kind = "ip" if name_of(element) == _ADDRESS else _KINDS.get(fact)
        if kind:
            self._identifiers.append((kind, text))

    def result(self, result: Element) -> Iterator[Record]:
        """Yield what the result of a rule says."""
        check, status = result.get("idref", "")[:200], _text(result.find("{*}result"))
        if not check or not self._within_test(result):
            return
        if not self._told:
            self._told = True
            yield self._asset()
        if status in _RAN:
            self.ran.add(check)
        if status == "fail":
            rule, word = self._rules.get(check, (_definition(check, result), ""))
            if check not in self._known:
                self._known.add(check)
                yield rule._replace(name=rule.name or check)
            yield _finding(self.tests, check, severity(result.get("severity") or word), result)

    def _within_test(self, element: Element) -> bool:
        test = next(element.iterancestors("{*}TestResult"), None)
        if test is not None and test is not self._test:
            self.tests += 1
            self._test, self._name, self._identifiers, self._told = test, "", [], False
        return test is not None

    def _asset(self) -> Asset:
        return Asset(
            self.tests,
            self._name[:1000],
            identifiers=(*_named(self._name), *self._identifiers),
            started_at=read_time(self._test.get("start-time")),
            finished_at=read_time(self._test.get("end-time")) or UNDATED,
        )


def _named(target: str) -> Identifiers:
    image = target.removeprefix("docker-image://")
    if image != target:
        return (("image", image),)
    return () if "://" in target else known_by(target)  # other URLs are files and containers that come and go


def _text(element: Element) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _definition(check: str, rule: Element) -> Definition:
    idents = [_text(ident) for ident in rule.iterfind("{*}ident")]
    said = (plain(_text(rule.find(f"{{*}}{name}"))) for name in ("description", "rationale"))
    return Definition(
        check,
        " ".join(_text(rule.find("{*}title")).split()),
        description="\n\n".join(filter(None, said)),
        solution=plain(_text(rule.find("{*}fixtext")) or _text(rule.find("{*}fix"))),
        see_also=links([reference.get("href") for reference in rule.iterfind("{*}reference")]),
        cves=cves(*idents),
        references=tuple(dict.fromkeys(text for text in idents if text and not cves(text))),
    )


def _finding(asset: int, check: str, level: int, result: Element) -> Finding:
    places = [f"{item.get('context', '')} {_text(item)}" for item in result.iterfind("{*}instance")]
    lines = [_text(message) for message in result.iterfind("{*}message")]
    for content in result.iterfind("{*}check/{*}check-content-ref"):
        name = content.get("name", "")
        lines.append(f"{name} in {content.get('href', '')}")
        if content.getparent().get("multi-check") == "true":
            places.append(name)  # one rule with a result for each of its definitions
    return Finding(
        asset, check, level, output="\n".join(filter(None, lines)) or None, location=place(*places)
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: a benchmark, a result or an ARF, by the root element and its namespace."""
    root = root_of(head).rpartition(":")[2]
    return CERTAIN if root in _ROOTS and any(mark in head.replace(b"\0", b"") for mark in _MARKS) else 0


PARSER = ImportParser(name="xccdf_xml", title="XCCDF (OpenSCAP)", detects=detects, parse=parse)
