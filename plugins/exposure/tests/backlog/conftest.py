"""An inventory whose ages are counted from today."""

import sys
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from backlog_stock import host, item, scan


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def stock(make_space):
    """Five assets; the ages of what is active stand at the edges of the bands."""
    space = await make_space()
    everything = scan(
        host(1, 1, 2, 3, ago=7, credentialed=True),
        host(2, 1, item(1, port=8443), 4, ago=8),
        host(3, 2, 5, ago=90, credentialed=True),
        host(4, 1, 3, ago=181),
        host(5, ago=31),
    )
    await space.take(everything)
    await space.take(scan(host(3, 2, 5, ago=30)))  # without the credentials that it had
    assets = {asset["name"]: asset["id"] for asset in await space.walk("/assets")}
    space.assets = {number: assets[f"10.3.0.{number}"] for number in range(1, 6)}
    assert (await space.call("PUT", f"/assets/{space.assets[1]}/tags", json={"tags": ["web"]})).status == 200
    group = (await space.call("POST", "/asset-groups", json={"name": "DMZ"})).body["data"]
    space.group = group["id"]
    members = {"assetIds": [space.assets[2], space.assets[3]]}
    answer = await space.call("POST", f"/asset-groups/{space.group}/members", json=members)
    assert answer.status == 200
    await space.check()
    return space
