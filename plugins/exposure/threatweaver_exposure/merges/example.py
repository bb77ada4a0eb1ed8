"""Assets to merge, identifiers to split, and a merge to undo, for whoever tries the API out."""

import asyncio

from threatweaver.sdk import Caller, Example, uuid7

_HOST = """<ReportHost name="{name}"><HostProperties><tag name="host-fqdn">{name}.example.com</tag>
<tag name="netbios-name">{name}</tag><tag name="HOST_END">Mon Jan  1 10:00:00 2024</tag></HostProperties>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="3" pluginID="4242" pluginName="Old TLS"
 pluginFamily="General"><description>d</description><risk_factor>High</risk_factor></ReportItem></ReportHost>"""
_REPORT = '<?xml version="1.0"?><NessusClientData_v2><Report name="example">{}</Report></NessusClientData_v2>'


async def two_assets(caller: Caller) -> Example:
    """Import two hosts, to be merged."""
    into, other = await _hosts(caller)
    return Example(params={"uuid": into}, body={"assetIds": [other]})


async def two_identifiers(caller: Caller) -> Example:
    """Import a host that is known by two names, to be split."""
    asset, _ = await _hosts(caller)
    names = (await caller.call("GET", f"/assets/{asset}/identifiers")).body["data"]
    chosen = {"kind": names[-1]["kind"], "value": names[-1]["value"]}
    return Example(params={"uuid": asset}, body={"identifiers": [chosen]})


async def merged(caller: Caller) -> Example:
    """Merge two hosts, to be undone."""
    into, other = await _hosts(caller)
    done = await caller.call("POST", f"/assets/{into}/merge", {"assetIds": [other]})
    return Example(params={"id": done.body["id"]})


async def _hosts(caller: Caller) -> tuple[str, str]:
    """Import two hosts that nobody knows yet; return their ids."""
    stem = f"h{uuid7().hex[-12:]}"
    found = "".join(_HOST.format(name=f"{stem}{letter}") for letter in "ab")
    await caller.call("POST", "/imports", _REPORT.format(found).encode())
    for _ in range(300):
        rows = (await caller.call("GET", f"/assets?search={stem}")).body["data"]
        if len(rows) == 2:
            return rows[0]["id"], rows[1]["id"]
        await asyncio.sleep(0.1)
    raise TimeoutError
