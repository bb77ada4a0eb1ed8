"""What can be done to mappings, and with one. No request, no schema, no status code."""

import asyncio
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from threatweaver.sdk import ImportParser, NotFound, ReportError, SpooledFile
from threatweaver_exposure.engine import mapped
from threatweaver_exposure.engine.mapped import HOSTS, PREFIX, SEVERITIES, Mapped, Reading, RowError
from threatweaver_exposure.engine.mapping_guess import guess
from threatweaver_exposure.engine.reading.words import cves, port_of
from threatweaver_exposure.errors import ReportRefused
from threatweaver_exposure.mappings.models import ReportMapping

_SHOWN = 20
_LOOKED_AT = 10_000  # rows of a preview


async def create(*, by: UUID, **what: Any) -> ReportMapping:
    """Keep a mapping."""
    return await ReportMapping.create(version=1, created_by=by, **what)


async def update(mapping_id: UUID, **changes: Any) -> None:
    """Change a mapping; what its columns mean is another version then. Raises NotFound."""
    found = await _locked(mapping_id)
    if changes.get("mapping", found.mapping) != found.mapping:
        changes["version"] = found.version + 1
    await found.update_from_dict(changes).save()


async def delete(mapping_id: UUID) -> None:
    """Drop a mapping; what was imported by it stays. Raises NotFound."""
    await (await _locked(mapping_id)).delete()


async def kept(mapping_id: UUID) -> tuple[str, dict[str, Any]]:
    """Return the format of a mapping, and it with its version as an import keeps it. Raises NotFound."""
    found = await ReportMapping.get_or_none(id=mapping_id)
    if found is None:
        raise NotFound
    return f"{PREFIX}{found.name}", {**found.mapping, "version": found.version}


async def named(format_name: str) -> dict[str, Any] | None:
    """Return what the mapping of a format says now, with its version; None when it is deleted."""
    found = await ReportMapping.get_or_none(name=format_name.removeprefix(PREFIX))
    return None if found is None else {**found.mapping, "version": found.version}


def parser(name: str, found: Mapping[str, Any]) -> ImportParser:
    """Return the parser of a mapping that an import kept."""
    return mapped.parser(name, _mapped(found))


async def previewed(mapping_id: UUID, path: Path) -> dict[str, Any]:
    """Say how the first rows of a file would be read. Raises NotFound, ReportRefused."""
    _, found = await kept(mapping_id)
    return await asyncio.to_thread(_preview, _mapped(found), path)


def _preview(meant: Mapped, path: Path) -> dict[str, Any]:
    counts = {"rows": 0, "leftOut": 0, "refused": 0}
    rows, errors = list[dict[str, Any]](), list[dict[str, Any]]()
    try:
        with path.open("rb") as file:
            for number, said in islice(mapped.records(meant, file), _LOOKED_AT):
                counts["rows"] += 1
                try:
                    reading = mapped.read(meant, said)
                except RowError as error:
                    counts["refused"] += 1
                    if len(errors) < _SHOWN:
                        errors.append({"row": number, "message": str(error)})
                else:
                    counts["leftOut"] += reading is None
                    if reading is not None and len(rows) < _SHOWN:
                        rows.append(_shown(number, reading))
    except ReportError as error:
        raise ReportRefused(error) from None
    names_assets = any(name in meant.columns for name in HOSTS)
    return {**counts, "first": rows, "errors": errors, "namesAssets": names_assets}


def guessed(file: SpooledFile) -> dict[str, Any]:
    """Say what a file looks like. Raises ReportRefused."""
    try:
        with file.path.open("rb") as opened:
            return guess(file.head, opened)
    except ReportError as error:
        raise ReportRefused(error) from None


def _mapped(found: Mapping[str, Any]) -> Mapped:
    return Mapped(
        kind=found["kind"],
        rows=found["rows"],
        columns=found["columns"],
        severities=found["severities"],
        left_out=tuple(found["left_out"]),
        complete=found["complete"],
    )


def _shown(number: int, reading: Reading) -> dict[str, Any]:
    said = reading.said
    return {
        "row": number,
        "identifiers": [{"kind": kind, "value": value} for kind, value in reading.identifiers],
        "check": reading.check,
        "title": said.get("title") or reading.check,
        "severity": SEVERITIES[reading.severity],
        "cves": list(cves(said.get("cves"))),
        "port": port_of(said.get("port")),
        "location": said.get("location", ""),
    }


async def _locked(mapping_id: UUID) -> ReportMapping:
    found = await ReportMapping.filter(id=mapping_id).select_for_update().first()
    if found is None:
        raise NotFound
    return found
