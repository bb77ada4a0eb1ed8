"""Asking for exports and fetching them, as a caller does."""

from hashlib import sha256


async def ask(space, resource, file_format, *, wait=60, **filters):
    """Ask for an export and return its id, which is its job's."""
    body = {"resource": resource, "format": file_format, "filter": filters}
    answer = await space.call("POST", "/export", json=body, headers={"Prefer": f"wait={wait}"})
    assert answer.status == 202, answer
    return answer.body["jobId"]


async def fetch(space, path):
    """Return status, headers and bytes of what can be downloaded."""
    async with space.client.request("GET", f"/api{path}", headers=space.headers) as response:
        return response.status, response.headers, await response.read()


async def detail(space, export_id):
    return (await space.get(f"/export/{export_id}"))["data"]


async def exported(space, resource, file_format, **filters):
    """Ask for an export and return its bytes; the chunks must be the same."""
    export_id = await ask(space, resource, file_format, **filters)
    shown = await detail(space, export_id)
    assert shown["state"] == "completed", shown
    status, _, whole = await fetch(space, f"/export/{export_id}/download")
    assert (status, len(whole)) == (200, shown["bytes"])
    parts = []
    for number, chunk in enumerate(shown["chunks"], 1):
        _, _, part = await fetch(space, f"/export/{export_id}/chunks/{number}")
        assert chunk == {"number": number, "bytes": len(part), "sha256": sha256(part).hexdigest()}
        parts.append(part)
    assert b"".join(parts) == whole
    return whole
