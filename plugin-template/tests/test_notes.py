"""What people do about notes; who may do what at all is asked by the conformance suite."""


async def test_a_note_is_written_and_finished(client, analyst, viewer):
    created = await client.post("/api/template/notes", json={"title": "Patch the gateway"}, headers=analyst)
    note = (await created.json())["data"]
    assert (created.status, note["finishedAt"]) == (201, None)
    finished = await client.post(f"/api/template/notes/{note['id']}/finish", headers=analyst)
    assert (await finished.json())["data"]["finishedAt"] is not None
    listed = await client.get("/api/template/notes?search=gateway", headers=viewer)
    assert (await listed.json())["meta"]["total"] == 1


async def test_a_viewer_writes_nothing(client, viewer):
    refused = await client.post("/api/template/notes", json={"title": "Mine"}, headers=viewer)
    assert (refused.status, (await refused.json())["permission"]) == (403, "template:note:write")


async def test_a_finished_note_is_filed(client, analyst, tenant, settled):
    created = await client.post("/api/template/notes", json={"title": "File me"}, headers=analyst)
    path = f"/api/template/notes/{(await created.json())['data']['id']}"
    await client.post(f"{path}/finish", headers=analyst)
    await settled(tenant)
    filed = await client.get(path, headers=analyst)
    assert (await filed.json())["data"]["filedAt"] is not None
