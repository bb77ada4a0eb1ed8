"""Making snapshots of real feeds and of records, and handing them in."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from threatweaver_exposure.engine import intel_snapshot
from threatweaver_exposure.engine.intel_feeds import Raw

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("TW_TEST_DATA", ROOT.parent / "shared" / "data")) / "intel"
REAL = {
    "kev": ["known_exploited_vulnerabilities.json"],
    "epss": ["epss-SYNTHETIC-44k.csv.gz"],
    "osv": [
        "osv-go.jsonl.gz",
        "osv-npm-nodewg.jsonl.gz",
        "osv-npm-retirejs.jsonl.gz",
        "osv-pypi.jsonl.gz",
    ],
    "cve": ["cve-vulnrichment.jsonl.gz"],
}
_numbers = count(1)


def real_file(name: str) -> Path:
    """A file of the real feeds, which stand beside the checkout as the real reports do."""
    if not DATA.is_dir():
        pytest.skip("the real feeds are not there")
    return DATA / name


def kev(cve: str, **said: Any) -> dict[str, Any]:
    """A record of KEV."""
    usual = {"added": "2024-01-01", "due": None, "ransomware": False, "cwes": []}
    return {"cve": cve, **usual, "vendor": "v", "product": "p", "name": "n", "action": "a", **said}


def epss(cve: str, score: float) -> dict[str, Any]:
    """A record of EPSS."""
    return {"cve": cve, "score": score, "percentile": score}


def cve(name: str, **said: Any) -> dict[str, Any]:
    """A record of a CVE."""
    usual = {"state": "PUBLISHED", "published": None, "updated": None, "title": "", "cwes": [], "cvss": []}
    return {"cve": name, **usual, "ssvc": None, **said}


@dataclass(kw_only=True)
class Desk:
    """Packs and hands in; `space` trusts `key`."""

    space: Any
    key: Any
    folder: Path
    made: dict[str, Path] = field(default_factory=dict)  # of real feeds, which take seconds to pack

    def real(self, feed: str) -> Path:
        """A snapshot of the real files of a feed."""
        if feed not in self.made:
            raw = Raw(feed, [real_file(name) for name in REAL[feed]])
            self.made[feed] = self.pack(feed, raw.records(), published=raw.published)
        return self.made[feed]

    def pack(self, feed: str, records: Any, *, published: Any = None, key: Any = None) -> Path:
        path = self.folder / f"{feed}-{next(_numbers)}.intel.gz"
        at = published or datetime(2026, 1, 1, tzinfo=UTC)
        intel_snapshot.write(
            path, records, feed=feed, published=at if callable(at) else lambda: at, key=key or self.key
        )
        return path

    async def hand_in(self, path: Path | bytes, *, replay: bool = False) -> Any:
        """Upload a snapshot; return the answer."""
        data = path if isinstance(path, bytes) else path.read_bytes()
        return await self.space.call(
            "POST",
            f"/threat-intel/snapshots?replay={str(replay).lower()}",
            data=data,
            headers={"X-Filename": "snapshot.intel", "Prefer": "wait=60"},
        )

    async def job(self, path: Path | bytes, **options: Any) -> Any:
        """Upload a snapshot and return its job once it is over."""
        answer = await self.hand_in(path, **options)
        assert answer.status == 202, answer
        return await self.space.finished(answer.body["jobId"], seconds=120)

    async def take(self, path: Path | bytes, **options: Any) -> Any:
        """Upload a snapshot that must be imported; return the result."""
        job = await self.job(path, **options)
        assert job["status"] == "completed", job
        return job["result"]
