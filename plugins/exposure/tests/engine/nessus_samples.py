"""Where the real reports are, and small reports for single cases."""

import csv
import io
import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from threatweaver.reports import Asset, Definition, Finding, Record
from threatweaver_exposure.engine import nessus

ROOT = Path(__file__).resolve().parents[4]
SCANS = Path(os.environ.get("TW_TEST_DATA", ROOT.parent / "shared" / "data")) / "scans-dev"


class Expected(NamedTuple):
    path: Path
    findings: int
    hosts: int
    plugins: int
    severities: dict[int, int]
    cves: int


def expected() -> list[Expected]:
    rows = []
    table = SCANS / "EXPECTED.tsv"
    if not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8") as opened:
        for row in csv.DictReader(opened, delimiter="\t"):
            if row["format"] != "nessus":
                continue
            detail = dict(part.split("=", 1) for part in row["detail"].split(";"))
            text = next(part for part in row["detail"].split(";") if part.startswith("sev:"))
            severities = {
                int(level): int(count)
                for level, count in (pair.split("=") for pair in text.removeprefix("sev:").split(","))
            }
            rows.append(
                Expected(
                    SCANS / row["file"],
                    int(row["findings"]),
                    int(detail["hosts"]),
                    int(detail["distinct_plugins"]),
                    severities,
                    int(detail["distinct_cve"]),
                )
            )
    return rows


def negatives() -> list[Path]:
    return sorted((SCANS / "negative").glob("*"))


def reports() -> list[Path]:
    return [row.path for row in expected()]


def read(data: bytes) -> list[Record]:
    return list(nessus.parse(io.BytesIO(data)))


def hosts(records: list[Record]) -> dict[int, Asset]:
    return {record.number: record for record in records if isinstance(record, Asset)}


def findings(records: list[Record]) -> list[Finding]:
    return [record for record in records if isinstance(record, Finding)]


def definitions(records: list[Record]) -> dict[str, Definition]:
    return {record.check: record for record in records if isinstance(record, Definition)}


def duplicates(records: list[Record]) -> int:
    places = Counter((f.asset, f.check, f.port, f.protocol) for f in findings(records))
    return sum(count - 1 for count in places.values())


def item(children: str = "", **attributes: object) -> str:
    stated = {
        "port": 443,
        "svc_name": "www",
        "protocol": "tcp",
        "severity": 2,
        "pluginID": 1001,
        "pluginName": "Weak thing",
        "pluginFamily": "General",
    } | attributes
    text = " ".join(f'{name}="{value}"' for name, value in stated.items() if value is not None)
    return f"<ReportItem {text}>{children}</ReportItem>"


def host(items: str = "", name: str = "10.0.0.1", **tags: str) -> str:
    lines = "".join(f'<tag name="{key.replace("_", "-")}">{value}</tag>' for key, value in tags.items())
    return f'<ReportHost name="{name}"><HostProperties>{lines}</HostProperties>{items}</ReportHost>'


def report(content: str = "", policy: str = "", prolog: str = '<?xml version="1.0" ?>') -> bytes:
    return (
        f'{prolog}<NessusClientData_v2>{policy}<Report name="scan">{content}</Report></NessusClientData_v2>'
    ).encode()
