"""The maintainers' own client of Tenable, against the same recording: it must see the same numbers."""

import asyncio
from collections import Counter

import pytest
from tenable.io import TenableIO
from tenable_recording import Recording

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # its own, of its own older modules
]
_UNITS = ("info", "low", "medium", "high", "critical")


def exported(url):
    """All assets and findings, as pyTenable iterates over them."""
    client = TenableIO("a", "s", url=url)
    return list(client.exports.assets()), list(client.exports.vulns())


async def test_it_sees_the_same_numbers(syncs, space):
    async with Recording() as tenable:
        result = await syncs.whole(tenable)
        assets, findings = await asyncio.to_thread(exported, tenable.url)
    assert result["records"] == len(assets) + len(findings)
    kpis = await space.get("/dashboard/kpis")
    assert kpis["totalAssets"] == len(
        {item["id"] for item in assets} | {f["asset"]["uuid"] for f in findings}
    )
    severities = Counter(item["severity"] for item in findings)
    assert {unit: kpis[unit] for unit in _UNITS} == {unit: severities[unit] for unit in _UNITS}
