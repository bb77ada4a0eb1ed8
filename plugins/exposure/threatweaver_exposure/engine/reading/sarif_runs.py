"""What a SARIF file says of each of its runs, gathered before its results are read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from threatweaver.reports import UNDATED, Asset, ReportError, ReportFault
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.json_items import items
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.words import first, mapping, sequence

TOOL = "runs.[].tool"
RESULT = "runs.[].results.[]"
_REPOSITORY = "runs.[].versionControlProvenance.[].repositoryUri"
_IMAGE = "runs.[].properties.imageName"  # Trivy's word
_BEGUN, _ENDED, _DONE = (
    f"runs.[].invocations.[].{name}" for name in ("startTimeUtc", "endTimeUtc", "executionSuccessful")
)
_MOST_RULES = 500_000


@dataclass(slots=True)
class Run:
    """What is known of a run beside its results."""

    tool: str = ""
    rules: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By id; of each only what severities hang on."""
    numbered: list[str] = field(default_factory=list)
    """The ids of the tool's own rules: results may name a rule by its place here."""
    subject: tuple[str, str] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = UNDATED
    failed: bool = False

    def check(self, rule: object) -> str:
        """Return the check that a rule of the run's tool is: other tools may have a rule of that id, too."""
        return check_id(f"{self.tool}:{check_id(rule)}" if self.tool else rule)

    def asset(self, number: int) -> Asset:
        """Return what the run is about."""
        return Asset(
            number,
            self.subject[1][:1000] if self.subject else "",
            identifiers=(self.subject,) if self.subject else (),
            started_at=self.started_at,
            finished_at=None if self.failed else self.finished_at,
        )

    def learn(self, path: str, value: object) -> None:
        """Take what the file has at one of the paths."""
        text = first(value)
        if path == TOOL:
            self._learn_tool(mapping(value))
        elif path == _DONE:
            self.failed |= value is False
        elif path == _BEGUN:
            self.started_at = read_time(text)
        elif path == _ENDED:
            self.finished_at = read_time(text) or UNDATED
        elif text and self.subject is None:
            self.subject = ("repository" if path == _REPOSITORY else "image", text)

    def _learn_tool(self, said: Mapping[str, Any]) -> None:
        driver = mapping(said.get("driver"))
        self.tool = first(driver.get("name"))
        self.numbered = [first(mapping(rule).get("id")) for rule in sequence(driver.get("rules"))]
        for name, rule in rules_of(said).items():
            score = mapping(rule.get("properties")).get("security-severity")
            level = mapping(rule.get("defaultConfiguration")).get("level")
            self.rules[name] = {"level": level, "score": score}


def rules_of(tool: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the rules of a tool and its extensions by their ids."""
    parts = (mapping(tool.get("driver")), *map(mapping, sequence(tool.get("extensions"))))
    rules = (mapping(rule) for part in parts for rule in sequence(part.get("rules")))
    return {name: rule for rule in rules if (name := first(rule.get("id")))}


def read_runs(stream: BinaryIO) -> list[Run]:
    """Return the runs of a file, which is read for them as a whole; at least one. Raises ReportError."""
    runs = [Run()]
    total = 0
    for number, path, value in by_run(stream, _REPOSITORY, _IMAGE, _BEGUN, _ENDED, _DONE):
        runs += [Run() for _ in range(number + 1 - len(runs))]
        runs[number].learn(path, value)
        total += 1 + (len(runs[number].rules) if path == TOOL else 0)
        if total > _MOST_RULES:
            raise ReportError(ReportFault.LIMIT, "the report names more rules than any scanner has")
    stream.seek(0)
    return runs


def by_run(stream: BinaryIO, *paths: str) -> Iterator[tuple[int, str, Any]]:
    """Yield (number of the run, path, value) of every tool and what is at these paths.

    Each run has one tool, before its other members or after, and the same members in all runs of a file.
    """
    tools = 0
    before = set()
    for path, value in items(stream, TOOL, *paths):
        if path == TOOL:
            yield tools, path, value
            tools += 1
        else:
            if not tools:
                before.add(path)
            yield tools - (path not in before), path, value
