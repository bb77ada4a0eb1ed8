"""What a scan remembers, as small records that are only ever appended; a killed scan goes on from them."""

import json
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Protocol

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.budget import Spent
from threatweaver_appsec.engine.findings import Finding, from_record
from threatweaver_appsec.engine.places import key_of
from threatweaver_appsec.engine.ports import Profile, Skipped
from threatweaver_appsec.engine.records import Record, operation_of


class Store(Protocol):
    """Keeps records in their order."""

    async def append(self, records: Iterable[Record]) -> None:
        """Keep records durably: they are there after a kill that comes later."""
        ...

    def load(self) -> AsyncIterator[Record]:
        """Yield what was kept."""
        ...


class FileStore:
    """Lines of JSON in a file; a line that a kill cut short is left out and written over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    async def append(self, records: Iterable[Record]) -> None:
        """Write lines, and bring them to the disk."""
        if self._file is None:
            self._path.touch(mode=0o600)  # answers of a target stand in it
            self._file = self._path.open("ab")
            self._file.truncate(self._whole())
        self._file.write(b"".join(json.dumps(record).encode() + b"\n" for record in records))
        self._file.flush()
        os.fsync(self._file.fileno())

    async def load(self) -> AsyncIterator[Record]:
        """Yield each whole line."""
        if self._path.exists():
            with self._path.open("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        yield json.loads(line)

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _whole(self) -> int:
        """Bytes up to the end of the last whole line."""
        with self._path.open("rb") as lines:
            return sum(len(line) for line in lines if line.endswith(b"\n"))


class NoStore:
    """Remembers nothing: the scan is not resumed."""

    async def append(self, records: Iterable[Record]) -> None:
        """Do nothing."""

    async def load(self) -> AsyncIterator[Record]:
        """Yield nothing."""
        nothing: tuple[Record, ...] = ()
        for record in nothing:
            yield record


@dataclass
class Memory:
    """What a scan knows; changes go through methods, which append them to the store."""

    store: Store
    seed: str = ""
    operations: dict[str, Operation] = field(default_factory=dict)
    skipped: dict[Skipped, None] = field(default_factory=dict)
    profile: Profile | None = None
    discovered: bool = False
    spared: dict[str, list[str]] = field(default_factory=dict)
    """What was seen to be the accounts of the scan, as `Spared.record` says it."""
    findings: dict[str, Finding] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    tested: dict[str, int] = field(default_factory=dict)
    """Number of places by agent."""
    spent: Spent = field(default_factory=Spent)

    async def load(self) -> None:
        """Read what was kept."""
        async for record in self.store.load():
            self._take(record)

    async def keep(self, *records: Record) -> None:
        """Keep records, and know what they say."""
        await self.store.append(records)
        for record in records:
            self._take(record)

    def _take(self, record: Record) -> None:  # noqa: C901 - one case for each kind
        match record["kind"]:
            case "begun":
                self.seed = record["seed"]
            case "operation":
                operation = operation_of(record)
                self.operations[key_of(operation)] = operation
            case "skipped":
                self.skipped[Skipped(record["what"], record["why"])] = None
            case "profile":
                technologies = tuple((name, version) for name, version in record["technologies"])
                self.profile = Profile(technologies, record["waf"])
            case "forgotten":
                self.operations.clear()
            case "spared":
                self.spared = record["known"]
            case "discovered":
                self.discovered = True
            case "finding":
                finding = from_record(record["finding"])
                self.findings[finding.fingerprint] = finding
            case "done":
                self.done |= set(record["places"])
                self.tested[record["agent"]] = self.tested.get(record["agent"], 0) + record["tested"]
            case "spent":
                self.spent = Spent(record["requests"], record["seconds"], record["bytes"])


def place_number(*parts: str) -> int:
    """Return a number for a place: a scan has hundreds of thousands of them."""
    return int.from_bytes(sha256("\x1f".join(parts).encode("utf-8", "replace")).digest()[:6])
