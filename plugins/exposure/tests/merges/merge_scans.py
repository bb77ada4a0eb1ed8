"""Reports of hosts that are called by a letter, and what became of them."""

from exposure_reports import Host, day, nessus

CHECKS = (1001, 1002, 1003, 1004)
ACCEPT = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}


def scan(name, *items, at=1, checks=CHECKS, **tags):
    tags = {"host-fqdn": f"{name}.example.com", **{k.replace("_", "-"): v for k, v in tags.items()}}
    return nessus(Host(name=name, items=items, end=day(at), tags=tags), checks=checks)


async def assets(space):
    """The ids of assets, by letter."""
    return {row["name"].removesuffix(".example.com"): row["id"] for row in await space.walk("/assets")}


async def accept(space, identifier, **more):
    path = f"/vulnerabilities/{identifier}/accept-risk"
    assert (await space.call("POST", path, json=ACCEPT | more)).status == 200


async def found(space, **params):
    """The vulnerabilities by plugin."""
    return {row["pluginId"]: row for row in await space.vulnerabilities(**params)}
