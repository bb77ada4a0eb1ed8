"""The smallest report with one asset and one vulnerability, for whoever tries the API out."""

import asyncio

from threatweaver.sdk import Caller, Example, uuid7

_REPORT = """<?xml version="1.0"?>
<NessusClientData_v2><Report name="example"><ReportHost name="{name}"><HostProperties>
<tag name="netbios-name">{name}</tag><tag name="HOST_END">Mon Jan  1 10:00:00 2024</tag></HostProperties>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="3" pluginID="4242" pluginName="Old TLS"
 pluginFamily="General"><cve>CVE-2024-12345</cve><description>d</description><risk_factor>High</risk_factor>
</ReportItem></ReportHost></Report></NessusClientData_v2>"""

REPORT = Example(
    data=_REPORT.format(name="host-a").encode(),
    headers={"X-Filename": "example.nessus", "Content-Type": "application/octet-stream"},
)


async def imported(caller: Caller) -> Example:
    """Import a report of a host that nobody knows yet, to be taken back without taking away others' rows."""
    report = _REPORT.format(name=f"h{uuid7().hex[-12:]}").encode()
    job = (await caller.call("POST", "/imports", report)).body["jobId"]
    for _ in range(300):
        for entry in (await caller.call("GET", "/imports?sort=-createdAt")).body["data"]:
            if entry["jobId"] == job and entry["mergedAt"]:
                return Example(params={"id": entry["id"]})
        await asyncio.sleep(0.1)
    raise TimeoutError
